package contracts

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/ent/progressline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// remind brings the contract's obligations in line with its dates (J1, J4): its own end, and the instalments, milestones
// and progress lines that are open. Call it in the transaction of everything that moves one of them, or the owner.
func (s *Service) remind(ctx context.Context, tx *ent.Tx, c *ent.Contract) error {
	if !c.Status.OwesObligations() || c.ArchivedAt != nil {
		return nil
	}
	dates, err := dates(ctx, tx, c)
	if err != nil {
		return err
	}
	owed := map[due.Kind]bool{}
	for _, d := range dates {
		owed[d.Kind] = true
	}
	for _, k := range due.OfContract() {
		if owed[k] {
			continue
		}
		if err := s.Obligations.Cancel(ctx, tx, k, c.ID.UUID()); err != nil {
			return err
		}
	}
	return s.owe(ctx, tx, dates...)
}

// owe makes sure that dates are open obligations, those too that were closed before: the contract was suspended, archived
// or its date taken back.
func (s *Service) owe(ctx context.Context, tx *ent.Tx, dates ...due.Date) error {
	if err := s.Obligations.Set(ctx, tx, dates...); err != nil {
		return err
	}
	subjects := map[due.Kind][]uuid.UUID{}
	for _, d := range dates {
		subjects[d.Kind] = append(subjects[d.Kind], d.SubjectID)
	}
	for _, k := range own() {
		if len(subjects[k]) == 0 {
			continue
		}
		if err := s.Obligations.Reopen(ctx, tx, k, subjects[k]...); err != nil {
			return err
		}
	}
	return nil
}

// termDates are what falls due because of the term: its first day, its last, and the last day to decide on what follows,
// unless that is agreed. A contract that goes on by itself has no end to remind of until somebody gave notice.
func termDates(c *ent.Contract, agreed bool) []due.Date {
	var out []due.Date
	add := func(kind due.Kind, on date.Date) {
		out = append(out, due.Date{Kind: kind, SubjectID: c.ID.UUID(), Title: c.Title, DueOn: on})
	}
	if c.EndsOn != nil && (c.Renewal == lifecycle.FixedTerm || c.OptedOutOn != nil) {
		add(due.ContractEnd, *c.EndsOn)
	}
	if c.Status == lifecycle.Signed && c.EffectiveOn != nil {
		add(due.ContractStart, *c.EffectiveOn)
	}
	switch by, ok := term(c).NoticeBy(); {
	case !ok || !c.Status.IsBinding():
	case c.Renewal != lifecycle.FixedTerm:
		add(due.OptOutNotice, by)
	case !agreed:
		add(due.RenewalDecision, by)
	}
	return out
}

// DueDates lists what of a contract falls due in its state: what its term brings, and those of its parts that are open and
// have a firm day; of a suspended one only when that ends. agreed says whether its renewal is agreed.
func DueDates(c *ent.Contract, agreed bool, milestones []*ent.Milestone, instalments []*ent.PaymentPlanLine, work []*ent.ProgressLine) []due.Date {
	var out []due.Date
	switch {
	case c.ArchivedAt != nil:
	case c.Status == lifecycle.Suspended && c.SuspendedUntil != nil:
		out = []due.Date{{Kind: due.SuspensionEnd, SubjectID: c.ID.UUID(), Title: c.Title, DueOn: *c.SuspendedUntil}}
	case c.Status.OwesObligations():
		out = slices.Concat(termDates(c, agreed), instalmentDates(c, instalments), milestoneDates(c, milestones), workDates(c, work))
	}
	for i := range out {
		out[i].ContractID, out[i].Owner, out[i].Department = &c.ID, c.OwnerID, c.DepartmentID
	}
	return out
}

func instalmentDates(c *ent.Contract, instalments []*ent.PaymentPlanLine) (out []due.Date) {
	for _, l := range instalments {
		if l.Awaiting || !l.State.IsOpen() {
			continue
		}
		left := money.Of(l.AmountMinor-l.SettledMinor, c.Currency)
		out = append(out, due.Date{Kind: due.PaymentDue, SubjectID: l.ID.UUID(), Title: c.Title, DueOn: l.DueOn, Amount: &left})
	}
	return out
}

func milestoneDates(c *ent.Contract, milestones []*ent.Milestone) (out []due.Date) {
	for _, m := range milestones {
		if m.State == milestone.Open && m.DueOn != nil {
			out = append(out, due.Date{Kind: due.MilestoneDue, SubjectID: m.ID.UUID(), Title: c.Title + " · " + m.Title, DueOn: *m.DueOn})
		}
	}
	return out
}

func dates(ctx context.Context, tx *ent.Tx, c *ent.Contract) ([]due.Date, error) {
	agreed, err := last(ctx, tx, c.ID, lifecycle.AgreeRenewal)
	if err != nil {
		return nil, err
	}
	lines, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the payment plan")
	}
	milestones, err := tx.Milestone.Query().Where(mil.ContractID(c.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the milestones")
	}
	work, err := tx.ProgressLine.Query().Where(progressline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the progress lines")
	}
	return DueDates(c, agreed != nil, milestones, lines, work), nil
}

