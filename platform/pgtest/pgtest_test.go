package pgtest_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"heyue/platform/pgembed"
	"heyue/platform/pgtest"
)

// denied is PostgreSQL's code for a missing privilege.
const denied = "42501"

func TestEmptyHasTheRolesAndNothingElse(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	for role, dsn := range map[string]string{
		pgembed.OwnerRole: db.OwnerDSN, pgembed.AppRole: db.AppDSN, pgembed.SystemRole: db.SystemDSN,
	} {
		var who, where string
		row := pgtest.Open(t, dsn).QueryRowContext(t.Context(), "SELECT current_user, current_database()")
		if err := row.Scan(&who, &where); err != nil {
			t.Fatal(err)
		}
		if who != role || where != db.Name {
			t.Errorf("connected as %s to %s, want %s to %s", who, where, role, db.Name)
		}
	}
	var tables int
	row := pgtest.Open(t, db.SuperDSN).QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
	if err := row.Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Errorf("an empty database has %d tables", tables)
	}
}

func TestRolesMayDoNoMoreThanTheyMust(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	owner := pgtest.Open(t, db.OwnerDSN)
	if _, err := owner.ExecContext(t.Context(), "CREATE TABLE papers (id int)"); err != nil {
		t.Fatal("the owner must be able to create tables: ", err)
	}
	for name, dsn := range map[string]string{"app": db.AppDSN, "system": db.SystemDSN} {
		for _, statement := range []string{
			"SELECT * FROM papers", "TRUNCATE papers", "DROP TABLE papers", "CREATE TABLE mine (id int)",
			"CREATE TEMP TABLE mine (id int)", "CREATE SCHEMA mine", "SET ROLE heyue_owner", "SET ROLE heyue_search",
			"CREATE ROLE mine", "CREATE DATABASE mine", "COPY (SELECT 1) TO PROGRAM 'true'",
		} {
			_, err := pgtest.Open(t, dsn).ExecContext(t.Context(), statement)
			var pqErr *pq.Error
			if !errors.As(err, &pqErr) || (pqErr.Code != denied && statement != "DROP TABLE papers") {
				t.Errorf("%s: %s: got %v, want permission denied", name, statement, err)
			}
		}
	}
}

func TestTemplateIsBuiltOnceAndCopied(t *testing.T) {
	t.Parallel()
	var built atomic.Int32
	key := t.Name() + "\x00" + pgtest.Empty(t).Name // never built before
	build := func(ctx context.Context, ownerDSN string) error {
		built.Add(1)
		db, err := sql.Open("postgres", ownerDSN)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, "CREATE TABLE seen (name text); GRANT INSERT, SELECT ON seen TO heyue_app; INSERT INTO seen VALUES ('template')")
		return err
	}
	t.Run("copies", func(t *testing.T) {
		for _, name := range []string{"a", "b", "c", "d"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				app := pgtest.Open(t, pgtest.Template(t, key, build).AppDSN)
				if _, err := app.ExecContext(t.Context(), "INSERT INTO seen VALUES ($1)", name); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{"template", name}, read(t, app)); diff != "" {
					t.Error("rows of another test, or none of the template (-want +got):\n" + diff)
				}
			})
		}
	})
	if n := built.Load(); n != 1 {
		t.Errorf("the template was built %d times for four tests", n)
	}
}

func read(t *testing.T, db *sql.DB) []string {
	t.Helper()
	var all pq.StringArray
	if err := db.QueryRowContext(t.Context(), "SELECT array_agg(name) FROM seen").Scan(&all); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

func TestCopyHasTheGrantsOfItsTemplate(t *testing.T) {
	t.Parallel()
	db := pgtest.Template(t, t.Name(), func(context.Context, string) error { return nil })
	_, err := pgtest.Open(t, db.AppDSN).ExecContext(t.Context(), "CREATE TEMP TABLE mine (id int)")
	var pqErr *pq.Error
	if !errors.As(err, &pqErr) || pqErr.Code != denied {
		t.Errorf("temporary table by the application in a copy: got %v, want permission denied", err)
	}
	if _, err := pgtest.Open(t, db.OwnerDSN).ExecContext(t.Context(), "CREATE TABLE fine (id int)"); err != nil {
		t.Error(err)
	}
}

func TestDatabaseIsDroppedWhoeverIsConnected(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("user", func(t *testing.T) {
		db := pgtest.Empty(t)
		name = db.Name
		conn, err := sql.Open("postgres", db.AppDSN) // stays open after the test
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	var exists bool
	super := pgtest.Open(t, pgtest.Empty(t).SuperDSN)
	row := super.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
	if err := row.Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		t.Errorf("database %s outlived its test", name)
	}
}
