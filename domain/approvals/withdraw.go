package approvals

import (
	"context"
	"time"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Target is an approval at the version that its submitter has seen, with a word to the approvers of up to 2,000
// characters.
type Target struct {
	ID              publicid.ApprovalID
	ExpectedVersion int
	Opinion         *string
}

// Validate reports everything wrong with the target at once.
func (t Target) Validate() error {
	var c fault.Check
	c.OptText("opinion", t.Opinion, maxOpinion)
	return c.Err()
}

// remindEvery is how long a submitter waits between two reminders of one approval.
const remindEvery = time.Hour

// Withdraw takes a pending approval back. Only its submitter may; needs approval:read. Faults: TOO_LONG, NOT_FOUND,
// NOT_ALLOWED for others than the submitter, VERSION_CONFLICT with the approval as it is now, WRONG_STATE.
func (s *Service) Withdraw(ctx context.Context, t Target) (*ent.Approval, error) {
	return s.own(ctx, t, "withdraw", func(r *run) error {
		err := r.note(ctx, flow.DidWithdraw, nil, func(o *ent.ApprovalOpinionCreate) { o.SetText(given.Trimmed(t.Opinion)) })
		if err != nil {
			return err
		}
		return r.finish(ctx, flow.Withdrawn)
	})
}

// Remind tells everybody who has still to answer once more. Only the submitter may, at most once an hour; needs
// approval:read. Faults as Withdraw's, and LIMIT_REACHED too early.
func (s *Service) Remind(ctx context.Context, t Target) (*ent.Approval, error) {
	return s.own(ctx, t, "remind", func(r *run) error {
		if last := r.approval.RemindedAt; last != nil && r.now.Sub(*last) < remindEvery {
			return fault.New(fault.State, fault.LimitReached, "the approvers were reminded less than an hour ago")
		}
		for _, n := range r.nodes {
			for _, task := range r.tasks[n.ID] {
				if task.State != flow.TaskOpen {
					continue
				}
				who := task.UserID
				err := r.note(ctx, flow.DidRemind, n, func(o *ent.ApprovalOpinionCreate) { o.SetTargetID(who).SetText(given.Trimmed(t.Opinion)) })
				if err != nil {
					return err
				}
				if err := r.Reminders.Tell(ctx, r.tx, due.ApprovalTask, task.ID.UUID(), r.step(), who); err != nil {
					return err
				}
			}
		}
		after, err := r.tx.Approval.UpdateOne(r.approval).SetRemindedAt(r.now).AddVersion(1).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "note a reminder")
		}
		r.approval = after
		return nil
	})
}

// own locks a pending approval that the caller submitted.
func (s *Service) own(ctx context.Context, t Target, action string, step func(*run) error) (now *ent.Approval, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		seen, err := tx.Approval.Query().Where(approval.ID(t.ID), visible(access)).Exist(ctx)
		if err != nil {
			return tenancy.Fault(err, "look up an approval")
		}
		if !seen {
			return fault.NoSuch("approval", "id")
		}
		r, _, err := s.lock(ctx, tx, t.ID)
		switch {
		case err != nil:
			return err
		case r.approval.SubmitterID != access.User():
			return fault.New(fault.State, fault.NotAllowed, "only who submitted it may %s it", action).At("id")
		case r.approval.Version != t.ExpectedVersion:
			now = r.approval
			return fault.Stale("approval")
		case r.approval.State != flow.Pending:
			return fault.New(fault.State, fault.WrongState, "the approval is %s", r.approval.State).At("id")
		}
		before := r.approval
		if err := step(r); err != nil {
			return err
		}
		now = r.approval
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "approval", ID: t.ID.UUID(), Before: before, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// Yield lets an owner decide by itself inside its transaction: it ends the shipped flow, if that is what is pending, as
// Cancel does. WRONG_STATE while one of the tenant's own flows decides.
func (s *Service) Yield(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, why string) error {
	last, err := newest(ctx, tx, kind, id)
	if err != nil {
		return err
	}
	if last != nil && last.State == flow.Pending && last.FlowVersionID != nil {
		return fault.New(fault.State, fault.WrongState, "an approval flow decides on this")
	}
	return s.Cancel(ctx, tx, kind, id, why)
}

// Cancel ends a subject's pending approval inside its owner's transaction, because the owner took the subject elsewhere;
// the subject is not told. Nothing pending: nothing happens.
func (s *Service) Cancel(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, why string) error {
	last, err := newest(ctx, tx, kind, id)
	if err != nil || last == nil || last.State != flow.Pending {
		return err
	}
	r, _, err := s.lock(ctx, tx, last.ID)
	if err != nil || r.approval.State != flow.Pending {
		return err
	}
	if err := r.note(ctx, flow.DidWithdraw, nil, func(o *ent.ApprovalOpinionCreate) { o.SetText(why) }); err != nil {
		return err
	}
	return r.end(ctx, flow.Withdrawn)
}
