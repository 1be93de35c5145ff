package approvals

import (
	"context"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
)

// Addition asks more people at the node of a task: each of them must agree too, whatever the node's mode.
type Addition struct {
	TaskID          publicid.ApprovalTaskID
	ExpectedVersion int
	UserIDs         []publicid.UserID
	Opinion         *string
}

// Validate reports everything wrong with the addition at once.
func (a Addition) Validate() error {
	var c fault.Check
	c.That(len(a.UserIDs) >= 1 && len(a.UserIDs) <= maxPeople, fault.OutOfRange, "userIds", "name 1 to %d users", maxPeople)
	c.OptText("opinion", a.Opinion, maxOpinion)
	return c.Err()
}

// AddSigner lets an approver ask others beside themselves (加签). Needs approval:decide and a task of one's own that is
// open. Faults: those of Validate; NOT_FOUND at taskId or userIds; NOT_ALLOWED for the submitter; DUPLICATE for somebody
// who is asked there already; VERSION_CONFLICT with the task as it is now; WRONG_STATE; LIMIT_REACHED.
func (s *Service) AddSigner(ctx context.Context, a Addition) (*ent.ApprovalTask, error) {
	if err := s.may(ctx, a.Validate); err != nil {
		return nil, err
	}
	return s.act(ctx, a.TaskID, a.ExpectedVersion, "add_signer", func(r *run, n *ent.ApprovalNode, t *ent.ApprovalTask) error {
		if err := r.people(ctx, "userIds", a.UserIDs, !n.Plan.AllowSubmitter); err != nil {
			return err
		}
		for _, u := range a.UserIDs {
			if err := r.free(n, u, "userIds"); err != nil {
				return err
			}
			if _, err := r.add(ctx, n, t.Position, u, flow.FromAdding); err != nil {
				return err
			}
			target := u
			err := r.note(ctx, flow.DidAdd, n, func(o *ent.ApprovalOpinionCreate) {
				o.SetNillablePrincipalID(t.PrincipalID).SetTargetID(target).SetText(given.Trimmed(a.Opinion))
			})
			if err != nil {
				return err
			}
		}
		if err := r.save(ctx, t, func(*ent.ApprovalTaskUpdateOne) {}); err != nil { // its version goes up with its node
			return err
		}
		return r.advance(ctx)
	})
}

// Handover passes a task to somebody else, who then decides in its place.
type Handover struct {
	TaskID          publicid.ApprovalTaskID
	ExpectedVersion int
	UserID          publicid.UserID
	Opinion         *string
}

// Validate reports everything wrong with the handover at once.
func (h Handover) Validate() error {
	var c fault.Check
	c.OptText("opinion", h.Opinion, maxOpinion)
	return c.Err()
}

// Forward gives the caller's task to somebody else (转交). Needs approval:decide and a task of one's own that is open.
// Faults as AddSigner's, at userId.
func (s *Service) Forward(ctx context.Context, h Handover) (*ent.ApprovalTask, error) {
	if err := s.may(ctx, h.Validate); err != nil {
		return nil, err
	}
	return s.act(ctx, h.TaskID, h.ExpectedVersion, "forward", func(r *run, n *ent.ApprovalNode, t *ent.ApprovalTask) error {
		if err := r.people(ctx, "userId", []publicid.UserID{h.UserID}, !n.Plan.AllowSubmitter); err != nil {
			return err
		}
		if err := r.free(n, h.UserID, "userId"); err != nil {
			return err
		}
		if err := r.close(ctx, n, t, flow.TaskPassed, flow.DidForward, h.Opinion, &h.UserID); err != nil {
			return err
		}
		if _, err := r.add(ctx, n, t.Position, h.UserID, heir(t, flow.FromForward)); err != nil {
			return err
		}
		return r.advance(ctx)
	})
}

// heir is the origin of a task that takes another's place: who must agree beyond the mode still must.
func heir(t *ent.ApprovalTask, origin flow.Origin) flow.Origin {
	if t.Origin == flow.FromAdding {
		return flow.FromAdding
	}
	return origin
}

// free wants somebody who has no say at the node yet.
func (r *run) free(n *ent.ApprovalNode, u publicid.UserID, field string) error {
	for _, t := range r.seated(n) {
		if t.UserID == u && (t.State == flow.TaskOpen || t.State == flow.TaskWaiting || t.State.Decided()) {
			return fault.New(fault.Invalid, fault.Duplicate, "the user is asked at this node already").At(field)
		}
	}
	return nil
}

// may asks for approval:decide and then for a valid input.
func (s *Service) may(ctx context.Context, validate func() error) error {
	if _, err := s.Policies.Require(ctx, policies.ApprovalDecide); err != nil {
		return err
	}
	return validate()
}
