package isolation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/lib/pq"

	"heyue/audit"
	"heyue/platform/pgtest"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// A guard that nobody tests is no guard. Here each of the database's is taken away in turn, inside a transaction that is
// rolled back, and what looks at it must notice. The guards written in Go are taken away in tests/mutants.

// walls looks at the walls of a database whose two tenants have rows in every table.
type walls struct {
	tx           *sql.Tx // as a superuser
	ours, theirs *fixture.Tenant
}

// TestEveryRowPolicyIsMissedWhenItIsTakenAway takes row security from one table after the other, then its policy, then
// the half of the policy that is about what is written.
func TestEveryRowPolicyIsMissedWhenItIsTakenAway(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.settle(t)
	db := pgtest.Open(t, p.DB.SuperDSN)
	tables := tenantTables(t, db)
	looked := 0
	for _, table := range tables {
		for _, harm := range []string{
			"ALTER TABLE %[1]s DISABLE ROW LEVEL SECURITY",
			"DROP POLICY tenant_isolation ON %[1]s; CREATE POLICY all_is_one ON %[1]s TO heyue_app USING (true)",
			"ALTER POLICY tenant_isolation ON %[1]s WITH CHECK (true)",
		} {
			begin(t, db, p, func(w walls) {
				w.fill(t, table)
				if found := w.rows(t, table); found != "" {
					t.Fatalf("%s with its wall: %s", table, found)
				}
				w.do(t, fmt.Sprintf(harm, pq.QuoteIdentifier(table)))
				if found := w.rows(t, table); found == "" && w.writes(t, table) {
					t.Errorf("nobody misses anything after "+harm, table)
				}
				looked++
			})
		}
	}
	if looked < 100 {
		t.Errorf("only %d walls were taken away", looked)
	}
}

// rows says how a table's wall fails the app's role, or nothing.
func (w walls) rows(t *testing.T, table string) (found string) {
	t.Helper()
	name := pq.QuoteIdentifier(table)
	w.asApp(t, func() {
		var foreign, own int
		row := w.tx.QueryRowContext(t.Context(), "SELECT count(*) FILTER (WHERE tenant_id <> $1), count(*) FILTER (WHERE tenant_id = $1) FROM "+name, w.ours.ID)
		err := row.Scan(&foreign, &own)
		switch {
		case denied(err): // the app only adds to it, or does not reach it at all
		case err != nil:
			t.Fatal(table, ": ", err)
		case foreign > 0:
			found = fmt.Sprintf("%d rows of the other tenant are shown", foreign)
		case own == 0:
			found = "no row of our own is shown"
		}
	})
	if found != "" {
		return found
	}
	// A row of ours is offered again as the other tenant's.
	w.do(t, "CREATE TEMP TABLE offered ON COMMIT DROP AS SELECT (jsonb_populate_record(r, jsonb_build_object('tenant_id', "+fmt.Sprint(w.theirs.ID)+"))).* FROM "+name+
		" r WHERE tenant_id = "+fmt.Sprint(w.ours.ID)+" LIMIT 1; GRANT SELECT ON offered TO heyue_app")
	w.asApp(t, func() {
		_, err := w.tx.ExecContext(t.Context(), "INSERT INTO "+name+" SELECT * FROM offered")
		if !denied(err) {
			found = fmt.Sprintf("a row of the other tenant is written as far as %v", err)
		}
	})
	w.do(t, "DROP TABLE offered")
	return found
}

// writes tells whether the app's role may add to the table at all.
func (w walls) writes(t *testing.T, table string) (may bool) {
	t.Helper()
	if err := w.tx.QueryRowContext(t.Context(), "SELECT has_any_column_privilege('heyue_app', $1, 'INSERT')", table).Scan(&may); err != nil {
		t.Fatal(err)
	}
	return may
}

