package app

import (
	"context"
	"fmt"

	"heyue/migrations"
)

// Migrate applies the migrations that the database lacks and returns how many they were. Any number of processes may
// do so at once.
func (r *Resources) Migrate(ctx context.Context) (applied int, err error) {
	owner, err := r.Owner(ctx)
	if err != nil {
		return 0, err
	}
	if applied, err = migrations.Up(ctx, owner); err != nil {
		return applied, fmt.Errorf("migrate %s: %w", place(owner), err)
	}
	return applied, nil
}

// Migrations lists every migration of this version in order and whether the database has it.
func (r *Resources) Migrations(ctx context.Context) ([]migrations.State, error) {
	owner, err := r.Owner(ctx)
	if err != nil {
		return nil, err
	}
	states, err := migrations.Status(ctx, owner)
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s: %w", place(owner), err)
	}
	return states, nil
}
