// Package migrations is the database's history: goose files, embedded, applied under a lock so that any number of
// instances may start at once (tenancy.md 2). The owner's role runs them; the app's role cannot.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	_ "github.com/lib/pq" // the driver that applies them
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// FS holds the SQL files.
//
//go:embed *.sql
var FS embed.FS

// Up applies what is missing and returns how many files that were. ownerDSN connects as the tables' owner.
func Up(ctx context.Context, ownerDSN string) (applied int, err error) {
	err = with(ownerDSN, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		return err
	})
	return applied, err
}

// State is one file and whether the database has it.
type State struct {
	Version int64
	Name    string
	Applied bool
}

// Status lists every file in order.
func Status(ctx context.Context, ownerDSN string) (states []State, err error) {
	err = with(ownerDSN, func(p *goose.Provider) error {
		list, err := p.Status(ctx)
		for _, s := range list {
			states = append(states, State{s.Source.Version, s.Source.Path, s.State == goose.StateApplied})
		}
		return err
	})
	return states, err
}

// Latest is the version that a database must have for this binary to serve it.
func Latest() (int64, error) {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("migrations: no files embedded"), err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// CheckVersion fails when the database lacks migrations. A newer database is fine: code runs before and after its
// migration. Any role that may read goose's table can call it.
func CheckVersion(ctx context.Context, db *sql.DB) error {
	want, err := Latest()
	if err != nil {
		return err
	}
	var have int64
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have); err != nil {
		return fmt.Errorf("the database has no migrations yet; run heyue migrate up: %w", err)
	}
	if have < want {
		return fmt.Errorf("the database is at version %d and this binary needs %d; run heyue migrate up", have, want)
	}
	return nil
}

func with(dsn string, use func(*goose.Provider) error) (err error) {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, FS, goose.WithSessionLocker(locker), goose.WithVerbose(false))
	if err != nil {
		return err
	}
	return use(p)
}
