package contracts

import (
	"context"

	"heyue/domain/changes/terms"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/paymentplanline"
	"heyue/platform/money"
	"heyue/tenancy"
)

// Terms reads what of a contract a change order can change, as its rows say it now.
func (s *Service) Terms(ctx context.Context, tx *ent.Tx, c *ent.Contract) (terms.Sheet, error) {
	sheet := terms.Sheet{
		Title: c.Title, Description: c.Description, Amount: money.Of(c.AmountMinor, c.Currency), EffectiveOn: c.EffectiveOn, EndsOn: c.EndsOn,
		Renewal: c.Renewal, RenewalMonths: c.RenewalMonths, NoticeDays: c.NoticeDays,
	}
	parties, err := tx.ContractParty.Query().Where(contractparty.ContractID(c.ID)).Order(ent.Asc(contractparty.FieldPosition)).All(ctx)
	if err != nil {
		return sheet, tenancy.Fault(err, "read parties")
	}
	for _, p := range parties {
		sheet.Parties = append(sheet.Parties, terms.Party{
			ID: p.ID, Role: p.Role, Name: p.Name, CreditCode: p.CreditCode, Representative: p.Representative, CustomerID: p.CustomerID,
		})
	}
	lines, err := tx.ContractLine.Query().Where(contractline.ContractID(c.ID)).Order(ent.Asc(contractline.FieldPosition)).All(ctx)
	if err != nil {
		return sheet, tenancy.Fault(err, "read lines")
	}
	for _, l := range lines {
		sheet.Lines = append(sheet.Lines, terms.Line{
			ID: l.ID, Description: l.Description, Model: l.Model, Specification: l.Specification, Unit: l.Unit, Quantity: l.Quantity,
			UnitPrice: l.UnitPrice, AmountMinor: l.AmountMinor, DeliveryOn: l.DeliveryOn,
		})
	}
	instalments, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).Order(ent.Asc(paymentplanline.FieldPosition)).All(ctx)
	if err != nil {
		return sheet, tenancy.Fault(err, "read the payment plan")
	}
	for _, l := range instalments {
		sheet.Plan = append(sheet.Plan, terms.Instalment{
			ID: l.ID, DueOn: l.DueOn, AmountMinor: l.AmountMinor, Purpose: l.Purpose,
			Waits: terms.Waits{MilestoneID: l.MilestoneID, Days: l.DueDays}, Cancelled: l.State == plan.Cancelled,
		})
	}
	if s.Wordings != nil {
		sheet.Slots, err = s.Wordings.Values(ctx, tx, c.ID)
	}
	return sheet, err
}
