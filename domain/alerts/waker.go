package alerts

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/alertrecipient"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Waker brings alerts back that were put off. Any number may run.
type Waker struct {
	Client *ent.Client
	System *sql.DB // sees which tenants have alerts to bring back, and nothing else of them
	Outbox outbox.Writer
	Clock  clock.Clock
	Log    *slog.Logger
	Batch  int // 0: DefaultScanBatch
}

const snoozedSQL = `SELECT tenant_id FROM alert_recipients WHERE snoozed_until <= $1 GROUP BY tenant_id ORDER BY tenant_id`

// Run brings back what is due on every tick until ctx ends. What fails is logged and tried again.
func (w *Waker) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		if _, err := w.Once(ctx); err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "bring alerts back", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// Once brings back everything that is due and returns how many alerts that were.
func (w *Waker) Once(ctx context.Context) (woken int, err error) {
	rows, err := w.System.QueryContext(ctx, snoozedSQL, w.Clock.Now())
	if err != nil {
		return 0, tenancy.Fault(err, "find alerts to bring back")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return 0, fault.Wrap(err, "find alerts to bring back")
		}
		tenants = append(tenants, id)
	}
	if err := rows.Err(); err != nil {
		return 0, tenancy.Fault(err, "find alerts to bring back")
	}
	for _, tenant := range tenants {
		for more := true; more; {
			n, err := w.wake(tenancy.With(ctx, tenant))
			if err != nil {
				return woken, err
			}
			woken += n
			more = n == w.batch()
		}
	}
	return woken, nil
}

func (w *Waker) batch() int { return cmp.Or(w.Batch, DefaultScanBatch) }

// wake makes a batch of the context's tenant's alerts unread again and tells their owners' screens.
func (w *Waker) wake(ctx context.Context) (woken int, err error) {
	err = tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
		now := w.Clock.Now()
		rows, err := tx.AlertRecipient.Query().Where(alertrecipient.SnoozedUntilLTE(now)).Order(alertrecipient.BySnoozedUntil(), alertrecipient.ByID()).
			Limit(w.batch()).ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).All(ctx)
		if err != nil || len(rows) == 0 {
			return fault.Wrap(err, "read alerts to bring back")
		}
		woken = len(rows)
		ids := make([]publicid.AlertRecipientID, len(rows))
		events := make([]outbox.Event, len(rows))
		for i, r := range rows {
			ids[i], events[i] = r.ID, event(EventWoken, r.AlertID, r.UserID)
		}
		if err := tx.AlertRecipient.Update().Where(among(alertrecipient.FieldID, ids)).ClearSnoozedUntil().ClearReadAt().SetUpdatedAt(now).Exec(ctx); err != nil {
			return fault.Wrap(err, "bring alerts back")
		}
		return w.Outbox.Append(ctx, tx, events...)
	})
	if err != nil {
		return 0, err
	}
	return woken, nil
}
