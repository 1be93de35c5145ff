package tenancy_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lib/pq"

	"heyue/platform/pgtest"
	"heyue/tenancy"
)

const (
	readOne = "SELECT name FROM item WHERE tenant_id = $1 AND id = $2"
	addOne  = "INSERT INTO item (tenant_id, id, name) VALUES ($1, $2, $3)"
	addPart = "INSERT INTO part (tenant_id, id, item_id) VALUES ($1, $2, $3)"
)

// TestRoundTrips is the price list of the two scopes.
func TestRoundTrips(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		var name string
		read := func() {
			if err := b.QueryRowContext(ctx, readOne, 1, 2).Scan(&name); err != nil {
				t.Fatal(err)
			}
		}
		price := map[string][2]int64{ // pipe, tx
			"first read": {1, 3}, "second read, which prepares": {2, 4}, "third read": {1, 3}, "write": {1, 3},
			"without arguments": {1, 3}, "failing statement": {2, 3}, "transaction of three": {4, 5}, "empty transaction": {0, 2},
		}
		spent := func(what string, f func()) {
			t.Helper()
			want := price[what][0]
			if b.scope == tenancy.ScopeTx {
				want = price[what][1]
			}
			if got := b.net.during(f); got != want {
				t.Errorf("%s: %d round trips, want %d", what, got, want)
			}
		}
		spent("first read", read)
		spent("second read, which prepares", read)
		spent("third read", read)
		if name != "item 2 of 1" {
			t.Errorf("read %q", name)
		}
		spent("write", func() { mustExec(t, b, ctx, addOne, 1, 100, "new") })
		spent("without arguments", func() { count(t, b, ctx, "SELECT count(*) FROM item") })
		spent("failing statement", func() {
			if _, err := b.ExecContext(ctx, "INSERT INTO item (tenant_id, id, name) VALUES ($1, 1, 'twice')", 1); err == nil {
				t.Error("a duplicate was accepted")
			}
		})
		spent("transaction of three", func() {
			tx := begin(t, b, ctx)
			for range 3 {
				_ = tx.QueryRowContext(ctx, readOne, 1, 2).Scan(&name)
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		})
		spent("empty transaction", func() {
			if err := begin(t, b, ctx).Commit(); err != nil {
				t.Error(err)
			}
		})
	})
}

func begin(t testing.TB, b bench, ctx context.Context) *sql.Tx {
	t.Helper()
	tx, err := b.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// TestRowSecurityHolds runs statements without a tenant predicate, so that only the scope stands between tenants.
func TestRowSecurityHolds(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		for range 3 { // as text, preparing, prepared
			if n := count(t, b, as(t, 3), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("tenant 3 sees %d rows, want its 50", n)
			}
			if n := count(t, b, as(t, 4), "SELECT count(*) FROM item WHERE tenant_id = $1", 3); n != 0 {
				t.Errorf("tenant 4 sees %d rows of tenant 3", n)
			}
			_, err := b.ExecContext(as(t, 4), addOne, 3, 200, "smuggled")
			if e := tenancy.PostgresError(err); e == nil || !strings.Contains(e.Message, "row-level security") {
				t.Errorf("insert for another tenant: %v", err)
			}
			res, err := b.ExecContext(as(t, 4), "UPDATE item SET name = 'taken' WHERE tenant_id = $1", 3)
			if n, _ := res.RowsAffected(); err != nil || n != 0 {
				t.Errorf("update of another tenant's rows: %d, %v", n, err)
			}
		}
	})
}

func TestErrorLeavesTheConnectionUsable(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for range 3 {
			for q, args := range map[string][]any{
				"SELECT nonsense":                         nil,
				"SELECT 1 / (id - $1) FROM item":          {1},
				"SELECT 1 / (id - 30) FROM item":          nil, // fails among the rows
				"DELETE FROM item WHERE id = $1::int / 0": {1},
				"VACUUM": nil,
				"INSERT INTO item (tenant_id, id, name) VALUES (1, $1, '')": {300},
			} {
				if err := drain(b, ctx, q, args...); tenancy.PostgresError(err) == nil {
					t.Errorf("%s: %v", q, err)
				}
			}
			if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%d rows after errors", n)
			}
		}
		if d := b.net.dials.Load(); d != 1 {
			t.Errorf("%d connections were opened, want the first to serve on", d)
		}
	})
}