// TestEveryForeignKeyIsMissedWhenItIsTakenAway points a row of ours at the other tenant's, through every foreign key, with
// the key and without it.
func TestEveryForeignKeyIsMissedWhenItIsTakenAway(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.settle(t)
	db := pgtest.Open(t, p.DB.SuperDSN)
	keys := foreignKeys(t, db)
	if len(keys) < 50 {
		t.Fatalf("only %d foreign keys are there", len(keys))
	}
	for _, key := range keys {
		begin(t, db, p, func(w walls) {
			w.fill(t, key.table)
			w.fill(t, key.target)
			table := "'" + key.table + "'::regclass"
			w.drop(t, "contype = 'f' AND conname <> '"+key.name+"' AND "+table+" IN (conrelid, confrelid)") // others may notice first
			if err := w.cross(t, key); !broken(err, key.name) {
				t.Errorf("%s lets a row of ours point at the other tenant's: %v", key.name, err)
			}
			w.do(t, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", pq.QuoteIdentifier(key.table), pq.QuoteIdentifier(key.name)))
			if err := w.cross(t, key); broken(err, key.name) {
				t.Errorf("%s is named after it is gone: %v", key.name, err)
			}
		})
	}
}

// foreignKey is one from a tenant's table to another's, or to its own.
type foreignKey struct{ name, table, column, target string }

// cross sets the column of one of our rows to the id of a row of theirs.
func (w walls) cross(t *testing.T, key foreignKey) (err error) {
	t.Helper()
	w.within(t, func() {
		_, err = w.tx.ExecContext(t.Context(), fmt.Sprintf(`WITH one AS (SELECT ctid FROM %[1]s WHERE tenant_id = $1 LIMIT 1)
			UPDATE %[1]s SET %[2]s = (SELECT id FROM %[3]s WHERE tenant_id = $2 AND id NOT IN (SELECT id FROM %[3]s WHERE tenant_id = $1) LIMIT 1) WHERE ctid = (SELECT ctid FROM one)`,
			pq.QuoteIdentifier(key.table), pq.QuoteIdentifier(key.column), pq.QuoteIdentifier(key.target)), w.ours.ID, w.theirs.ID)
		if err == nil {
			_, err = w.tx.ExecContext(t.Context(), "SET CONSTRAINTS ALL IMMEDIATE")
		}
	})
	return err
}

func broken(err error, name string) bool {
	found, ok := tenancy.ForeignKeyViolation(err)
	return ok && found == name
}

func denied(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == "42501"
}

// begin runs fn in a superuser's transaction that leaves nothing behind.
// settle lets the worker have sealed what there is, so that it holds no table that a test takes away.
func (p pair) settle(t *testing.T) {
	t.Helper()
	if _, err := (&audit.Sealer{Client: p.Client, System: p.System, Clock: p.Clock, Log: slog.New(slog.DiscardHandler)}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, db *sql.DB, p pair, fn func(walls)) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error("roll back: ", err)
		}
	}()
	fn(walls{tx: tx, ours: p.ours, theirs: p.theirs})
}

func (w walls) do(t *testing.T, statement string) {
	t.Helper()
	if _, err := w.tx.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(statement, ": ", err)
	}
}

// within runs fn and undoes what it did.
func (w walls) within(t *testing.T, fn func()) {
	t.Helper()
	w.do(t, "SAVEPOINT here")
	fn()
	w.do(t, "ROLLBACK TO SAVEPOINT here")
}

// asApp runs fn as the app's role, for our tenant, and undoes what it did.
func (w walls) asApp(t *testing.T, fn func()) {
	t.Helper()
	w.within(t, func() {
		w.do(t, fmt.Sprintf("SET LOCAL ROLE heyue_app; SET LOCAL app.tenant_id = '%d'", w.ours.ID))
		fn()
	})
}

// tenantTables names all tables of tenants.
func tenantTables(t *testing.T, db *sql.DB) []string {
	t.Helper()
	return strings.Fields(one(t, db, `SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'
		AND table_name <> 'tenant_directory'`))
}

func foreignKeys(t *testing.T, db *sql.DB) (keys []foreignKey) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT c.conname, r.relname, a.attname, f.relname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[cardinality(c.conkey)] WHERE c.contype = 'f' AND cardinality(c.conkey) > 1 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var k foreignKey
		if err := rows.Scan(&k.name, &k.table, &k.column, &k.target); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// fill gives both tenants a row of a table that has none, of values without a meaning: what is looked at here depends on
// whose a row is and not on what is in it. The table's own checks stand in the way of that and go.
func (w walls) fill(t *testing.T, table string) {
	t.Helper()
	w.drop(t, "contype = 'c' AND conrelid = '"+table+"'::regclass")
	var columns, values string
	err := w.tx.QueryRowContext(t.Context(), `SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE format_type(atttypid, NULL)
			WHEN 'uuid' THEN 'gen_random_uuid()' WHEN 'date' THEN 'current_date' WHEN 'timestamp with time zone' THEN 'now()' WHEN 'boolean' THEN 'false'
			WHEN 'jsonb' THEN '''{}''' WHEN 'bigint' THEN '1' WHEN 'integer' THEN '1' WHEN 'numeric' THEN '1' WHEN 'double precision' THEN '1' ELSE '''x''' END, ', ')
		FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attname <> 'tenant_id' AND attidentity = ''`, table).Scan(&columns, &values)
	if err != nil {
		t.Fatal(table, ": ", err)
	}
	w.do(t, "SET LOCAL session_replication_role = replica") // foreign keys wait
	for _, tn := range []*fixture.Tenant{w.ours, w.theirs} {
		w.do(t, fmt.Sprintf("INSERT INTO %[1]s (tenant_id, %[2]s) SELECT %[4]d, %[3]s WHERE NOT EXISTS (SELECT FROM %[1]s WHERE tenant_id = %[4]d)", pq.QuoteIdentifier(table), columns, values, tn.ID))
	}
	w.do(t, "SET LOCAL session_replication_role = origin")
}

// drop takes away the constraints for which a condition on pg_constraint holds.
func (w walls) drop(t *testing.T, condition string) {
	t.Helper()
	w.do(t, `DO $$ DECLARE c record; BEGIN
		FOR c IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint WHERE `+condition+` LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.owner, c.conname);
		END LOOP; END $$`)
}

func one(t *testing.T, db *sql.DB, query string, args ...any) (text string) {
	t.Helper()
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query, args...).Scan(&text); err != nil {
		t.Fatal(query, ": ", err)
	}
	return text
}
