package isolation

import (
	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/payout"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/payment"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// bill asks for a correction of the contract's payment and of its instalment, and for a payment of the latter.
func (p *population) bill(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	pay, err := tx.Payment.Query().Where(payment.ContractID(p.agreement.ID)).First(ctx)
	if err != nil {
		return err
	}
	l, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(p.agreement.ID)).First(ctx)
	if err != nil {
		return err
	}
	entry := billedit.Entry{
		Kind: plan.PaymentEntry, Amount: money.Of(100, money.CNY), PaidOn: date.MustParse("2026-05-01"), Method: plan.Cash, Reference: p.m, Note: p.m,
		Allocations: []billedit.Allocation{{LineID: l.ID, Amount: money.Of(100, money.CNY)}},
	}
	line := billedit.Line{ID: l.ID, DueOn: date.MustParse("2026-07-01"), Amount: money.Of(10000, money.CNY), Purpose: p.m}
	e, err := tx.BillEdit.Create().SetContractID(p.agreement.ID).SetPaymentID(pay.ID).SetReason(p.m).SetBefore(billedit.Content{Entry: &entry}).
		SetAfter(billedit.Content{Entry: &entry, Lines: []billedit.Line{line}}).SetRequestedByID(p.user).SetOpinion(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixBillEditID, e.ID.String())
	wanted := payout.Content{
		Amount: money.Of(100, money.CNY), WantedOn: date.MustParse("2026-07-01"), Method: plan.BankTransfer, Payee: p.m, Bank: p.m, Account: p.m, Invoice: p.m,
		Purpose: p.m, Allocations: []payout.Allocation{{LineID: l.ID, Amount: money.Of(100, money.CNY)}},
	}
	r, err := tx.PaymentRequest.Create().SetContractID(p.agreement.ID).SetContent(wanted).SetRequestedByID(p.user).SetOpinion(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixPaymentRequestID, r.ID.String())
	return nil
}
