package decisions

import (
	"context"
	"database/sql"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	entdecision "heyue/ent/decision"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Retention deletes decisions that are past their time.
type Retention struct {
	Client *ent.Client
	System *sql.DB
	Clock  clock.Clock
	Keep   time.Duration // at least a day, which the database holds too
	Batch  int
}

// outlivedSQL walks the index from tenant to tenant and asks each for its oldest decision.
const outlivedSQL = `WITH RECURSIVE t AS (
	SELECT min(tenant_id) AS id FROM decisions
	UNION ALL
	SELECT (SELECT min(tenant_id) FROM decisions WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL
) SELECT id FROM t WHERE id IS NOT NULL AND (SELECT min(occurred_at) FROM decisions WHERE tenant_id = t.id) < $1`

// Forget deletes what is past its time, of all tenants, and returns how many. Two at a time do no harm.
func (r Retention) Forget(ctx context.Context) (forgotten int, err error) {
	before := r.Clock.Now().Add(-r.Keep)
	tenants, err := r.outlived(ctx, before)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		for more := true; more; {
			n, err := r.forget(tenancy.With(ctx, tenant), before)
			if err != nil {
				return forgotten, err
			}
			forgotten += n
			more = n == r.Batch
		}
	}
	return forgotten, nil
}

func (r Retention) outlived(ctx context.Context, before time.Time) (tenants []int64, err error) {
	rows, err := r.System.QueryContext(ctx, outlivedSQL, before)
	if err != nil {
		return nil, tenancy.Fault(err, "find decisions to forget")
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "read a tenant's number")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "find decisions to forget")
}

func (r Retention) forget(ctx context.Context, before time.Time) (n int, err error) {
	err = tenancy.Write(ctx, r.Client, func(tx *ent.Tx) error {
		old, err := tx.Decision.Query().Where(entdecision.OccurredAtLT(before)).
			Order(entdecision.ByOccurredAt(entsql.OrderAsc())).Limit(r.Batch).IDs(ctx)
		if err != nil {
			return tenancy.Fault(err, "find decisions to forget")
		}
		n, err = tx.Decision.Delete().Where(entdecision.IDIn(old...)).Exec(ctx)
		return tenancy.Fault(err, "forget decisions")
	})
	return n, err
}
