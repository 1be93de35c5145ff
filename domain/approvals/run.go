package approvals

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/domain/approvals/workhours"
	"heyue/domain/contracts/content"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvalnode"
	"heyue/ent/approvaltask"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// run is an approval that is locked, with everything that is asked at its nodes.
type run struct {
	*Service
	tx       *ent.Tx
	approval *ent.Approval
	owner    Subject
	nodes    []*ent.ApprovalNode
	tasks    map[publicid.ApprovalNodeID][]*ent.ApprovalTask // in the order of their turns
	calendar workhours.Calendar
	now      time.Time
	actor    *publicid.UserID // nil: the clock
	noted    int              // opinions on record
}

// lock takes the subject's and then the approval's lock and reads the run.
func (s *Service) lock(ctx context.Context, tx *ent.Tx, id publicid.ApprovalID) (*run, flow.Matter, error) {
	seen, err := tx.Approval.Query().Where(approval.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, flow.Matter{}, fault.NoSuch("approval", "id")
	}
	if err != nil {
		return nil, flow.Matter{}, tenancy.Fault(err, "read an approval")
	}
	owner, err := s.subject(seen.Kind)
	if err != nil {
		return nil, flow.Matter{}, err
	}
	matter, err := owner.Matter(ctx, tx, seen.SubjectID)
	if err != nil {
		return nil, matter, err
	}
	a, err := tx.Approval.Query().Where(approval.ID(id)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, matter, tenancy.Fault(err, "lock an approval")
	}
	r, err := s.read(ctx, tx, a, owner)
	return r, matter, err
}

// read completes a run whose approval is locked.
func (s *Service) read(ctx context.Context, tx *ent.Tx, a *ent.Approval, owner Subject) (*run, error) {
	r := &run{Service: s, tx: tx, approval: a, owner: owner, tasks: map[publicid.ApprovalNodeID][]*ent.ApprovalTask{}, now: s.Clock.Now()}
	if me, err := identity.From(ctx); err == nil {
		r.actor = &me.UserID
	}
	var err error
	if r.nodes, err = a.QueryNodes().Order(approvalnode.ByPosition()).All(ctx); err != nil {
		return nil, tenancy.Fault(err, "read an approval's nodes")
	}
	tasks, err := a.QueryTasks().Order(approvaltask.ByPosition(), approvaltask.ByID()).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read an approval's tasks")
	}
	for _, t := range tasks {
		r.tasks[t.NodeID] = append(r.tasks[t.NodeID], t)
	}
	if r.noted, err = a.QueryOpinions().Count(ctx); err != nil {
		return nil, tenancy.Fault(err, "count an approval's opinions")
	}
	r.calendar, err = calendar(ctx, tx)
	return r, err
}

// calendar is when the tenant works.
func calendar(ctx context.Context, tx *ent.Tx) (workhours.Calendar, error) {
	t, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return workhours.Calendar{}, tenancy.Fault(err, "read the tenant's settings")
	}
	zone, err := t.Settings.Zone()
	return workhours.Calendar{Zone: zone}, fault.Wrap(err, "read the tenant's zone")
}

// note puts what was done on record.
func (r *run) note(ctx context.Context, action flow.Action, node *ent.ApprovalNode, entry func(*ent.ApprovalOpinionCreate)) error {
	r.noted++
	o := r.tx.ApprovalOpinion.Create().SetApprovalID(r.approval.ID).SetPosition(r.noted).SetAction(action).
		SetNillableUserID(r.actor).SetDigest(r.approval.Print.String()).SetActedAt(r.now)
	if node != nil {
		o.SetNodeID(node.ID)
	}
	if entry != nil {
		entry(o)
	}
	return tenancy.Fault(o.Exec(ctx), "record an opinion")
}

