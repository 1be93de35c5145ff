package progress

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/milestone"
	"heyue/domain/progress/work"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxNextSteps is how many next steps an overview names; the rest is behind them.
const MaxNextSteps = 50

// Overview is where a contract's execution stands on a day: plan against actual, what is overdue and what comes next (I1,
// I2, I4).
type Overview struct {
	Contract *ent.Contract
	Today    date.Date
	Percent  *money.Decimal // of all lines by weight; nil when there is nothing to do
	Kinds    []*OfKind
	Lines    []*ent.ProgressLine
	Payment  Payment
	steps    []*Step
}

// OfKind is the progress of one kind of line. Cancelled lines do not count.
type OfKind struct {
	Kind                 work.Kind
	Lines, Done, Overdue int
	Percent              *money.Decimal
}

// Payment is how far a contract is settled.
type Payment struct {
	Amount, Settled    money.Money
	Percent            *money.Decimal // of the amount, at most 100; nil for a contract without an amount
	Overdue            money.Money    // what is left of instalments whose day has passed
	OverdueInstalments int
	NextDueOn          *date.Date // the next day from today on which an instalment falls due
}

// Step is something that is to be done: a progress line, an instalment or a milestone that is open.
type Step struct {
	Kind     due.Kind
	Subject  uuid.UUID
	Title    string
	DueOn    date.Date
	DaysLeft int // negative when it is overdue
	Overdue  bool
	Amount   *money.Money // what is left of an instalment
}

// SubjectID is the public id of the line, instalment or milestone.
func (s *Step) SubjectID() string {
	switch s.Kind {
	case due.PaymentDue:
		return publicid.PaymentPlanLineID(s.Subject).String()
	case due.MilestoneDue:
		return publicid.MilestoneID(s.Subject).String()
	default:
		return publicid.ProgressLineID(s.Subject).String()
	}
}

// NextSteps are the open steps by day, overdue ones first; first of them, at most MaxNextSteps.
func (o *Overview) NextSteps(first *int) []*Step {
	n := MaxNextSteps
	if first != nil {
		n = min(max(*first, 0), MaxNextSteps)
	}
	return o.steps[:min(n, len(o.steps))]
}

// Of returns the overview of a contract the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Of(ctx context.Context, id publicid.ContractID) (*Overview, error) {
	all, err := s.Overviews(ctx, []publicid.ContractID{id})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Overviews returns the overview of those of the given contracts that the caller may see, in no order, in a few statements for
// all of them. Needs contract:read.
func (s *Service) Overviews(ctx context.Context, ids []publicid.ContractID) ([]*Overview, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	contracts, err := s.Client.Contract.Query().Where(listing.AnyOf(contract.FieldID, ids), access.Where).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look up contracts")
	}
	today, err := s.today(ctx, s.Client.Tenant)
	if err != nil {
		return nil, err
	}
	ids, out := make([]publicid.ContractID, len(contracts)), make([]*Overview, len(contracts))
	at := make(map[publicid.ContractID]*Overview, len(contracts))
	for i, c := range contracts {
		out[i] = &Overview{Contract: c, Today: today, Lines: []*ent.ProgressLine{}, Payment: payment(c)}
		ids[i], at[c.ID] = c.ID, out[i]
	}
	lines, err := s.LinesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		at[l.ContractID].line(l)
	}
	if err := s.instalments(ctx, ids, at); err != nil {
		return nil, err
	}
	if err := s.milestones(ctx, ids, at); err != nil {
		return nil, err
	}
	for _, o := range at {
		o.finish()
	}
	return out, nil
}

func payment(c *ent.Contract) Payment {
	p := Payment{Amount: money.Of(c.AmountMinor, c.Currency), Settled: money.Of(c.SettledMinor, c.Currency), Overdue: money.Of(0, c.Currency)}
	if share, ok := work.Share(c.SettledMinor, c.AmountMinor); ok {
		p.Percent = &share
	}
	return p
}

