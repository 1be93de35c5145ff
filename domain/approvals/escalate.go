package approvals

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvaltask"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/platform/tracing"
	"heyue/tenancy"
)

// Defaults of the escalation.
const (
	DefaultEscalationPoll  = 30 * time.Second
	DefaultEscalationBatch = 100
)

// Escalator passes tasks that waited too long to whoever is above their holder (F4). Any number of them may run at once:
// an approval that another one holds is left to it.
type Escalator struct {
	Approvals *Service
	System    *sql.DB // finds tenants with late tasks
	Log       *slog.Logger
	Poll      time.Duration // 0: DefaultEscalationPoll
	Batch     int           // approvals a tenant and a round; 0: DefaultEscalationBatch
}

// Run escalates until ctx ends. What fails is logged and tried again.
func (e *Escalator) Run(ctx context.Context) {
	tick := time.NewTicker(cmp.Or(e.Poll, DefaultEscalationPoll))
	defer tick.Stop()
	for ctx.Err() == nil {
		if n, err := e.Once(ctx, e.Approvals.Clock.Now()); err != nil && ctx.Err() == nil {
			e.Log.ErrorContext(ctx, "escalate approvals", "error", err)
		} else if n > 0 {
			e.Log.InfoContext(ctx, "approvals escalated", "tasks", n)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Once handles every task that is late at now and returns how many were. A tenant that fails is logged and left for the
// next time.
func (e *Escalator) Once(ctx context.Context, now time.Time) (total int, err error) {
	ctx, span := tracing.Start(ctx, "escalate approvals")
	defer func() { span.End(err) }()
	tenants, err := e.late(ctx, now)
	if err != nil {
		return 0, err
	}
	for _, id := range tenants {
		n, err := e.tenant(tenancy.With(ctx, id), now)
		if err != nil {
			e.Log.ErrorContext(ctx, "escalate approvals", "tenant", id, "error", err)
		}
		total += n
	}
	return total, ctx.Err()
}

// late lists the tenants with tasks that are late.
func (e *Escalator) late(ctx context.Context, now time.Time) ([]int64, error) {
	rows, err := e.System.QueryContext(ctx, `SELECT tenant_id FROM approval_tasks WHERE escalate_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`, now)
	if err != nil {
		return nil, tenancy.Fault(err, "find tenants with late tasks")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "find tenants with late tasks")
		}
		ids = append(ids, id)
	}
	return ids, tenancy.Fault(rows.Err(), "find tenants with late tasks")
}

// tenant handles the late tasks of the context's tenant, each approval in a transaction of its own.
func (e *Escalator) tenant(ctx context.Context, now time.Time) (total int, err error) {
	var ids []publicid.ApprovalID
	err = e.Approvals.Client.ApprovalTask.Query().Where(approvaltask.EscalateAtLTE(now)).Limit(cmp.Or(e.Batch, DefaultEscalationBatch)).
		Unique(true).Select(approvaltask.FieldApprovalID).Scan(ctx, &ids)
	if err != nil {
		return 0, tenancy.Fault(err, "find late tasks")
	}
	for _, id := range ids {
		n, err := e.one(ctx, now, id)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// one escalates the late tasks of one approval, unless somebody holds it.
func (e *Escalator) one(ctx context.Context, now time.Time, id publicid.ApprovalID) (n int, err error) {
	err = tenancy.Write(ctx, e.Approvals.Client, func(tx *ent.Tx) error {
		n = 0
		seen, err := tx.Approval.Get(ctx, id)
		if err != nil {
			return tenancy.Fault(err, "read an approval")
		}
		owner, err := e.Approvals.subject(seen.Kind)
		if err != nil {
			return err
		}
		if _, err := owner.Matter(ctx, tx, seen.SubjectID); err != nil { // the subject's lock comes first, as everywhere
			return err
		}
		a, err := tx.Approval.Query().Where(approval.ID(id)).ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return tenancy.Fault(err, "lock an approval")
		}
		r, err := e.Approvals.read(ctx, tx, a, owner)
		if err != nil {
			return err
		}
		r.now, r.actor = now, nil
		people, err := peopleOf(ctx, tx)
		if err != nil {
			return err
		}
		for _, node := range r.nodes {
			for _, t := range append([]*ent.ApprovalTask(nil), r.tasks[node.ID]...) {
				if t.State != flow.TaskOpen || t.EscalateAt == nil || t.EscalateAt.After(now) {
					continue
				}
				n++
				if err := r.escalate(ctx, people, node, t); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, err
}

// escalate gives a late task to whoever is above its holder. With nobody above, it stays and is told once more.
func (r *run) escalate(ctx context.Context, people flow.People, n *ent.ApprovalNode, t *ent.ApprovalTask) error {
	var except []publicid.UserID
	if !n.Plan.AllowSubmitter {
		except = append(except, r.approval.SubmitterID)
	}
	for _, other := range r.seated(n) {
		except = append(except, other.UserID)
	}
	above, found := people.Superior(t.UserID, except...)
	if !found {
		if err := r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) { u.ClearEscalateAt() }); err != nil {
			return err
		}
		return r.note(ctx, flow.DidEscalate, n, func(o *ent.ApprovalOpinionCreate) {
			o.SetTargetID(t.UserID).SetText("nobody is above the approver; the task stays")
		})
	}
	if err := r.close(ctx, n, t, flow.TaskPassed, flow.DidEscalate, nil, &above); err != nil {
		return err
	}
	next, err := r.add(ctx, n, t.Position, above, heir(t, flow.FromEscalate))
	if err != nil {
		return err
	}
	return r.open(ctx, n, next)
}
