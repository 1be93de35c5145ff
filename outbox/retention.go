package outbox

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/outboxevent"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// numberedSQL walks the index from tenant to tenant, as unnumberedSQL does.
const numberedSQL = `WITH RECURSIVE t AS (
	SELECT min(tenant_id) AS id FROM outbox_events WHERE seq > 0
	UNION ALL
	SELECT (SELECT min(tenant_id) FROM outbox_events WHERE seq > 0 AND tenant_id > t.id) FROM t WHERE t.id IS NOT NULL
) SELECT id FROM t WHERE id IS NOT NULL`

// Retention deletes the numbered events that each tenant no longer wants to keep (its setting EventRetentionDays,
// counted back from now) and returns how many. What goes is always a tenant's oldest numbers without a gap; whoever
// resumes from before them is told CURSOR_EXPIRED. Run it once a day or so; two at a time do no harm.
func (r *Relay) Retention(ctx context.Context, now time.Time) (deleted int, err error) {
	r.init()
	tenants, err := tenantList(ctx, r.System, numberedSQL)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		for more := true; more; {
			n, err := r.forget(tenancy.With(ctx, tenant), now)
			if err != nil {
				return deleted, err
			}
			deleted += n
			more = n == r.Forget
		}
	}
	return deleted, nil
}

// forget deletes up to a batch of the tenant's oldest events: those before the first that is young enough.
func (r *Relay) forget(ctx context.Context, now time.Time) (deleted int, err error) {
	err = tenancy.Write(ctx, r.Client, func(tx *ent.Tx) error {
		tenant, err := tx.Tenant.Query().Only(ctx)
		if err != nil {
			return fault.Wrap(err, "read the tenant's settings")
		}
		oldest := now.AddDate(0, 0, -tenant.Settings.EventRetentionDays)
		last, err := tx.OutboxEvent.Query().Where(outboxevent.SeqNotNil()).Order(outboxevent.BySeq()).Limit(r.Forget).
			Select(outboxevent.FieldID, outboxevent.FieldSeq, outboxevent.FieldOccurredAt).All(ctx)
		if err != nil {
			return fault.Wrap(err, "read the oldest events")
		}
		upTo := int64(0)
		for _, e := range last {
			if !e.OccurredAt.Before(oldest) {
				break
			}
			upTo = *e.Seq
		}
		deleted, err = tx.OutboxEvent.Delete().Where(func(s *sql.Selector) {
			s.Where(sql.LTE(s.C(outboxevent.FieldSeq), upTo))
		}).Exec(ctx)
		return fault.Wrap(err, "delete old events")
	})
	return deleted, err
}
