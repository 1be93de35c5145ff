// Package numbers gives out gap-free numbers within a tenant (D8 of the contract numbers; tenancy.md 3.3).
package numbers

import (
	"context"
	"errors"

	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Counters is the owner of the counters. It has no state of its own.
type Counters struct{}

// Take reserves the next n numbers of a kind and period in tx and returns the first. The counter's row stays locked
// until tx ends: a rollback gives the numbers back and leaves no gap, at the price that takers of one counter wait
// for each other. So take a number last, right before the row that carries it is written.
//
// It is SQL by hand because ent's upsert cannot return the value it wrote.
func (Counters) Take(ctx context.Context, tx *ent.Tx, kind, period string, n int) (first int64, err error) {
	if n < 1 {
		return 0, errors.New("numbers: nothing to take")
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return 0, tenancy.ErrNoTenant
	}
	rows, err := tx.QueryContext(ctx, `
		INSERT INTO number_counters (tenant_id, id, kind, period, last) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant_id, kind, period) DO UPDATE SET last = number_counters.last + excluded.last
		RETURNING last`, tenant, publicid.NewNumberCounterID(), kind, period, n)
	if err != nil {
		return 0, tenancy.Fault(err, "take a number")
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var last int64
	if rows.Next() {
		err = rows.Scan(&last)
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		return 0, tenancy.Fault(err, "take a number")
	}
	return last - int64(n) + 1, nil
}