// drain reads a result to its end.
func drain(b bench, ctx context.Context, q string, args ...any) error {
	rows, err := b.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

// TestDeferredForeignKey: the commit that fails is hidden from the caller, so its error is the statement's.
func TestDeferredForeignKey(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for i := range 3 {
			_, err := b.ExecContext(ctx, addPart, 1, i, 999)
			if name, ok := tenancy.ForeignKeyViolation(err); !ok || name != "part_item" {
				t.Errorf("exec: %v", err)
			}
			var id int
			err = b.QueryRowContext(ctx, addPart+" RETURNING id", 1, i, 999).Scan(&id)
			if _, ok := tenancy.ForeignKeyViolation(err); !ok {
				t.Errorf("query row: %v", err)
			}
			err = drain(b, ctx, addPart+" RETURNING id + 0", 1, i, 999)
			if _, ok := tenancy.ForeignKeyViolation(err); !ok {
				t.Errorf("query: %v", err)
			}
			_, err = b.ExecContext(ctx, fmt.Sprintf("INSERT INTO part VALUES (1, %d, 999)", i))
			if _, ok := tenancy.ForeignKeyViolation(err); !ok {
				t.Errorf("without arguments: %v", err)
			}
			tx := begin(t, b, ctx)
			mustExec(t, tx, ctx, addPart, 1, i, 999)
			if _, ok := tenancy.ForeignKeyViolation(tx.Commit()); !ok {
				t.Errorf("commit: %v", err)
			}
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM part"); n != 0 {
			t.Errorf("%d parts without item stayed", n)
		}
	})
}

// TestForeignParent: the composite foreign key keeps a row from pointing to another tenant's.
func TestForeignParent(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		mustExec(t, b, as(t, 2), addOne, 2, 500, "only in 2")
		if _, err := b.ExecContext(as(t, 1), addPart, 1, 1, 500); err == nil {
			t.Error("a part points to another tenant's item")
		}
		mustExec(t, b, as(t, 2), addPart, 2, 1, 500)
	})
}

func TestNoTenantSendsNothing(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		none := t.Context()
		tx := begin(t, b, as(t, 1))
		before := b.net.bytes.Load()
		for what, err := range map[string]error{
			"query in a transaction": tx.QueryRowContext(none, readOne, 1, 2).Scan(new(string)),
			"exec in a transaction":  second(tx.ExecContext(none, addOne, 1, 600, "x")),
		} {
			if !errors.Is(err, tenancy.ErrNoTenant) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := b.net.bytes.Load() - before; n != 0 {
			t.Errorf("%d bytes were sent", n)
		}
		_ = tx.Rollback()
		before = b.net.bytes.Load()
		for what, err := range map[string]error{
			"query":          b.QueryRowContext(none, readOne, 1, 2).Scan(new(string)),
			"exec":           second(b.ExecContext(none, addOne, 1, 600, "x")),
			"begin":          second(b.BeginTx(none, nil)),
			"tenant 0":       second(b.ExecContext(tenancy.With(none, 0), addOne, 1, 600, "x")),
			"without a word": second(b.ExecContext(none, "")),
		} {
			if !errors.Is(err, tenancy.ErrNoTenant) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := b.net.bytes.Load() - before; n != 0 {
			t.Errorf("%d bytes were sent", n)
		}
		if n := count(t, b, as(t, 1), "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("%d rows afterwards", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestRefusals(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		before := b.net.bytes.Load()
		if _, err := b.PrepareContext(ctx, readOne); !errors.Is(err, tenancy.ErrPrepare) {
			t.Errorf("prepare: %v", err)
		}
		for _, q := range []string{"COMMIT", "SET app.tenant_id = '2'", "COPY item TO STDOUT", "DISCARD ALL"} {
			var refused *tenancy.RefusedError
			if _, err := b.ExecContext(ctx, q); !errors.As(err, &refused) {
				t.Errorf("%s: %v", q, err)
			}
		}
		if n := b.net.bytes.Load() - before; n != 0 {
			t.Errorf("%d bytes were sent", n)
		}
	})
}

// TestSmuggledCommit: several statements in one text can end the transaction; what follows has no tenant.
func TestSmuggledCommit(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		err := drain(b, ctx, "SELECT 1; COMMIT; SELECT count(*) FROM item")
		if tenancy.PostgresError(err) == nil {
			t.Errorf("outside of the scope: %v", err)
		}
		if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("%d rows afterwards", n)
		}
	})
}

