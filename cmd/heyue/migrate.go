package main

import (
	"fmt"

	"heyue/platform/app"
)

// migrateCommand looks after the tables.
type migrateCommand struct {
	Up     migrateUp     `cmd:"" default:"1" help:"Apply the migrations that the database lacks."`
	Status migrateStatus `cmd:"" help:"List the migrations and whether the database has them."`
}

type migrateUp struct{}

// Run prints how many migrations were applied. It needs DATABASE_OWNER_URL when DATABASE_URL is set.
func (migrateUp) Run(c *call) error {
	return c.withResources(func(r *app.Resources) error {
		applied, err := r.Migrate(c.ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%d applied; the database is at this version\n", applied)
		return err
	})
}

type migrateStatus struct{}

// Run prints one line a migration.
func (migrateStatus) Run(c *call) error {
	return c.withResources(func(r *app.Resources) error {
		states, err := r.Migrations(c.ctx)
		if err != nil {
			return err
		}
		for _, s := range states {
			word := "missing"
			if s.Applied {
				word = "applied"
			}
			if _, err := fmt.Fprintf(c.out, "%s  %s\n", word, s.Name); err != nil {
				return err
			}
		}
		return nil
	})
}
