package approvals

import (
	"context"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvaldelegation"
	"heyue/ent/approvaltask"
	"heyue/ent/predicate"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// asked matches the tasks that wait for a user, in whatever turn.
func asked(user publicid.UserID) predicate.ApprovalTask {
	return approvaltask.And(approvaltask.UserID(user), approvaltask.StateIn(flow.TaskOpen, flow.TaskWaiting))
}

// HeldTasks counts the tasks that wait for a user. Whoever asks has the permission checked.
func (s *Service) HeldTasks(ctx context.Context, user publicid.UserID) (int, error) {
	n, err := s.Client.ApprovalTask.Query().Where(asked(user)).Count(ctx)
	return n, tenancy.Fault(err, "count a user's approval tasks")
}

// HandOverTasks passes what waits for somebody who leaves to their successor; to whoever is above them where there is
// none, where the successor asked for the approval and may not decide it, and where they are asked already; and to an
// administrator where nobody is above (B6). The approvals' owners follow their subjects'. The caller has the permission
// checked, handed the subjects over, and not yet written that the user is gone.
func (s *Service) HandOverTasks(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	follow := tx.Approval.Update().Where(approval.OwnerID(h.From))
	if h.To != nil {
		follow.SetOwnerID(*h.To)
	} else {
		follow.ClearOwnerID()
	}
	if err := follow.Exec(ctx); err != nil {
		return tenancy.Fault(err, "hand approvals over")
	}
	var ids []publicid.ApprovalID
	err := tx.ApprovalTask.Query().Where(asked(h.From)).Order(ent.Asc(approvaltask.FieldApprovalID)).
		Unique(true).Select(approvaltask.FieldApprovalID).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return tenancy.Fault(err, "find a user's approval tasks")
	}
	people, err := peopleOf(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r, _, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := r.relieve(ctx, people, h); err != nil {
			return err
		}
	}
	return nil
}

// relieve passes every task of one approval on that waits for somebody who leaves.
func (r *run) relieve(ctx context.Context, people flow.People, h leaving.Handover) error {
	if r.approval.State != flow.Pending {
		return nil
	}
	why := "the approver has left"
	for _, n := range r.nodes {
		for _, t := range append([]*ent.ApprovalTask(nil), r.tasks[n.ID]...) {
			if t.UserID != h.From || t.State != flow.TaskOpen && t.State != flow.TaskWaiting {
				continue
			}
			heirID, found := r.heirOf(people, n, h)
			if !found {
				continue
			}
			if err := r.close(ctx, n, t, flow.TaskPassed, flow.DidForward, &why, &heirID); err != nil {
				return err
			}
			if _, err := r.add(ctx, n, t.Position, heirID, heir(t, flow.FromForward)); err != nil {
				return err
			}
		}
	}
	return r.advance(ctx)
}

// heirOf is who is asked in the place of somebody who leaves.
func (r *run) heirOf(people flow.People, n *ent.ApprovalNode, h leaving.Handover) (publicid.UserID, bool) {
	taken := map[publicid.UserID]bool{h.From: true}
	except := []publicid.UserID{h.From}
	if !n.Plan.AllowSubmitter {
		except = append(except, r.approval.SubmitterID)
	}
	for _, t := range r.seated(n) {
		except = append(except, t.UserID)
	}
	for _, u := range except {
		taken[u] = true
	}
	if h.To != nil && !taken[*h.To] {
		return *h.To, true
	}
	if above, ok := people.Superior(h.From, except...); ok {
		return above, true
	}
	for _, admin := range people.Admins {
		if !taken[admin] {
			return admin, true
		}
	}
	return publicid.UserID{}, false
}

// standing matches the delegations that still matter in which a user is away or stands in.
func standing(user publicid.UserID) predicate.ApprovalDelegation {
	return approvaldelegation.And(approvaldelegation.EndedAtIsNil(),
		approvaldelegation.Or(approvaldelegation.UserID(user), approvaldelegation.DelegateID(user)))
}

// HeldDelegations counts the delegations of a user and to them. Whoever asks has the permission checked.
func (s *Service) HeldDelegations(ctx context.Context, user publicid.UserID) (int, error) {
	n, err := s.Client.ApprovalDelegation.Query().Where(standing(user)).Count(ctx)
	return n, tenancy.Fault(err, "count a user's delegations")
}

// HandOverDelegations ends the delegations of somebody who leaves, and has their successor stand in where they did; with
// nobody to, or with the one who is away, those end too.
func (s *Service) HandOverDelegations(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	rows, err := tx.ApprovalDelegation.Query().Where(standing(h.From)).Order(approvaldelegation.ByID()).ForUpdate().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "lock a user's delegations")
	}
	for _, old := range rows {
		update := tx.ApprovalDelegation.UpdateOne(old).AddVersion(1)
		if h.To == nil || old.UserID == h.From || old.UserID == *h.To {
			update.SetEndedAt(s.Clock.Now())
		} else {
			update.SetDelegateID(*h.To)
		}
		now, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "hand a delegation over")
		}
		err = s.Audit.Record(ctx, tx, audit.Entry{Action: "hand_over", Object: "approval_delegation", ID: old.ID.UUID(), Before: old, After: now})
		if err != nil {
			return err
		}
	}
	return nil
}
