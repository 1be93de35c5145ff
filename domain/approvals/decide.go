package approvals

import (
	"context"
	"slices"
	"strings"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approvaltask"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// maxOpinion is how many characters an opinion has at most, maxPeople how many users one call may name.
const (
	maxOpinion = 2000
	maxPeople  = 20
)

// Answer is an approver's decision on a task at ExpectedVersion. An opinion is required to reject and to send back.
// ToNode names the node that a SEND_BACK goes back to; without it, it goes back to the submitter. CopyIDs are told.
type Answer struct {
	TaskID          publicid.ApprovalTaskID
	ExpectedVersion int
	Decision        flow.Decision
	Opinion         *string
	ToNode          *string
	CopyIDs         []publicid.UserID
}

// Validate reports everything wrong with the answer at once.
func (a Answer) Validate() error {
	var c fault.Check
	c.That(slices.Contains(flow.Decision("").Values(), string(a.Decision)), fault.UnknownValue, "decision", "%.20q is not a decision", string(a.Decision))
	c.OptText("opinion", a.Opinion, maxOpinion)
	silent := a.Opinion == nil || strings.TrimSpace(*a.Opinion) == ""
	c.That(a.Decision == flow.Approve || !silent, fault.Required, "opinion", "say why")
	c.That(a.Decision == flow.SendBack || a.ToNode == nil, fault.Inconsistent, "toNode", "only SEND_BACK goes to a node")
	c.That(len(a.CopyIDs) <= maxPeople, fault.OutOfRange, "copyIds", "at most %d users", maxPeople)
	return c.Err()
}

// Decide records the caller's answer to a task of theirs and takes the approval as far as it goes. Needs
// approval:decide. Two answers at one moment wait for each other; each task is answered once. Faults: those of
// Validate; NOT_FOUND at taskId for a task of somebody else, at copyIds; VERSION_CONFLICT, then the task as it is now
// comes with the error; WRONG_STATE; UNKNOWN_VALUE at toNode.
func (s *Service) Decide(ctx context.Context, a Answer) (*ent.ApprovalTask, error) {
	if err := s.may(ctx, a.Validate); err != nil {
		return nil, err
	}
	return s.act(ctx, a.TaskID, a.ExpectedVersion, "decide", func(r *run, n *ent.ApprovalNode, t *ent.ApprovalTask) error {
		if err := r.copyTo(ctx, n, a.CopyIDs); err != nil {
			return err
		}
		switch a.Decision {
		case flow.Approve:
			return r.answer(ctx, n, t, flow.TaskApproved, flow.DidApprove, a.Opinion)
		case flow.Reject:
			return r.answer(ctx, n, t, flow.TaskRejected, flow.DidReject, a.Opinion)
		}
		return r.sendBack(ctx, n, t, a)
	})
}

// act locks a run by a task of the caller's, lets step change it, and writes the audit entry.
func (s *Service) act(ctx context.Context, id publicid.ApprovalTaskID, version int, action string,
	step func(*run, *ent.ApprovalNode, *ent.ApprovalTask) error,
) (now *ent.ApprovalTask, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalDecide)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		r, n, t, err := s.claim(ctx, tx, access.User(), id)
		if err != nil {
			return err
		}
		if t.Version != version {
			now = t
			return fault.Stale("task")
		}
		if t.State != flow.TaskOpen || r.approval.State != flow.Pending {
			return fault.New(fault.State, fault.WrongState, "the task is %s; only an open one of a pending approval can be answered", t.State).At("taskId")
		}
		before := *t
		if err := step(r, n, t); err != nil {
			return err
		}
		now = t
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "approval_task", ID: t.ID.UUID(), Before: &before, After: t})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// claim locks the run that one of the user's own tasks belongs to, and reads the task under that lock.
func (s *Service) claim(ctx context.Context, tx *ent.Tx, me publicid.UserID, id publicid.ApprovalTaskID) (*run, *ent.ApprovalNode, *ent.ApprovalTask, error) {
	seen, err := tx.ApprovalTask.Query().Where(approvaltask.ID(id), approvaltask.OriginNEQ(flow.FromCopy)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && seen.UserID != me {
		return nil, nil, nil, fault.NoSuch("task", "taskId")
	}
	if err != nil {
		return nil, nil, nil, tenancy.Fault(err, "read a task")
	}
	r, matter, err := s.lock(ctx, tx, seen.ApprovalID)
	if err != nil {
		return nil, nil, nil, err
	}
	if r.approval.State == flow.Pending && matter.Print != r.approval.Print {
		return nil, nil, nil, fault.New(fault.State, fault.WrongState, "what you decide on was changed: %v", r.approval.Print.Changed(matter.Print))
	}
	n := r.node(seen.NodeID)
	i := slices.IndexFunc(r.tasks[n.ID], func(t *ent.ApprovalTask) bool { return t.ID == id })
	return r, n, r.tasks[n.ID][i], nil
}

// answer closes a task and goes on.
func (r *run) answer(ctx context.Context, n *ent.ApprovalNode, t *ent.ApprovalTask, state flow.TaskState, action flow.Action, opinion *string) error {
	if err := r.close(ctx, n, t, state, action, opinion, nil); err != nil {
		return err
	}
	if state == flow.TaskReturned {
		return nil
	}
	return r.advance(ctx)
}

// close ends a task of the caller's, with their opinion on record.
func (r *run) close(ctx context.Context, n *ent.ApprovalNode, t *ent.ApprovalTask, state flow.TaskState, action flow.Action, opinion *string, target *publicid.UserID) error {
	err := r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) { u.SetState(state).SetDecidedAt(r.now).ClearEscalateAt() })
	if err != nil {
		return err
	}
	if err := r.Reminders.Meet(ctx, r.tx, due.ApprovalTask, t.ID.UUID()); err != nil {
		return err
	}
	return r.note(ctx, action, n, func(o *ent.ApprovalOpinionCreate) {
		o.SetNillablePrincipalID(t.PrincipalID).SetNillableTargetID(target).SetText(given.Trimmed(opinion))
	})
}

