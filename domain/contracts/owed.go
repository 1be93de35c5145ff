package contracts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/progress/work"
	"heyue/domain/settlement/plan"
	"heyue/ent/contract"
	"heyue/ent/contractstep"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/ent/predicate"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Owed lists, for a sweep, every date of the context's tenant that should be reminded of: kind by kind and within a kind
// by subject, at most limit of them, those after the one given (nil for the first). Only kind, subject and day are
// filled in. It asks for no permission: no request reaches it. Faults are INTERNAL or UNAVAILABLE.
func (s *Service) Owed(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	var out []due.Date
	for _, of := range []struct {
		kind due.Kind
		read func(context.Context, uuid.UUID, int) ([]due.Date, error)
	}{
		{due.AcceptanceDue, s.workDue(work.Acceptance)},
		{due.ContractEnd, s.termed(due.ContractEnd, contract.EndsOnNotNil())},
		{due.ContractStart, s.termed(due.ContractStart, contract.StatusEQ(lifecycle.Signed))},
		{due.DeliveryDue, s.workDue(work.Delivery)},
		{due.MilestoneDue, s.milestonesDue},
		{due.OptOutNotice, s.termed(due.OptOutNotice, contract.RenewalNEQ(lifecycle.FixedTerm))},
		{due.PaymentDue, s.paymentsDue},
		{due.RenewalDecision, s.termed(due.RenewalDecision, contract.Not(contract.HasStepsWith(contractstep.EventEQ(lifecycle.AgreeRenewal))))},
		{due.ServiceDue, s.workDue(work.Service)},
		{due.SuspensionEnd, s.resumptions},
	} {
		if len(out) == limit || after != nil && of.kind < after.Kind {
			continue
		}
		var last uuid.UUID
		if after != nil && of.kind == after.Kind {
			last = after.SubjectID
		}
		more, err := of.read(ctx, last, limit-len(out))
		if err != nil {
			return nil, tenancy.Fault(err, "read what is due")
		}
		out = append(out, more...)
	}
	return out, nil
}

// owing are the contracts whose dates are reminded of.
func owing() []predicate.Contract {
	var statuses []lifecycle.Status
	for _, v := range lifecycle.Status("").Values() {
		if st := lifecycle.Status(v); st.OwesObligations() {
			statuses = append(statuses, st)
		}
	}
	return []predicate.Contract{contract.StatusIn(statuses...), contract.ArchivedAtIsNil()}
}

// termed reads the dates of one kind that terms bring. Where only the rule tells which contracts have one, it reads on
// until it has enough.
func (s *Service) termed(kind due.Kind, where predicate.Contract) func(context.Context, uuid.UUID, int) ([]due.Date, error) {
	return func(ctx context.Context, after uuid.UUID, limit int) ([]due.Date, error) {
		var out []due.Date
		for len(out) < limit {
			most := limit - len(out)
			rows, err := s.Client.Contract.Query().Where(append(owing(), where, contract.IDGT(publicid.ContractID(after)))...).
				Order(contract.ByID()).Limit(most).All(ctx)
			if err != nil {
				return nil, err
			}
			for _, c := range rows {
				for _, d := range termDates(c, false) { // those that agreed are not among them where it matters
					if d.Kind == kind {
						out = append(out, d)
					}
				}
				after = c.ID.UUID()
			}
			if len(rows) < most {
				break
			}
		}
		return out, nil
	}
}

// resumptions are the last days of suspensions that end by themselves.
func (s *Service) resumptions(ctx context.Context, after uuid.UUID, limit int) ([]due.Date, error) {
	rows, err := s.Client.Contract.Query().Where(contract.StatusEQ(lifecycle.Suspended), contract.SuspendedUntilNotNil(),
		contract.ArchivedAtIsNil(), contract.IDGT(publicid.ContractID(after))).Order(contract.ByID()).Limit(limit).All(ctx)
	out := make([]due.Date, len(rows))
	for i, c := range rows {
		out[i] = due.Date{Kind: due.SuspensionEnd, SubjectID: c.ID.UUID(), DueOn: *c.SuspendedUntil}
	}
	return out, err
}

func (s *Service) milestonesDue(ctx context.Context, after uuid.UUID, limit int) ([]due.Date, error) {
	rows, err := s.Client.Milestone.Query().Where(mil.StateEQ(milestone.Open), mil.DueOnNotNil(), mil.IDGT(publicid.MilestoneID(after)),
		mil.HasContractWith(owing()...)).Order(mil.ByID()).Limit(limit).All(ctx)
	out := make([]due.Date, len(rows))
	for i, m := range rows {
		out[i] = due.Date{Kind: due.MilestoneDue, SubjectID: m.ID.UUID(), DueOn: *m.DueOn}
	}
	return out, err
}

func (s *Service) paymentsDue(ctx context.Context, after uuid.UUID, limit int) ([]due.Date, error) {
	rows, err := s.Client.PaymentPlanLine.Query().Where(paymentplanline.StateIn(plan.Planned, plan.PartlyPaid), paymentplanline.Awaiting(false),
		paymentplanline.IDGT(publicid.PaymentPlanLineID(after)), paymentplanline.HasContractWith(owing()...)).
		Order(paymentplanline.ByID()).Limit(limit).All(ctx)
	out := make([]due.Date, len(rows))
	for i, l := range rows {
		out[i] = due.Date{Kind: due.PaymentDue, SubjectID: l.ID.UUID(), DueOn: l.DueOn}
	}
	return out, err
}
