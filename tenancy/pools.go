package tenancy

import (
	"context"
	"database/sql"
)

// Cells is the one place that picks the database a tenant lives in. Today there is one cell; a directory of
// tenants becomes another resolver, and no caller changes.
type Cells struct{ resolve resolver }

// resolver finds the pool of a tenant. It returns an error for a tenant it does not know.
type resolver interface {
	cell(ctx context.Context, tenant int64) (*sql.DB, error)
}

// NewCells returns the Cells of an installation with one database.
func NewCells(primary *sql.DB) *Cells { return &Cells{resolve: single{primary}} }

// For returns the pool of ctx's tenant, or ErrNoTenant.
func (c *Cells) For(ctx context.Context) (*sql.DB, error) {
	id, ok := From(ctx)
	if !ok {
		return nil, ErrNoTenant
	}
	return c.resolve.cell(ctx, id)
}

type single struct{ db *sql.DB }

func (s single) cell(context.Context, int64) (*sql.DB, error) { return s.db, nil }