// advance opens what is next until somebody has to answer or the approval is decided.
func (r *run) advance(ctx context.Context) error {
	for _, n := range r.nodes {
		if n.State == flow.NodeApproved {
			continue
		}
		if n.State != flow.NodeOpen {
			if err := r.enter(ctx, n); err != nil {
				return err
			}
		}
		w := flow.Weigh(n.Plan.Mode, r.seats(n))
		if err := r.settle(ctx, n, w); err != nil {
			return err
		}
		switch w.State {
		case flow.NodeRejected:
			return r.finish(ctx, flow.Rejected)
		case flow.NodeOpen:
			return nil
		}
	}
	return r.finish(ctx, flow.Approved)
}

// enter opens a node and tells those who get a copy.
func (r *run) enter(ctx context.Context, n *ent.ApprovalNode) error {
	if err := r.put(ctx, n, func(u *ent.ApprovalNodeUpdateOne) { u.SetState(flow.NodeOpen) }); err != nil {
		return err
	}
	for _, t := range r.tasks[n.ID] {
		if t.Origin == flow.FromCopy && t.OpenedAt == nil {
			if err := r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) { u.SetOpenedAt(r.now) }); err != nil {
				return err
			}
			if err := r.inform(ctx, t.ID.UUID(), t.UserID); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle writes what a node's seats led to.
func (r *run) settle(ctx context.Context, n *ent.ApprovalNode, w flow.Weighed) error {
	seated := r.seated(n)
	for _, i := range w.Moot {
		if err := r.moot(ctx, seated[i]); err != nil {
			return err
		}
	}
	for _, i := range w.Open {
		if err := r.open(ctx, n, seated[i]); err != nil {
			return err
		}
	}
	if w.State == flow.NodeOpen {
		return nil
	}
	return r.put(ctx, n, func(u *ent.ApprovalNodeUpdateOne) {
		u.SetState(w.State).SetDecidedAt(r.now).SetPrint(r.approval.Print)
	})
}

// seated are the tasks that count: those that nobody passed on and that are no copies.
func (r *run) seated(n *ent.ApprovalNode) []*ent.ApprovalTask {
	return slices.DeleteFunc(slices.Clone(r.tasks[n.ID]), func(t *ent.ApprovalTask) bool {
		return t.Origin == flow.FromCopy || t.State == flow.TaskPassed
	})
}

func (r *run) seats(n *ent.ApprovalNode) []flow.Seat {
	seated := r.seated(n)
	seats := make([]flow.Seat, len(seated))
	for i, t := range seated {
		seats[i] = flow.Seat{State: t.State, Added: t.Origin == flow.FromAdding}
	}
	return seats
}

// open asks the holder of a task, or who stands in for them today.
func (r *run) open(ctx context.Context, n *ent.ApprovalNode, t *ent.ApprovalTask) error {
	holder, err := standIn(ctx, r.tx, t.UserID, date.In(r.now, r.calendar.Zone), n.Plan, r.approval.SubmitterID)
	if err != nil {
		return err
	}
	hours := n.Plan.EscalateAfterHours
	err = r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) {
		u.SetState(flow.TaskOpen).SetOpenedAt(r.now)
		if hours > 0 {
			u.SetEscalateAt(r.calendar.After(r.now, hours))
		}
		if holder != t.UserID {
			u.SetPrincipalID(t.UserID).SetUserID(holder)
		}
	})
	if err != nil {
		return err
	}
	if hours == 0 {
		hours = usualHours
	}
	return r.ask(ctx, t, r.calendar.After(r.now, hours))
}

// usualHours is when a task counts as late that is never escalated: three working days.
const usualHours = 27

// ask makes the task an obligation of its holder and tells them at once (F4, J5).
func (r *run) ask(ctx context.Context, t *ent.ApprovalTask, by time.Time) error {
	err := r.Reminders.Set(ctx, r.tx, due.Date{
		Kind: due.ApprovalTask, SubjectID: t.ID.UUID(), ContractID: r.approval.ContractID, Title: r.approval.Title,
		DueOn: date.In(by, r.calendar.Zone), Owner: &t.UserID, Department: r.approval.DepartmentID,
	})
	if err != nil {
		return err
	}
	return r.Reminders.Tell(ctx, r.tx, due.ApprovalTask, t.ID.UUID(), r.step(), t.UserID)
}

