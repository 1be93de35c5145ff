package app

import (
	"context"
	"errors"

	"heyue/migrations"
	"heyue/tenancy"
)

// MakeReady brings the built-in database to this version, or checks that one run by others is, and then that its roles and
// its catalog keep tenants apart. The error has one line for each thing to mend, and a process that gets one must not
// serve.
func (r *Resources) MakeReady(ctx context.Context) error {
	if _, err := r.Addresses(ctx); err != nil {
		return err
	}
	if r.DatabaseEnded() != nil { // only the process that runs the built-in server may change what others serve from
		if _, err := r.Migrate(ctx); err != nil {
			return err
		}
	}
	system, err := r.System(ctx)
	if err != nil {
		return err
	}
	if err := migrations.CheckVersion(ctx, system); err != nil {
		return err
	}
	findings, err := r.Inspect(ctx)
	if err != nil {
		return err
	}
	errs := make([]error, len(findings))
	for i, f := range findings {
		errs[i] = errors.New(f.String())
	}
	return errors.Join(errs...)
}

// Inspect says what is wrong with the roles that this process connects as and with the database's catalog.
func (r *Resources) Inspect(ctx context.Context) ([]tenancy.Finding, error) {
	app, err := r.Pool(ctx)
	if err != nil {
		return nil, err
	}
	system, err := r.System(ctx)
	if err != nil {
		return nil, err
	}
	findings, err := tenancy.CheckRoles(ctx, app, system)
	if err != nil {
		return nil, err
	}
	more, err := tenancy.Lint(ctx, system)
	return append(findings, more...), err
}
