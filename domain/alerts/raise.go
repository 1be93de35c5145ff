package alerts

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/ent"
	"heyue/ent/reminder"
	"heyue/outbox"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// batch handles up to a batch of the context's tenant's due reminders in one transaction. Permissions are read before
// it begins: they need a connection of their own, and a pool whose connections all wait for another one stands still.
func (s *Scanner) batch(ctx context.Context, now time.Time) (Report, error) {
	permissions, err := s.Policies.Current(ctx)
	if err != nil {
		return Report{}, err
	}
	var report Report
	var late time.Duration
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		report = Report{}
		claimed, err := claim(ctx, tx, now, s.batchSize())
		if err != nil || len(claimed) == 0 {
			return err
		}
		late = now.Sub(*claimed[0].NextAt) // the query leaves out reminders without one
		plans, err := planning(ctx, tx.Tenant, now)
		if err != nil {
			return err
		}
		fired, moved := step(plans, claimed, &report)
		if err := s.raise(ctx, tx, permissions, plans, fired, &report); err != nil {
			return err
		}
		report.Handled = len(claimed)
		return exec(ctx, tx, "move reminders on", putRemindersSQL, now, moved)
	})
	if err != nil {
		return Report{}, err
	}
	if s.Observe != nil && report.Handled > 0 {
		s.Observe(late, report)
	}
	return report, nil
}

// claim locks due reminders that no other scanner and no use case holds. Whoever changes an obligation's date or state
// locks its reminder too, so what is read of the obligation here holds until the commit.
func claim(ctx context.Context, tx *ent.Tx, now time.Time, most int) ([]*ent.Reminder, error) {
	claimed, err := tx.Reminder.Query().Where(reminder.NextAtLTE(now)).Order(reminder.ByNextAt()).Limit(most).
		ForUpdate(sql.WithLockAction(sql.SkipLocked)).WithObligation().All(ctx)
	return claimed, fault.Wrap(err, "claim reminders")
}

// firing is an alert to be raised.
type firing struct {
	id         publicid.AlertID
	obligation *ent.Obligation
	step       schedule.Step
}

// step works out what each reminder does now: whether it fires, and what it waits for next.
func step(plans planner, claimed []*ent.Reminder, report *Report) (fired []firing, moved []reminderRow) {
	for _, r := range claimed {
		ob := r.Edges.Obligation
		row := reminderRow{ID: r.ID.UUID(), Obligation: ob.ID.UUID(), Version: ob.DateVersion}
		if ob.State == due.Open {
			out := plans.plan(ob).Catchup(progress(r), plans.now)
			report.Skipped += len(out.Skipped)
			if out.Fire != nil {
				fired = append(fired, firing{publicid.NewAlertID(), ob, out.Fire.Step})
			}
			row.wait(out.Next)
		}
		moved = append(moved, row)
	}
	return fired, moved
}

// alertRow is an alert as the bulk statement takes it.
type alertRow struct {
	ID         uuid.UUID      `json:"id"`
	Obligation uuid.UUID      `json:"obligation_id"`
	Kind       due.Kind       `json:"kind"`
	Version    int            `json:"date_version"`
	Step       string         `json:"step"`
	DaysLeft   int            `json:"days_left"`
	Title      string         `json:"title"`
	DueOn      date.Date      `json:"due_on"`
	Amount     *int64         `json:"amount_minor"`
	Currency   money.Currency `json:"currency"`
}

const insertAlertsSQL = `INSERT INTO alerts
	(tenant_id, id, created_at, updated_at, obligation_id, kind, date_version, step, days_left, title, due_on, amount_minor, currency, raised_at, state)
SELECT $1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.obligation_id, n.kind, n.date_version, n.step, n.days_left, n.title, n.due_on, n.amount_minor, n.currency, $2::timestamptz, 'RAISED'
FROM json_to_recordset($3::json) AS n(id uuid, obligation_id uuid, kind text, date_version bigint, step text, days_left bigint, title text, due_on date, amount_minor bigint, currency text)
ON CONFLICT (tenant_id, obligation_id, date_version, step) DO NOTHING RETURNING id`

// raise writes alerts, inboxes, orders and events. A step that has fired before, which only happens when a reminder was set
// back by hand, is left out by the unique index and tells nobody again.
func (s *Scanner) raise(ctx context.Context, tx *ent.Tx, permissions *policies.Snapshot, plans planner, fired []firing, report *Report) error {
	rows := make([]alertRow, len(fired))
	obligations := make([]*ent.Obligation, len(fired))
	for i, f := range fired {
		ob := f.obligation
		obligations[i] = ob
		rows[i] = alertRow{f.id.UUID(), ob.ID.UUID(), ob.Kind, ob.DateVersion, f.step.String(), -int(f.step), ob.Title, ob.DueOn, ob.AmountMinor, ob.Currency}
	}
	made, err := returning(ctx, tx, "raise alerts", insertAlertsSQL, plans.now, rows)
	if err != nil || len(made) == 0 {
		return err
	}
	candidates, err := s.Recipients.Candidates(ctx, tx, obligations)
	if err != nil {
		return err
	}
	var inbox []recipientRow
	var orders []Order
	events := make([]outbox.Event, 0, len(made))
	for _, f := range fired {
		if !made[f.id.UUID()] {
			continue
		}
		users, err := eligible(permissions, f.obligation, candidates(f.obligation))
		if err != nil {
			return fault.Wrap(err, "choose recipients")
		}
		if len(users) == 0 {
			report.Unheard++
			s.Log.WarnContext(ctx, "an alert has no recipient", "alert", f.id, "obligation", f.obligation.ID)
		}
		for _, u := range users {
			inbox = append(inbox, recipientRow{publicid.NewAlertRecipientID().UUID(), f.id.UUID(), u.UUID()})
		}
		orders = append(orders, plans.orders(f.obligation, f.id, users)...)
		events = append(events, event(EventRaised, f.id, users...))
	}
	report.Raised = len(made)
	if err := exec(ctx, tx, "fill inboxes", insertRecipientsSQL, plans.now, inbox); err != nil {
		return err
	}
	if err := dispatch(ctx, tx, s.Courier, orders); err != nil {
		return err
	}
	return s.Outbox.Append(ctx, tx, events...)
}
