package contracts

import (
	"context"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/milestone"
	"heyue/ent"
	"heyue/ent/contract"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MilestoneTarget is a milestone at the version that the caller has seen, and the day it was reached.
type MilestoneTarget struct {
	ID              publicid.MilestoneID
	ExpectedVersion int
	DoneOn          *date.Date // today unless given
}

// CompleteMilestone records that a milestone was reached; it is no longer reminded of. Needs milestone:complete
// reaching its contract. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE, OUT_OF_RANGE for a day in the future.
func (s *Service) CompleteMilestone(ctx context.Context, t MilestoneTarget) (done *ent.Milestone, err error) {
	access, err := s.Policies.Require(ctx, policies.MilestoneComplete)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		done, err = s.complete(ctx, tx, access, t)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return done, err
}

func (s *Service) complete(ctx context.Context, tx *ent.Tx, access policies.Access, t MilestoneTarget) (*ent.Milestone, error) {
	// The contract first, as everybody does who changes its parts.
	c, err := tx.Contract.Query().Where(contract.HasMilestonesWith(mil.ID(t.ID)), access.Where).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("milestone", "id")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "load a contract")
	}
	m, err := tx.Milestone.Query().Where(mil.ID(t.ID), mil.ContractID(c.ID)).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("milestone", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a milestone")
	case m.Version != t.ExpectedVersion:
		return m, fault.Stale("milestone")
	case m.State != milestone.Open:
		return nil, fault.New(fault.State, fault.WrongState, "the milestone is %s", m.State)
	}
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	day := here.today
	if t.DoneOn != nil {
		day = *t.DoneOn
	}
	if day.After(here.today) {
		return nil, at(fault.New(fault.Invalid, fault.OutOfRange, "doneOn is in the future"), "doneOn")
	}
	now, err := tx.Milestone.UpdateOne(m).SetState(milestone.Done).SetDoneOn(day).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a milestone")
	}
	if err := s.Obligations.Meet(ctx, tx, due.MilestoneDue, m.ID.UUID()); err != nil {
		return nil, err
	}
	if err := s.fallDue(ctx, tx, c, now); err != nil {
		return nil, err
	}
	return now, s.Audit.Record(ctx, tx, audit.Entry{Action: "complete", Object: "milestone", ID: m.ID.UUID(), Before: m, After: now})
}

// fallDue makes the instalments that waited for a milestone due, counted from the day it was reached, and reminds of them.
func (s *Service) fallDue(ctx context.Context, tx *ent.Tx, c *ent.Contract, m *ent.Milestone) error {
	waiting, err := tx.PaymentPlanLine.Query().Where(paymentplanline.MilestoneID(m.ID), paymentplanline.Awaiting(true)).ForUpdate().All(ctx)
	if err != nil || len(waiting) == 0 {
		return tenancy.Fault(err, "read the instalments that wait")
	}
	for _, l := range waiting {
		err := tx.PaymentPlanLine.UpdateOne(l).SetAwaiting(false).SetDueOn(m.DoneOn.AddDays(l.DueDays)).AddVersion(1).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "make an instalment due")
		}
	}
	return s.remind(ctx, tx, c)
}
