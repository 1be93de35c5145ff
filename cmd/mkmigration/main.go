// Command mkmigration writes the SQL that takes the database from the migrations there are to the ent schema there
// is: go run ./cmd/mkmigration NAME. With -check it writes nothing and fails when there is something to write.
// Row security, grants, functions and indexes that ent cannot declare are written by hand in the same folder;
// run it again afterwards to refresh the folder's checksum.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq" // the scratch database's driver

	entmigrate "heyue/ent/migrate"
	"heyue/platform/pgembed"
	"heyue/tenancy"
)

const folder = "migrations"

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "fail when the schema and the migrations differ")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), *check); err != nil {
		stop()
		log.Fatal("mkmigration: ", err)
	}
}

func run(ctx context.Context, name string, check bool) error {
	if name == "" && !check {
		return errors.New("name the migration: go run ./cmd/mkmigration NAME")
	}
	dir, err := sqltool.NewGooseDir(folder)
	if err != nil {
		return err
	}
	if err := sum(dir, check); err != nil {
		return fmt.Errorf("%s: %w; run go run ./cmd/mkmigration NAME after editing a file by hand", folder, err)
	}
	before, err := dir.Files()
	if err != nil {
		return err
	}
	if err := diff(ctx, dir, name); err != nil {
		return err
	}
	after, err := dir.Files()
	if err != nil {
		return err
	}
	if check && len(after) > len(before) {
		last := after[len(after)-1].Name()
		if err := os.Remove(folder + "/" + last); err != nil {
			return err
		}
		if err := sum(dir, false); err != nil {
			return err
		}
		return fmt.Errorf("ent/schema has changes that no migration makes:\n%s", after[len(after)-1].Bytes())
	}
	return nil
}

// sum writes the folder's checksum file, or compares it.
func sum(dir *sqltool.GooseDir, check bool) error {
	if check {
		return migrate.Validate(dir)
	}
	hash, err := dir.Checksum()
	if err != nil {
		return err
	}
	return migrate.WriteSumFile(dir, hash)
}

// diff replays the folder on a scratch database and plans what is missing.
func diff(ctx context.Context, dir migrate.Dir, name string) (err error) {
	data, err := os.MkdirTemp("", "mkmigration")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	if err := os.Chmod(data, 0o711); err != nil { //nolint:gosec // PostgreSQL may run as another account and must get through
		return err
	}
	server, err := pgembed.Start(ctx, pgembed.Options{DataDir: filepath.Join(data, "pg"), NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	drv, err := sql.Open(dialect.Postgres, server.OwnerDSN())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drv.Close()) }()
	tables, err := schema.CopyTables(entmigrate.Tables)
	if err != nil {
		return err
	}
	tenancy.Compose(tables)
	m, err := schema.NewMigrate(drv,
		schema.WithDir(dir), schema.WithFormatter(sqltool.GooseFormatter), schema.WithDialect(dialect.Postgres),
		schema.WithMigrationMode(schema.ModeReplay), schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return err
	}
	return m.NamedDiff(ctx, name, tables...)
}