func (s *Service) instalments(ctx context.Context, ids []publicid.ContractID, at map[publicid.ContractID]*Overview) error {
	rows, err := s.Client.PaymentPlanLine.Query().Where(listing.AnyOf(paymentplanline.FieldContractID, ids),
		paymentplanline.StateIn(plan.Planned, plan.PartlyPaid)).Order(ent.Asc(paymentplanline.FieldDueOn, paymentplanline.FieldPosition)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read instalments")
	}
	for _, l := range rows {
		at[l.ContractID].instalment(l)
	}
	return nil
}

func (s *Service) milestones(ctx context.Context, ids []publicid.ContractID, at map[publicid.ContractID]*Overview) error {
	rows, err := s.Client.Milestone.Query().Where(listing.AnyOf(mil.FieldContractID, ids), mil.StateEQ(milestone.Open), mil.DueOnNotNil()).
		Order(ent.Asc(mil.FieldDueOn, mil.FieldID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read milestones")
	}
	for _, m := range rows {
		at[m.ContractID].step(Step{Kind: due.MilestoneDue, Subject: m.ID.UUID(), Title: m.Title, DueOn: *m.DueOn})
	}
	return nil
}

func (o *Overview) line(l *ent.ProgressLine) {
	o.Lines = append(o.Lines, l)
	if l.State.IsOpen() {
		o.step(Step{Kind: l.Kind.Due(), Subject: l.ID.UUID(), Title: l.Title, DueOn: l.PlannedOn})
	}
}

// instalment counts an open instalment. One that waits for its milestone has no day yet: it is neither overdue nor next.
func (o *Overview) instalment(l *ent.PaymentPlanLine) {
	left := money.Of(l.AmountMinor-l.SettledMinor, l.Currency)
	if l.Awaiting {
		return
	}
	o.step(Step{Kind: due.PaymentDue, Subject: l.ID.UUID(), Title: l.Purpose, DueOn: l.DueOn, Amount: &left})
	if o.late(l.DueOn) {
		o.Payment.OverdueInstalments++
		o.Payment.Overdue = money.Of(o.Payment.Overdue.Minor()+left.Minor(), l.Currency)
	}
	if o.Payment.NextDueOn == nil && !l.DueOn.Before(o.Today) {
		o.Payment.NextDueOn = &l.DueOn
	}
}

func (o *Overview) late(day date.Date) bool { return standsFor(o.Contract) && day.Before(o.Today) }

func (o *Overview) step(st Step) {
	st.DaysLeft, st.Overdue = st.DueOn.Since(o.Today), o.late(st.DueOn)
	o.steps = append(o.steps, &st)
}

// finish reckons what needs all lines.
func (o *Overview) finish() {
	slices.SortStableFunc(o.steps, func(a, b *Step) int {
		return cmp.Or(a.DueOn.Compare(b.DueOn), cmp.Compare(a.Kind, b.Kind))
	})
	byKind := map[work.Kind][]work.Part{}
	var all []work.Part
	counts := map[work.Kind]*OfKind{}
	for _, l := range o.Lines {
		if l.State == work.Cancelled {
			continue
		}
		p := part(l)
		all, byKind[l.Kind] = append(all, p), append(byKind[l.Kind], p)
		k := counts[l.Kind]
		if k == nil {
			k = &OfKind{Kind: l.Kind}
			counts[l.Kind] = k
		}
		k.Lines++
		if l.State == work.Done {
			k.Done++
		} else if o.late(l.PlannedOn) {
			k.Overdue++
		}
	}
	o.Kinds = []*OfKind{}
	for _, kind := range work.Kinds() {
		if k := counts[kind]; k != nil {
			k.Percent = complete(byKind[kind])
			o.Kinds = append(o.Kinds, k)
		}
	}
	o.Percent = complete(all)
}

func complete(parts []work.Part) *money.Decimal {
	if done, ok := work.Complete(parts); ok {
		return &done
	}
	return nil
}
