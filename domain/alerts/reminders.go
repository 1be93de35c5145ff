package alerts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/ent/reminder"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// planner turns due dates into the instants of reminders as the tenant's settings say.
type planner struct {
	zone     *time.Location
	settings settings.Settings
	now      time.Time
}

func planning(ctx context.Context, client *ent.TenantClient, now time.Time) (planner, error) {
	tenant, err := client.Query().Only(ctx)
	if err != nil {
		return planner{}, tenancy.Fault(err, "read the tenant's settings")
	}
	zone, err := tenant.Settings.Zone()
	return planner{zone, tenant.Settings, now}, fault.Wrap(err, "read the tenant's zone")
}

func (p planner) plan(ob *ent.Obligation) schedule.Plan {
	return schedule.Plan{Ladder: p.settings.Ladder(ob.Kind), Due: ob.DueOn, Zone: p.zone}
}

// reminderRow is where an obligation stands on its ladder. NextAt nil: nothing is left to fire.
type reminderRow struct {
	ID         uuid.UUID  `json:"id"`
	Obligation uuid.UUID  `json:"obligation_id"`
	Version    int        `json:"date_version"`
	Step       string     `json:"step"`
	NextAt     *time.Time `json:"next_at"`
}

// begin places an obligation at the start of its ladder, as schedule.Plan.Begin describes catchUp.
func (p planner) begin(ob *ent.Obligation, catchUp bool) reminderRow {
	r := reminderRow{ID: publicid.NewReminderID().UUID(), Obligation: ob.ID.UUID(), Version: ob.DateVersion}
	if ob.State != due.Open {
		return r
	}
	plan := p.plan(ob)
	if next, ok := plan.Next(plan.Begin(p.now, catchUp)); ok {
		r.wait(&next)
	}
	return r
}

func (r *reminderRow) wait(f *schedule.Firing) {
	r.Step, r.NextAt = "", nil
	if f != nil {
		r.Step, r.NextAt = f.Step.String(), &f.At
	}
}

// progress is what a stored reminder has handled: everything before the step it waits for.
func progress(r *ent.Reminder) schedule.Progress {
	step, err := schedule.ParseStep(r.Step)
	if err != nil { // never written by us; beginning anew repeats nothing, since alerts are unique
		return schedule.None()
	}
	return schedule.After(step - 1)
}

const putRemindersSQL = `INSERT INTO reminders (tenant_id, id, created_at, updated_at, obligation_id, date_version, step, next_at)
SELECT $1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.obligation_id, n.date_version, n.step, n.next_at
FROM json_to_recordset($3::json) AS n(id uuid, obligation_id uuid, date_version bigint, step text, next_at timestamptz)
ON CONFLICT (tenant_id, obligation_id) DO UPDATE
SET updated_at = excluded.updated_at, date_version = excluded.date_version, step = excluded.step, next_at = excluded.next_at
RETURNING id`

// remind places obligations at the start of their ladders. It waits for a scanner that is firing one of them, whose
// alert the caller then withdraws.
func remind(ctx context.Context, tx *ent.Tx, plans planner, obligations []*ent.Obligation, catchUp bool) error {
	rows := make([]reminderRow, len(obligations))
	for i, ob := range obligations {
		rows[i] = plans.begin(ob, catchUp)
	}
	return exec(ctx, tx, "set reminders", putRemindersSQL, plans.now, rows)
}

// silence ends the reminders of obligations that were closed.
func silence(ctx context.Context, tx *ent.Tx, now time.Time, obligations []publicid.ObligationID) error {
	err := tx.Reminder.Update().Where(among(reminder.FieldObligationID, obligations)).
		ClearNextAt().SetStep("").SetUpdatedAt(now).Exec(ctx)
	return fault.Wrap(err, "end reminders")
}

// replanMost is how many reminders are moved at a time.
const replanMost = 1000

// Replan moves every pending reminder of the tenant to where the present settings want it. Call it in the transaction
// that changes the zone or a ladder, after the change. Steps that lie in the past under the new settings count as
// handled, except one that was due and has not fired yet: nobody is reminded of the same thing twice.
func (o Obligations) Replan(ctx context.Context, tx *ent.Tx) error {
	plans, err := planning(ctx, tx.Tenant, o.Clock.Now())
	if err != nil {
		return err
	}
	var last publicid.ObligationID
	for {
		open, err := lockPage(ctx, tx, replanMost, isOpen, obligation.IDGT(last))
		if err != nil || len(open) == 0 {
			return err
		}
		last = open[len(open)-1].ID
		if err := replan(ctx, tx, plans, open); err != nil {
			return err
		}
	}
}

func replan(ctx context.Context, tx *ent.Tx, plans planner, open []*ent.Obligation) error {
	standing, err := tx.Reminder.Query().Where(among(reminder.FieldObligationID, idsOf(open))).ForUpdate().All(ctx)
	if err != nil {
		return fault.Wrap(err, "read reminders")
	}
	due := make(map[publicid.ObligationID]*ent.Reminder, len(standing))
	for _, r := range standing {
		due[r.ObligationID] = r
	}
	var rows []reminderRow
	for _, ob := range open {
		row, old := plans.begin(ob, false), due[ob.ID]
		if old != nil && old.NextAt != nil && !old.NextAt.After(plans.now) {
			if next, ok := plans.plan(ob).Next(progress(old)); ok {
				row.wait(&next)
			}
		}
		if old == nil || old.Step != row.Step || !sameInstant(old.NextAt, row.NextAt) {
			rows = append(rows, row)
		}
	}
	return exec(ctx, tx, "move reminders", putRemindersSQL, plans.now, rows)
}

func sameInstant(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
