//go:build unix

package pgembed_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/pgembed"
)

// What is granted to the roles, as one text.
const granted = `SELECT concat_ws(E'\n',
	(SELECT string_agg(concat_ws(' ', rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication), E'\n' ORDER BY rolname)
		FROM pg_roles WHERE rolname LIKE 'heyue%'),
	(SELECT string_agg(concat_ws(' ', roleid::regrole, 'to', member::regrole), E'\n' ORDER BY 1) FROM pg_auth_members WHERE member::regrole::text LIKE 'heyue%'),
	(SELECT concat_ws(' ', datname, datdba::regrole, datacl) FROM pg_database WHERE datname = 'heyue'),
	(SELECT concat_ws(' ', nspname, nspowner::regrole, nspacl) FROM pg_namespace WHERE nspname = 'public'))`

// deploy/roles.sql is what we tell people to run on their own server: it must give what Start gives.
func TestRolesForAServerOfYourOwnAreTheSame(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../deploy/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, pgembed.Options{DataDir: dataDir(t)})
	want := query[string](t, s.SuperDSN(pgembed.Database), granted)
	run(t, s.SuperDSN("postgres"), "DROP DATABASE heyue")
	run(t, s.SuperDSN("postgres"), "DROP ROLE heyue_owner, heyue_app, heyue_system, heyue_search")
	run(t, s.SuperDSN("postgres"), "CREATE DATABASE heyue")
	run(t, s.SuperDSN(pgembed.Database), string(script))
	if diff := cmp.Diff(want, query[string](t, s.SuperDSN(pgembed.Database), granted)); diff != "" {
		t.Error("the built-in server and deploy/roles.sql differ (-built-in +script):\n" + diff)
	}
}

func run(t *testing.T, dsn, script string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
}
