package changes

import (
	"context"
	"time"

	"heyue/domain/changes/terms"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/contracttext"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// AsOf returns a contract as it was, or as far as is known will be, in force on a day, as it was known at a moment: title,
// description, amount, term, renewal, parties, lines, payment plan and the values of its text's slots are those of then; all
// else is as it is now. The day is today and the moment now unless given; before its first change a contract is what was
// agreed. The edges parties, lines, payment_plan and texts are loaded. Nil when the caller sees no such contract. Needs
// contract:read.
func (s *Service) AsOf(ctx context.Context, id publicid.ContractID, asOf *date.Date, knownAt *time.Time) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	var then *ent.Contract
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		c, sheet, err := s.then(ctx, tx, access, id, asOf, knownAt)
		if err != nil || c == nil {
			return err
		}
		then, err = s.overlay(ctx, tx, c, sheet)
		return err
	})
	if err != nil {
		return nil, err
	}
	return then, nil
}

// then replays the record of a contract that access reaches; a nil contract when there is none. The contract is locked
// against being changed meanwhile, so that rows and record are of one moment.
func (s *Service) then(ctx context.Context, tx *ent.Tx, access policies.Access, id publicid.ContractID, asOf *date.Date, knownAt *time.Time) (*ent.Contract, terms.Sheet, error) {
	c, err := tx.Contract.Query().Where(contract.ID(id), access.Where).ForShare().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, terms.Sheet{}, nil
	}
	if err != nil {
		return nil, terms.Sheet{}, tenancy.Fault(err, "look up a contract")
	}
	l, err := s.open(ctx, tx, c)
	if err != nil {
		return nil, terms.Sheet{}, err
	}
	day := l.first(asOf)
	if knownAt == nil || knownAt.After(l.now) {
		sheet, err := l.at(day)
		return c, sheet, err
	}
	sheet, err := terms.Replay(l.base(), l.entries(), day, *knownAt)
	return c, sheet, err
}

// overlay gives a contract other terms. Rows that are still there keep what happened under them.
func (s *Service) overlay(ctx context.Context, tx *ent.Tx, c *ent.Contract, sheet terms.Sheet) (*ent.Contract, error) {
	then := *c
	then.Title, then.Description = sheet.Title, sheet.Description
	then.AmountMinor, then.Currency = sheet.Amount.Minor(), sheet.Amount.Currency()
	then.EffectiveOn, then.EndsOn = sheet.EffectiveOn, sheet.EndsOn
	then.Renewal, then.RenewalMonths, then.NoticeDays = sheet.Renewal, sheet.RenewalMonths, sheet.NoticeDays
	then.Edges.Parties = []*ent.ContractParty{}
	for i, p := range sheet.Parties {
		then.Edges.Parties = append(then.Edges.Parties, &ent.ContractParty{
			ID: p.ID, ContractID: c.ID, TenantID: c.TenantID, Position: i, Role: p.Role, Name: p.Name, CreditCode: p.CreditCode,
			Representative: p.Representative, CustomerID: p.CustomerID,
		})
	}
	then.Edges.Lines = []*ent.ContractLine{}
	for i, l := range sheet.Lines {
		then.Edges.Lines = append(then.Edges.Lines, &ent.ContractLine{
			ID: l.ID, ContractID: c.ID, TenantID: c.TenantID, Position: i, Description: l.Description, Model: l.Model, Specification: l.Specification,
			Quantity: l.Quantity, Unit: l.Unit, UnitPrice: l.UnitPrice, AmountMinor: l.AmountMinor, DeliveryOn: l.DeliveryOn,
		})
	}
	rows, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the payment plan")
	}
	then.Edges.PaymentPlan = instalments(c, sheet, rows)
	text, err := tx.ContractText.Query().Where(contracttext.ContractID(c.ID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		then.Edges.Texts = []*ent.ContractText{}
	case err != nil:
		return nil, tenancy.Fault(err, "read a contract's text")
	default:
		text.Slots = sheet.Slots
		then.Edges.Texts = []*ent.ContractText{text}
	}
	return &then, nil
}

func instalments(c *ent.Contract, sheet terms.Sheet, rows []*ent.PaymentPlanLine) []*ent.PaymentPlanLine {
	there := map[publicid.PaymentPlanLineID]*ent.PaymentPlanLine{}
	for _, r := range rows {
		there[r.ID] = r
	}
	out := []*ent.PaymentPlanLine{}
	for i, p := range sheet.Plan {
		row := there[p.ID]
		if row == nil {
			row = &ent.PaymentPlanLine{ID: p.ID, ContractID: c.ID, TenantID: c.TenantID, Version: 1, State: plan.Planned}
		}
		row.Position, row.DueOn, row.AmountMinor, row.Currency, row.Purpose = i, p.DueOn, p.AmountMinor, sheet.Amount.Currency(), p.Purpose
		row.MilestoneID, row.DueDays = p.Waits.MilestoneID, p.Waits.Days
		if p.Cancelled {
			row.State = plan.Cancelled
		}
		out = append(out, row)
	}
	return out
}
