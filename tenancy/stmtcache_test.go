package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// kept counts the statements prepared on the connection, but for those of the frame.
const kept = "SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'heyue%'; "

func withCache(t *testing.T, size int, test func(t *testing.T, b bench)) {
	t.Helper()
	eachScopeWith(t, func(o *tenancy.Options) { o.StatementCache = size }, test)
}

// TestEviction runs more texts than the cache holds; what leaves it must be freed on the server too.
func TestEviction(t *testing.T) {
	withCache(t, 3, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		text := func(i int) string { return fmt.Sprintf("SELECT count(*) + %d FROM item WHERE id > $1", i) }
		run := func(i int) {
			for range 2 {
				if n := count(t, b, ctx, text(i), 10); n != int64(40+i) {
					t.Errorf("statement %d gives %d", i, n)
				}
			}
		}
		for i := range 3 {
			run(i)
		}
		if n := count(t, b, ctx, kept); n != 3 {
			t.Errorf("%d statements are prepared, want 3", n)
		}
		count(t, b, ctx, text(0), 0) // the first is now the latest used
		for i := 3; i < 5; i++ {
			run(i)
		}
		if n := count(t, b, ctx, kept); n != 3 {
			t.Errorf("%d statements are prepared, want 3", n)
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM pg_prepared_statements WHERE statement = '"+text(0)+"';"); n != 1 {
			t.Error("the statement used latest was pushed out")
		}
		if d := b.net.dials.Load(); d != 1 {
			t.Errorf("%d connections", d)
		}
	})
}

func TestTextsUsedOnceAreNotPrepared(t *testing.T) {
	withCache(t, 3, func(t *testing.T, b bench) {
		for i := range 10 {
			count(t, b, as(t, 1), fmt.Sprintf("SELECT count(*) FROM item WHERE id > $1 + %d", i), 0)
		}
		if n := count(t, b, as(t, 1), kept); n != 0 {
			t.Errorf("%d statements are prepared", n)
		}
	})
}

func TestCacheOff(t *testing.T) {
	withCache(t, 0, func(t *testing.T, b bench) {
		for range 5 {
			for tenant := int64(1); tenant < 3; tenant++ {
				if n := count(t, b, as(t, tenant), "SELECT count(*) FROM item WHERE id > $1", 10); n != 40 {
					t.Errorf("%d rows", n)
				}
			}
		}
		if n := count(t, b, as(t, 1), "SELECT count(*) FROM pg_prepared_statements;"); n != 0 {
			t.Errorf("%d statements are prepared", n)
		}
	})
}

// TestChangedTable changes the type of a result under a prepared statement.
func TestChangedTable(t *testing.T) {
	withCache(t, 10, func(t *testing.T, b bench) {
		ctx, owner := as(t, 1), pgtest.Open(t, b.pg.OwnerDSN)
		columns := func() (int, error) { return columnsOf(b, ctx) }
		for range 3 {
			if n, err := columns(); n != 4 || err != nil {
				t.Fatalf("%d columns, %v", n, err)
			}
		}
		mustExec(t, owner, t.Context(), "ALTER TABLE item ADD note text")
		if n, err := columns(); n != 5 || err != nil {
			t.Errorf("after a column was added: %d columns, %v", n, err)
		}
		for range 2 {
			if n, err := columns(); n != 5 || err != nil {
				t.Errorf("later: %d columns, %v", n, err)
			}
		}
		mustExec(t, owner, t.Context(), "ALTER TABLE item DROP note")
		tx := begin(t, b, ctx)
		if _, err := tx.ExecContext(ctx, "SELECT * FROM item WHERE id = $1", 1); tenancy.PostgresError(err) == nil {
			t.Errorf("in a transaction, which is aborted by then: %v", err)
		}
		_ = tx.Rollback()
		tx = begin(t, b, ctx)
		mustExec(t, tx, ctx, "SELECT * FROM item WHERE id = $1", 1)
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
	})
}

func columnsOf(b bench, ctx context.Context) (int, error) {
	rows, err := b.QueryContext(ctx, "SELECT * FROM item WHERE id = $1", 1)
	if err != nil {
		return 0, err
	}
	cols, err := rows.Columns()
	return len(cols), errors.Join(err, rows.Close())
}

// TestLostStatements: something freed what this connection had prepared, as a pooler may.
func TestLostStatements(t *testing.T) {
	withCache(t, 10, func(t *testing.T, b bench) {
		read := func() {
			for range 3 {
				for tenant := int64(1); tenant < 4; tenant++ {
					if n := count(t, b, as(t, tenant), "SELECT count(*) FROM item WHERE id > $1 AND tenant_id = $2", 10, tenant); n != 40 {
						t.Errorf("tenant %d sees %d rows", tenant, n)
					}
				}
			}
		}
		read()
		for range 2 {
			mustExec(t, b, as(t, 1), "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
			read()
		}
		if d := b.net.dials.Load(); d != 1 {
			t.Errorf("%d connections", d)
		}
	})
}

// TestErrorInAPreparedStatement: a failing statement stays prepared and right.
func TestErrorInAPreparedStatement(t *testing.T) {
	withCache(t, 10, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		const q = "SELECT 100 / $1::int"
		for range 3 {
			if n := count(t, b, ctx, q, 5); n != 20 {
				t.Errorf("100 / 5 = %d", n)
			}
			if err := b.QueryRowContext(ctx, q, 0).Scan(new(int)); tenancy.PostgresError(err) == nil {
				t.Errorf("100 / 0: %v", err)
			}
			if err := b.QueryRowContext(ctx, q).Scan(new(int)); err == nil {
				t.Error("an argument is missing")
			}
			tx := begin(t, b, ctx)
			if err := tx.QueryRowContext(ctx, q, 0).Scan(new(int)); tenancy.PostgresError(err) == nil {
				t.Errorf("100 / 0 in a transaction: %v", err)
			}
			_ = tx.Rollback()
		}
	})
}

// TestTenantsOfOneSlot: ids that are 64 apart share the slot of a prepared SET LOCAL.
func TestTenantsOfOneSlot(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *tenancy.Options) {})
	super := pgtest.Open(t, b.pg.SuperDSN)
	for _, tenant := range []int64{65, 129} {
		mustExec(t, super, t.Context(), "INSERT INTO item SELECT $1, n, 'x' FROM generate_series(1, $2::int) n", tenant, tenant)
	}
	rapid.Check(t, func(rt *rapid.T) {
		for range 20 {
			tenant := rapid.SampledFrom([]int64{1, 65, 129}).Draw(rt, "tenant")
			want := max(50, tenant)
			if rapid.Bool().Draw(rt, "fails") {
				_, _ = b.ExecContext(as(t, tenant), "SELECT 1 / $1::int", 0)
			}
			if n := count(t, b, as(t, tenant), "SELECT count(*) FROM item WHERE id > $1", 0); n != want {
				rt.Fatalf("tenant %d sees %d rows, want %d", tenant, n, want)
			}
		}
	})
	if n := count(t, b, as(t, 1), "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'heyue_t%';"); n > 1 {
		t.Errorf("one slot holds %d statements", n)
	}
}
