package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"

	"heyue/migrations"
)

// New gives a database with all migrations applied and no tenant in it.
func New(t testing.TB) *DB {
	t.Helper()
	return Template(t, migrationsKey(t), func(ctx context.Context, ownerDSN string) error {
		_, err := migrations.Up(ctx, ownerDSN)
		return err
	})
}

// migrationsKey changes with every byte of every migration, so that no stale template is ever copied.
func migrationsKey(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write([]byte(name))
		sum.Write(content)
	}
	return "migrations-" + hex.EncodeToString(sum.Sum(nil))[:16]
}