// step names a telling so that each is one of its own.
func (r *run) step() string {
	return fmt.Sprintf("NOW-%d-%s", r.noted, r.now.UTC().Format("20060102T150405.000000"))
}

// inform tells somebody how things stand: who submitted it, and who got a copy.
func (r *run) inform(ctx context.Context, about uuid.UUID, who publicid.UserID) error {
	err := r.Reminders.Set(ctx, r.tx, due.Date{
		Kind: due.ApprovalResult, SubjectID: about, ContractID: r.approval.ContractID, Title: r.approval.Title,
		DueOn: date.In(r.now, r.calendar.Zone), Owner: &who, Department: r.approval.DepartmentID,
	})
	if err != nil {
		return err
	}
	return r.Reminders.Tell(ctx, r.tx, due.ApprovalResult, about, r.step(), who)
}

// moot ends a task that is no longer needed.
func (r *run) moot(ctx context.Context, t *ent.ApprovalTask) error {
	wasOpen := t.State == flow.TaskOpen
	err := r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) { u.SetState(flow.TaskMoot).ClearEscalateAt() })
	if err != nil || !wasOpen {
		return err
	}
	return r.Reminders.Cancel(ctx, r.tx, due.ApprovalTask, t.ID.UUID())
}

// finish ends the run and tells its subject and its submitter.
func (r *run) finish(ctx context.Context, state flow.State) error {
	if err := r.end(ctx, state); err != nil || state == flow.Superseded {
		return err
	}
	if state != flow.Withdrawn {
		if err := r.inform(ctx, r.approval.ID.UUID(), r.approval.SubmitterID); err != nil {
			return err
		}
	}
	return r.owner.Moved(ctx, r.tx, r.approval.SubjectID, state)
}

// end closes what is still asked and writes the state.
func (r *run) end(ctx context.Context, state flow.State) error {
	for _, tasks := range r.tasks {
		for _, t := range tasks {
			if t.State == flow.TaskOpen || t.State == flow.TaskWaiting {
				if err := r.moot(ctx, t); err != nil {
					return err
				}
			}
		}
	}
	after, err := r.tx.Approval.UpdateOne(r.approval).SetState(state).SetDecidedAt(r.now).AddVersion(1).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "end an approval")
	}
	r.approval = after
	return nil
}

// save changes a task, in the database and in memory.
func (r *run) save(ctx context.Context, t *ent.ApprovalTask, edit func(*ent.ApprovalTaskUpdateOne)) error {
	u := r.tx.ApprovalTask.UpdateOne(t).AddVersion(1)
	edit(u)
	after, err := u.Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write an approval task")
	}
	*t = *after
	return nil
}

func (r *run) put(ctx context.Context, n *ent.ApprovalNode, edit func(*ent.ApprovalNodeUpdateOne)) error {
	u := r.tx.ApprovalNode.UpdateOne(n)
	edit(u)
	after, err := u.Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write an approval node")
	}
	*n = *after
	return nil
}

func (r *run) node(id publicid.ApprovalNodeID) *ent.ApprovalNode {
	i := slices.IndexFunc(r.nodes, func(n *ent.ApprovalNode) bool { return n.ID == id })
	return r.nodes[i] // a task's node is one of its approval's: a foreign key and the reading above hold that
}

// voids lists the parts that a node watches and that are no longer as it approved them.
func voids(n *ent.ApprovalNode, m flow.Matter) []content.Part {
	if n.Print == nil {
		return []content.Part{content.Text}
	}
	changed := n.Print.Changed(m.Print)
	return slices.DeleteFunc(changed, func(p content.Part) bool { return !slices.Contains(n.Plan.Watched(), p) })
}
