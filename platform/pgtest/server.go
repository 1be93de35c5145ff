package pgtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/lib/pq"

	"heyue/platform/filelock"
	"heyue/platform/pgembed"
)

// superURLVariable names an external server. The URL is one that lib/pq understands.
const superURLVariable = "HEYUE_TEST_DATABASE_SUPER_URL"

// Prefixes of the databases that are ours to drop.
const (
	testPrefix     = "heyue_test_"
	templatePrefix = "heyue_tpl_"
)

const (
	ownerRole  = pgembed.OwnerRole
	appRole    = pgembed.AppRole
	systemRole = pgembed.SystemRole
)

// server is where this process's databases live. dsn gives the address of a database for a role; the empty
// role is the superuser.
type server struct {
	dsn  func(role, database string) string
	slot *filelock.Lock // of a private server; kept, because the garbage collector closes a file that nobody refers to
}

// shared starts or finds the server of this process at its first use. It is the one global: a test process
// has no other place that all its tests reach, and the server lives exactly as long as the process.
var shared = sync.OnceValues(func() (*server, error) {
	if address := os.Getenv(superURLVariable); address != "" {
		return external(context.Background(), address)
	}
	return private(context.Background())
})

// external uses a server that somebody else runs. Its roles get passwords made from the superuser's, so that
// test processes which share the server agree on them without talking to each other.
func external(ctx context.Context, address string) (*server, error) {
	base, err := url.Parse(address)
	if err != nil || base.User == nil {
		return nil, fmt.Errorf("%s must be a URL like postgres://user:password@host:5432/postgres", superURLVariable)
	}
	secret, _ := base.User.Password()
	password := func(role string) string {
		sum := sha256.Sum256([]byte(role + "\x00" + secret))
		return hex.EncodeToString(sum[:16])
	}
	s := &server{dsn: func(role, database string) string {
		u := *base
		u.Path = "/" + database
		if role != "" {
			u.User = url.UserPassword(role, password(role))
		}
		return u.String()
	}}
	err = s.admin(func(db *sql.DB) error { return pgembed.CreateRoles(ctx, db, password) })
	if err != nil {
		return nil, fmt.Errorf("prepare the server of %s: %w", superURLVariable, err)
	}
	return s, nil
}

// admin works on the database postgres as superuser. A connection is made for each use: a pool that stayed
// open would look like a leak to tests that search for leaked goroutines.
func (s *server) admin(use func(*sql.DB) error) error { return s.with(s.dsn("", "postgres"), use) }

func (s *server) with(dsn string, use func(*sql.DB) error) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("open a connection: %w", err)
	}
	return errors.Join(use(db), db.Close())
}

func (s *server) empty(ctx context.Context, name string) error {
	err := s.admin(func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" OWNER "+ownerRole)
		return err
	})
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return s.with(s.dsn("", name), func(db *sql.DB) error { return pgembed.PrepareDatabase(ctx, db) })
}

func (s *server) drop(ctx context.Context, name string) error {
	return s.admin(func(db *sql.DB) error { return dropDatabase(ctx, db, name) })
}

func dropDatabase(ctx context.Context, admin *sql.DB, name string) error {
	if _, err := admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}