// writePlan replaces the payment plan. A plan that money was booked on cannot be replaced as a whole.
func (s *Service) writePlan(ctx context.Context, tx *ent.Tx, c *ent.Contract, mode *plan.Mode, instalments []*Instalment, tolerance int) error {
	if err := setMode(ctx, tx, c, mode, len(instalments)); err != nil {
		return err
	}
	var check fault.Check
	amounts := sums(&check, instalments, money.Of(c.AmountMinor, c.Currency), tolerance)
	if err := check.Err(); err != nil {
		return err
	}
	old, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	ids := make([]uuid.UUID, len(old))
	for i, l := range old {
		if l.SettledMinor != 0 {
			return at(fault.New(fault.State, fault.InUse, "payments are booked on the payment plan; it cannot be replaced"), "paymentPlan")
		}
		ids[i] = l.ID.UUID()
	}
	if err := s.Obligations.Cancel(ctx, tx, due.PaymentDue, ids...); err != nil {
		return err
	}
	_, err = tx.PaymentPlanLine.Delete().Where(paymentplanline.ContractID(c.ID)).Exec(ctx)
	if _, booked := tenancy.ForeignKeyViolation(err); booked { // settled once, and taken back
		return at(fault.New(fault.State, fault.InUse, "payments were booked on the payment plan; it cannot be replaced"), "paymentPlan")
	}
	if err != nil {
		return tenancy.Fault(err, "replace the payment plan")
	}
	rows := make([]*ent.PaymentPlanLineCreate, len(instalments))
	for i, p := range instalments {
		rows[i] = tx.PaymentPlanLine.Create().SetContractID(c.ID).SetPosition(i).SetDueOn(p.DueOn).
			SetAmountMinor(amounts[i].Minor()).SetCurrency(c.Currency).SetNillablePurpose(p.Purpose).
			SetNillableMilestoneID(p.milestone).SetDueDays(p.dueDays).SetAwaiting(p.awaiting)
	}
	return tenancy.Fault(tx.PaymentPlanLine.CreateBulk(rows...).Exec(ctx), "write the payment plan")
}

// setMode keeps how the contract is paid as a whole. A vehicle is paid in one of three ways (HR6); without a word, by the
// number of its instalments.
func setMode(ctx context.Context, tx *ent.Tx, c *ent.Contract, mode *plan.Mode, lines int) error {
	if lines == 0 {
		return tenancy.Fault(tx.Contract.UpdateOneID(c.ID).ClearPaymentMode().Exec(ctx), "clear the payment mode")
	}
	vehicle := c.Kind == lifecycle.Vehicle
	if mode == nil {
		usual := plan.Instalments
		switch lines {
		case 1:
			usual = plan.Single
		case 2:
			usual = plan.DepositBalance
		}
		mode = &usual
	}
	if vehicle && !slices.Contains(plan.Modes(true), *mode) {
		return at(fault.New(fault.Invalid, fault.NotAllowed, "a vehicle is paid by %v", plan.Modes(true)), "paymentPlan")
	}
	c.PaymentMode = mode
	return tenancy.Fault(tx.Contract.UpdateOneID(c.ID).SetPaymentMode(*mode).Exec(ctx), "keep the payment mode")
}

// ReplacePlan takes the place of the contract's payment plan with one that a rule made. It is a change of the contract
// with all that this means: see Update.
func (s *Service) ReplacePlan(ctx context.Context, id publicid.ContractID, expectedVersion int, reason *string, mode plan.Mode, parts []plan.Part) (*ent.Contract, error) {
	instalments := make([]*Instalment, len(parts))
	for i, p := range parts {
		instalments[i] = &Instalment{
			DueOn: p.DueOn, Amount: p.Amount.Amount(), Purpose: &p.Purpose, milestone: p.Milestone, dueDays: p.DueDays, awaiting: p.Awaiting,
		}
	}
	return s.Update(ctx, Change{ID: id, ExpectedVersion: expectedVersion, Reason: reason, Details: Details{PaymentPlan: instalments, mode: &mode}})
}

// writeMilestones replaces the milestones that are open; what is done stays.
func (s *Service) writeMilestones(ctx context.Context, tx *ent.Tx, c *ent.Contract, milestones []*Milestone) error {
	open, err := tx.Milestone.Query().Where(mil.ContractID(c.ID), mil.StateEQ(milestone.Open)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the milestones")
	}
	ids := make([]uuid.UUID, len(open))
	for i, m := range open {
		ids[i] = m.ID.UUID()
	}
	if err := s.Obligations.Cancel(ctx, tx, due.MilestoneDue, ids...); err != nil {
		return err
	}
	_, err = tx.Milestone.Delete().Where(mil.ContractID(c.ID), mil.StateEQ(milestone.Open)).Exec(ctx)
	if _, awaited := tenancy.ForeignKeyViolation(err); awaited {
		return at(fault.New(fault.State, fault.InUse, "instalments wait for the milestones; replace the payment plan first"), "milestones")
	}
	if err != nil {
		return tenancy.Fault(err, "replace the milestones")
	}
	rows := make([]*ent.MilestoneCreate, len(milestones))
	for i, m := range milestones {
		rows[i] = tx.Milestone.Create().SetContractID(c.ID).SetTitle(m.Title).SetNillableDescription(m.Description).
			SetNillableKind(m.Kind).SetNillableDueOn(m.DueOn)
	}
	return tenancy.Fault(tx.Milestone.CreateBulk(rows...).Exec(ctx), "write the milestones")
}

// keepsPlan checks that a new amount still fits the plan that stays.
func keepsPlan(ctx context.Context, tx *ent.Tx, c *ent.Contract, tolerance int) error {
	lines, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	if len(lines) == 0 {
		return nil
	}
	parts := make([]money.Money, len(lines))
	for i, l := range lines {
		parts[i] = money.Of(l.AmountMinor, l.Currency)
	}
	var check fault.Check
	addsUp(&check, parts, money.Of(c.AmountMinor, c.Currency), tolerance)
	return check.Err()
}
