package pgembed

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/lib/pq" // the driver "postgres"
)

// bootstrap makes the roles and the database of a server that has just been started.
func bootstrap(ctx context.Context, i Info) error {
	return withDB(i.SuperDSN("postgres"), func(admin *sql.DB) error {
		if err := CreateRoles(ctx, admin, nil); err != nil {
			return err
		}
		if err := createDatabase(ctx, admin); err != nil {
			return err
		}
		return withDB(i.SuperDSN(Database), func(db *sql.DB) error { return PrepareDatabase(ctx, db) })
	})
}

func createDatabase(ctx context.Context, admin *sql.DB) error {
	var exists bool
	err := admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&exists)
	if err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+Database+" OWNER "+OwnerRole); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func withDB(dsn string, use func(*sql.DB) error) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("open a connection: %w", err)
	}
	defer func() { _ = db.Close() }()
	return use(db)
}