func TestResultHasNoLastInsertID(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		res, err := b.ExecContext(as(t, 1), addOne, 1, 700, "x")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.RowsAffected(); n != 1 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		if _, err := res.LastInsertId(); err == nil {
			t.Error("PostgreSQL has no last insert id")
		}
	})
}

// TestArguments sends what ent sends. JSON in binary form would be refused by jsonb.
func TestArguments(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		raw := json.RawMessage(`{"a": 1}`)
		for i, body := range []any{raw, &raw, `{"a": 1}`} {
			for j := range 3 {
				id := 800 + 10*i + j
				mustExec(t, b, ctx, "INSERT INTO item (tenant_id, id, name, body) VALUES ($1, $2, $3, $4)", 1, id, "j", body)
				if n := count(t, b, ctx, "SELECT (body->>'a')::int FROM item WHERE id = $1", id); n != 1 {
					t.Errorf("%T came back as %d", body, n)
				}
			}
		}
		for _, body := range []any{nil, json.RawMessage(nil), (*json.RawMessage)(nil)} {
			if n := count(t, b, ctx, "SELECT count(*) WHERE $1::jsonb IS NULL", body); n != 1 {
				t.Errorf("%#v is not NULL", body)
			}
		}
		if n := count(t, b, ctx, "SELECT cardinality($1::bigint[])", pq.Array([]int64{1, 2, 3})); n != 3 {
			t.Errorf("an array of 3 has %d", n)
		}
		if n := count(t, b, ctx, "SELECT length($1::bytea)", []byte{0, 1, 2, 255}); n != 4 {
			t.Errorf("4 bytes are %d", n)
		}
	})
}

func TestSystemPool(t *testing.T) {
	t.Parallel()
	pg := database(t)
	mustExec(t, pgtest.Open(t, pg.OwnerDSN), t.Context(), "CREATE POLICY system ON item FOR SELECT TO heyue_system USING (true); DROP POLICY tenant ON item")
	var n traffic
	o := tenancy.Defaults(pg.SystemDSN)
	o.Dial = n.dial
	db, err := tenancy.OpenSystem(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for range 3 {
		if got := count(t, db, t.Context(), "SELECT count(*) FROM item WHERE id > $1", 0); got != 2000 {
			t.Errorf("the system role sees %d of 2000 rows", got)
		}
	}
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := count(t, tx, t.Context(), "SELECT count(*) FROM item"); got != 2000 {
		t.Errorf("in a transaction it sees %d", got)
	}
	before := n.bytes.Load()
	if err := tx.QueryRowContext(as(t, 1), "SELECT 1").Err(); !errors.Is(err, tenancy.ErrSystemPool) {
		t.Errorf("with a tenant in a transaction: %v", err)
	}
	if got := n.bytes.Load() - before; got != 0 {
		t.Errorf("%d bytes were sent", got)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := db.ExecContext(as(t, 1), "SELECT 1"); !errors.Is(err, tenancy.ErrSystemPool) {
		t.Errorf("with a tenant: %v", err)
	}
	if _, err := db.BeginTx(as(t, 1), nil); !errors.Is(err, tenancy.ErrSystemPool) {
		t.Errorf("begin with a tenant: %v", err)
	}
}
