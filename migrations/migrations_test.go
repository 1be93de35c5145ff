package migrations_test

import (
	"testing"

	"heyue/migrations"
	"heyue/platform/pgtest"
)

func TestUpOnAnEmptyDatabaseThenNothingIsLeft(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	app := pgtest.Open(t, db.AppDSN)
	if err := migrations.CheckVersion(t.Context(), app); err == nil {
		t.Error("an empty database passed the version check")
	}
	n, err := migrations.Up(t.Context(), db.OwnerDSN)
	if err != nil || n == 0 {
		t.Fatalf("applied %d, %v", n, err)
	}
	if n, err := migrations.Up(t.Context(), db.OwnerDSN); err != nil || n != 0 {
		t.Errorf("a second run applied %d, %v", n, err)
	}
	states, err := migrations.Status(t.Context(), db.OwnerDSN)
	if err != nil || len(states) == 0 {
		t.Fatalf("%v, %v", states, err)
	}
	for _, s := range states {
		if !s.Applied {
			t.Errorf("%s is not applied", s.Name)
		}
	}
	if err := migrations.CheckVersion(t.Context(), app); err != nil {
		t.Error(err)
	}
}

// TestManyInstancesMigrateAtOnce is what happens when a deployment starts five pods (tenancy.md 2).
func TestManyInstancesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	type result struct {
		n   int
		err error
	}
	results := make(chan result)
	for range 5 {
		go func() {
			n, err := migrations.Up(t.Context(), db.OwnerDSN)
			results <- result{n, err}
		}()
	}
	total := 0
	for range 5 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		total += r.n
	}
	states, err := migrations.Status(t.Context(), db.OwnerDSN)
	if err != nil || total != len(states) {
		t.Errorf("%d files were applied %d times, %v", len(states), total, err)
	}
}