// sendBack returns the whole to its submitter, or to a node that has been passed: everything from there on is asked
// again.
func (r *run) sendBack(ctx context.Context, n *ent.ApprovalNode, t *ent.ApprovalTask, a Answer) error {
	if a.ToNode == nil {
		if err := r.answer(ctx, n, t, flow.TaskReturned, flow.DidSendBack, a.Opinion); err != nil {
			return err
		}
		return r.finish(ctx, flow.Returned)
	}
	to := slices.IndexFunc(r.nodes, func(o *ent.ApprovalNode) bool { return o.Plan.Key == *a.ToNode })
	if to < 0 || to >= n.Position {
		return fault.New(fault.Invalid, fault.UnknownValue, "%.40q is not a node before this one", *a.ToNode).At("toNode")
	}
	if err := r.close(ctx, n, t, flow.TaskReturned, flow.DidSendBack, a.Opinion, nil); err != nil {
		return err
	}
	for _, again := range r.nodes[to : n.Position+1] {
		if err := r.again(ctx, again); err != nil {
			return err
		}
	}
	return r.advance(ctx)
}

// again takes a node back to where it began. Who stood in gives the task back; what was passed on stays passed on.
func (r *run) again(ctx context.Context, n *ent.ApprovalNode) error {
	for _, t := range r.seated(n) {
		if t.State == flow.TaskOpen {
			if err := r.Reminders.Cancel(ctx, r.tx, due.ApprovalTask, t.ID.UUID()); err != nil {
				return err
			}
		}
		err := r.save(ctx, t, func(u *ent.ApprovalTaskUpdateOne) {
			u.SetState(flow.TaskWaiting).ClearOpenedAt().ClearDecidedAt().ClearEscalateAt()
			if t.PrincipalID != nil {
				u.SetUserID(*t.PrincipalID).ClearPrincipalID()
			}
		})
		if err != nil {
			return err
		}
	}
	return r.put(ctx, n, func(u *ent.ApprovalNodeUpdateOne) { u.SetState(flow.NodeWaiting).ClearDecidedAt().ClearPrint() })
}

// copyTo lets others know, without a say.
func (r *run) copyTo(ctx context.Context, n *ent.ApprovalNode, users []publicid.UserID) error {
	if err := r.people(ctx, "copyIds", users, false); err != nil {
		return err
	}
	for _, u := range users {
		t, err := r.add(ctx, n, len(r.tasks[n.ID]), u, flow.FromCopy)
		if err != nil {
			return err
		}
		if err := r.inform(ctx, t.ID.UUID(), u); err != nil {
			return err
		}
		target := u
		if err := r.note(ctx, flow.DidCopy, n, func(o *ent.ApprovalOpinionCreate) { o.SetTargetID(target) }); err != nil {
			return err
		}
	}
	return nil
}

// add gives somebody a task at a node.
func (r *run) add(ctx context.Context, n *ent.ApprovalNode, position int, u publicid.UserID, origin flow.Origin) (*ent.ApprovalTask, error) {
	count := 0
	for _, tasks := range r.tasks {
		count += len(tasks)
	}
	if count >= r.Limits.Tasks {
		return nil, fault.New(fault.State, fault.LimitReached, "the approval has %d tasks, which is as many as there may be", count)
	}
	create := r.tx.ApprovalTask.Create().SetApprovalID(r.approval.ID).SetNodeID(n.ID).SetPosition(position).SetUserID(u).SetOrigin(origin)
	if origin == flow.FromCopy {
		create.SetState(flow.TaskCopied).SetOpenedAt(r.now)
	}
	t, err := create.Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write an approval task")
	}
	r.tasks[n.ID] = append(r.tasks[n.ID], t)
	slices.SortStableFunc(r.tasks[n.ID], func(a, b *ent.ApprovalTask) int { return a.Position - b.Position })
	return t, nil
}

// people wants active users, and when they are to decide, not the submitter.
func (r *run) people(ctx context.Context, field string, users []publicid.UserID, deciding bool) error {
	active, err := r.tx.User.Query().Where(user.IDIn(users...), user.StateEQ(account.Active)).IDs(ctx)
	if err != nil {
		return tenancy.Fault(err, "look up users")
	}
	for _, u := range users {
		if !slices.Contains(active, u) {
			return fault.NoSuch("active user", field)
		}
		if deciding && u == r.approval.SubmitterID {
			return fault.New(fault.Invalid, fault.NotAllowed, "nobody approves their own request").At(field)
		}
	}
	return nil
}
