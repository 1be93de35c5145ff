package settlement

import (
	"context"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	mil "heyue/ent/milestone"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Stage is a milestone that a part of the contract's amount waits for.
type Stage struct {
	MilestoneID publicid.MilestoneID
	Percent     int
	Days        *int // from the milestone to the payment; none unless given
}

// Generation is a rule to make a payment plan of a contract from.
type Generation struct {
	ContractID  publicid.ContractID
	Rule        plan.Rule
	Deposit     *money.Decimal
	FirstOn     *date.Date // the first day of the term unless given
	LastOn      *date.Date // the last day of the term unless given
	Count       *int
	EveryMonths *int // 1 unless given
	DayOfMonth  *int // that of FirstOn unless given
	Stages      []*Stage
}

// Preview makes a payment plan from a rule, to be looked at. Needs contract:read. Faults: those of plan.Generate;
// NOT_FOUND.
func (s *Service) Preview(ctx context.Context, g Generation) ([]*plan.Part, error) {
	c, err := s.contract(ctx, g.ContractID)
	if err != nil {
		return nil, err
	}
	parts, err := s.generate(ctx, c, g)
	if err != nil {
		return nil, err
	}
	out := make([]*plan.Part, len(parts))
	for i := range parts {
		out[i] = &parts[i]
	}
	return out, nil
}

// Replacement is a rule whose plan takes the place of the plan of a contract at ExpectedVersion. A contract that binds
// needs a Reason.
type Replacement struct {
	Generation
	ExpectedVersion int
	Reason          *string
}

// Generate makes a payment plan from a rule and puts it in the place of the contract's. Needs contract:update. Faults:
// those of plan.Generate; NOT_FOUND; VERSION_CONFLICT, then the contract as it is comes with the error; those of a change
// of the contract: REQUIRED reason, WRONG_STATE, IN_USE.
func (s *Service) Generate(ctx context.Context, r Replacement) (*ent.Contract, error) {
	if _, err := s.Policies.Require(ctx, policies.ContractUpdate); err != nil {
		return nil, err
	}
	c, err := s.contract(ctx, r.ContractID)
	if err != nil {
		return nil, err
	}
	if c.Version != r.ExpectedVersion {
		return c, fault.Stale("contract")
	}
	parts, err := s.generate(ctx, c, r.Generation)
	if err != nil {
		return nil, err
	}
	return s.Plans.ReplacePlan(ctx, c.ID, r.ExpectedVersion, r.Reason, r.Rule.Mode(), parts) // of the very version that was read
}

func (s *Service) contract(ctx context.Context, id publicid.ContractID) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	c, err := s.Client.Contract.Query().Where(contract.ID(id), access.Where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("contract", "contractId")
	}
	return c, tenancy.Fault(err, "look up a contract")
}

func (s *Service) generate(ctx context.Context, c *ent.Contract, g Generation) ([]plan.Part, error) {
	terms, err := s.terms(ctx, c, g)
	if err != nil {
		return nil, err
	}
	return plan.Generate(terms)
}

// terms reads what the rule needs, with the contract's own dates where none are given.
func (s *Service) terms(ctx context.Context, c *ent.Contract, g Generation) (plan.Terms, error) {
	t := plan.Terms{
		Rule: g.Rule, Total: money.Of(c.AmountMinor, c.Currency), Vehicle: c.Kind == lifecycle.Vehicle, Deposit: money.Of(0, c.Currency),
		FirstOn: given.Or(g.FirstOn, c.EffectiveOn), LastOn: given.Or(g.LastOn, c.EndsOn), EveryMonths: 1,
	}
	if g.Deposit != nil {
		d, err := money.FromDecimal(*g.Deposit, c.Currency)
		if err != nil {
			return t, fault.All(err)[0].At("deposit")
		}
		t.Deposit = d
	}
	if g.Count != nil {
		t.Count = *g.Count
	}
	if g.EveryMonths != nil {
		t.EveryMonths = *g.EveryMonths
	}
	if t.DayOfMonth = t.FirstOn.Day; g.DayOfMonth != nil {
		t.DayOfMonth = *g.DayOfMonth
	}
	return t, s.stages(ctx, c, g.Stages, &t)
}

func (s *Service) stages(ctx context.Context, c *ent.Contract, list []*Stage, t *plan.Terms) error {
	if len(list) == 0 {
		return nil
	}
	there, err := s.Client.Milestone.Query().Where(mil.ContractID(c.ID), mil.StateNEQ(milestone.Cancelled)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the milestones")
	}
	known := map[publicid.MilestoneID]*ent.Milestone{}
	for _, m := range there {
		known[m.ID] = m
	}
	var check fault.Check
	for i, in := range list {
		m, ok := known[in.MilestoneID]
		if !ok {
			check.Index("stages", i, func(c *fault.Check) { c.Add(fault.Missing, "milestoneId", "milestone not found") })
			continue
		}
		stage := plan.Stage{Milestone: m.ID, On: given.Or(m.DoneOn, m.DueOn), Reached: m.State == milestone.Done, Percent: in.Percent}
		if in.Days != nil {
			stage.Days = *in.Days
		}
		t.Stages = append(t.Stages, stage)
	}
	return check.Err()
}
