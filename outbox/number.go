package outbox

// Numbering is one statement that ent cannot say: it numbers rows and moves the counter together.

import (
	"context"
	"database/sql"
	"time"

	"heyue/ent"
	"heyue/ent/numbercounter"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// numberSQL gives the oldest unnumbered events the next numbers. The counter's row is locked before, in a statement of
// its own, so that this one's snapshot has every number given out before.
const numberSQL = `WITH fresh AS (
	SELECT id, row_number() OVER (ORDER BY id) AS nth
	FROM (SELECT id FROM outbox_events WHERE tenant_id = $1::bigint AND seq IS NULL ORDER BY id LIMIT $2::bigint) oldest
), head AS (
	SELECT last FROM number_counters WHERE tenant_id = $1::bigint AND kind = 'event' AND period = ''
), numbered AS (
	UPDATE outbox_events e SET seq = head.last + fresh.nth FROM fresh, head WHERE e.tenant_id = $1::bigint AND e.id = fresh.id RETURNING e.occurred_at
)
UPDATE number_counters SET last = last + (SELECT count(*) FROM numbered)
WHERE tenant_id = $1::bigint AND kind = 'event' AND period = '' RETURNING last, (SELECT count(*) FROM numbered), (SELECT min(occurred_at) FROM numbered)`

// number gives the context's tenant's next events their numbers, at most so many, in one transaction. Relays that
// work on one tenant take turns. It returns the tenant's last number, how many events there were and when the oldest of
// them happened.
func number(ctx context.Context, client *ent.Client, most int) (last, count int64, oldest time.Time, err error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return 0, 0, oldest, tenancy.ErrNoTenant
	}
	err = tenancy.Write(ctx, client, func(tx *ent.Tx) error {
		if err := lockCounter(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, numberSQL, tenant, most)
		if err != nil {
			return fault.Wrap(err, "number events")
		}
		defer func() { _ = rows.Close() }() // its error is Err's
		for rows.Next() {
			var first sql.NullTime
			if err := rows.Scan(&last, &count, &first); err != nil {
				return fault.Wrap(err, "number events")
			}
			oldest = first.Time
		}
		return fault.Wrap(rows.Err(), "number events")
	})
	return last, count, oldest, err
}

// lockCounter keeps other relays waiting until the transaction ends. A tenant's first events make its counter.
func lockCounter(ctx context.Context, tx *ent.Tx) error {
	there, err := tx.NumberCounter.Query().Where(numbercounter.Kind(counterKind), numbercounter.Period("")).ForUpdate().All(ctx)
	if err != nil || len(there) == 1 {
		return fault.Wrap(err, "lock the event counter")
	}
	// Adding nothing locks the row that another relay has made meanwhile.
	err = tx.NumberCounter.Create().SetKind(counterKind).SetLast(0).
		OnConflictColumns(numbercounter.FieldTenantID, numbercounter.FieldKind, numbercounter.FieldPeriod).
		Update(func(u *ent.NumberCounterUpsert) { u.AddLast(0) }).Exec(ctx)
	return fault.Wrap(err, "make the event counter")
}
