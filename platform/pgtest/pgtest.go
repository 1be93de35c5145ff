// Package pgtest gives every test a PostgreSQL database of its own on a real server, in a tenth of a second.
//
// A test process runs a private server, stopped by the kernel when the process ends. Its data folder is a
// slot in the temporary folder that the next process takes over, so a cluster is made, and a template
// database built, about once per machine rather than once per package. Packages that run at the same time
// hold different slots.
//
// HEYUE_TEST_DATABASE_SUPER_URL names an external server to use instead, by the URL of a superuser.
//
// Tests never skip for want of PostgreSQL: they fail and say how to get it.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the driver "postgres"
)

// ServerGoroutine is the function of the goroutine that waits for the server as long as the test process
// lives; a package that looks for leaked goroutines passes it to goleak.IgnoreAnyFunction.
const ServerGoroutine = "heyue/platform/child.(*Process).keep"

// DB is a database that belongs to one test, with addresses for each role (see package pgembed). It is
// dropped when the test ends, whoever is still connected.
type DB struct {
	Name      string
	OwnerDSN  string // runs migrations
	AppDSN    string // serves requests, under row security
	SystemDSN string // jobs across tenants
	SuperDSN  string // for what only a test may look at
}

// Empty gives a database with the roles of heyue and nothing in it.
func Empty(t testing.TB) *DB {
	t.Helper()
	return give(t, func(ctx context.Context, s *server, name string) error { return s.empty(ctx, name) })
}

// Template gives a copy of a database that build made once. Whatever changes what build does must change
// key, for example a hash of the files that build reads. build runs as the owner, under a lock that holds
// between processes, and must close its connections.
func Template(t testing.TB, key string, build func(ctx context.Context, ownerDSN string) error) *DB {
	t.Helper()
	sum := sha256.Sum256([]byte(layout + key))
	template := templatePrefix + hex.EncodeToString(sum[:12])
	return give(t, func(ctx context.Context, s *server, name string) error {
		return s.clone(ctx, template, name, build)
	})
}

// layout must change whenever an empty database does: what pgembed.PrepareDatabase grants, what it creates.
const layout = "1\x00"

func give(t testing.TB, create func(ctx context.Context, s *server, name string) error) *DB {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal("a PostgreSQL server for tests: ", err)
	}
	name := databaseName(t.Name())
	t.Cleanup(func() {
		if err := s.drop(context.WithoutCancel(t.Context()), name); err != nil {
			t.Error("drop the test's database: ", err)
		}
	})
	if err := create(t.Context(), s, name); err != nil {
		t.Fatal("make the test's database: ", err)
	}
	return &DB{
		Name:      name,
		OwnerDSN:  s.dsn(ownerRole, name),
		AppDSN:    s.dsn(appRole, name),
		SystemDSN: s.dsn(systemRole, name),
		SuperDSN:  s.dsn("", name),
	}
}

// databaseName tells a reader of PostgreSQL's log which test a database belongs to, and is unique.
func databaseName(test string) string {
	const most = 40
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(test))
	suffix := make([]byte, 6)
	_, _ = rand.Read(suffix) // never fails
	return testPrefix + readable[:min(len(readable), most)] + "_" + hex.EncodeToString(suffix)
}

// Open opens a pool on one of the addresses of a DB and closes it when the test ends. It is plain
// database/sql: what tenancy's driver adds is missing on purpose.
func Open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal("open a connection: ", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error("close the connection: ", err)
		}
	})
	return db
}
