package settlement

import (
	"context"
	"slices"
	"strings"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement/payout"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/paymentrequest"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxOpenRequests is how many requests of one contract may wait to be decided or paid at a time.
const MaxOpenRequests = 200

// PayRequest asks to pay money out under a contract.
type PayRequest struct {
	ContractID publicid.ContractID
	// Allocations name the instalments that take parts; what they leave is on account. Without them the instalments take
	// it in the order in which they fall due, less what other requests speak for.
	Allocations []*Allocation
	Amount      money.Input
	WantedOn    *date.Date // today unless given
	Method      plan.Method
	Payee       string
	Bank        *string
	Account     *string
	Invoice     *string
	Purpose     string
	Chosen      []*flow.Choice // who decides, where a flow lets the submitter say
}

// Validate reports everything wrong with the request at once.
func (r PayRequest) Validate() error {
	var c fault.Check
	r.Amount.Positive(&c, "amount")
	c.That(r.Method.Valid(), fault.UnknownValue, "method", "%.20q is not a method of payment", string(r.Method))
	c.Text("payee", r.Payee, 1, 200)
	c.OptText("bank", r.Bank, 200)
	c.OptText("account", r.Account, 64)
	c.OptText("invoice", r.Invoice, 100)
	c.Text("purpose", r.Purpose, 1, MaxReason)
	flow.CheckChoices(&c, "chosen", r.Chosen)
	checkAllocations(&c, r.Allocations)
	return c.Err()
}

// RequestPayment asks a second person to let money be paid out under a payable contract (H3, F8). Nothing is booked until
// it was agreed to and paid; meanwhile what it asks for is spoken for, so that no two requests ask for the same money.
// Needs payment_request:request reaching the contract. Faults: those of PayRequest.Validate; NOT_FOUND at contractId and
// allocations; INCONSISTENT for another currency; OUT_OF_RANGE beyond what the contract and its instalments still take;
// LIMIT_REACHED; WRONG_STATE for a contract that does not bind or is not payable.
func (s *Service) RequestPayment(ctx context.Context, r PayRequest) (made *ent.PaymentRequest, err error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRequestRequest)
	if err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		a, err := s.open(ctx, tx, access, r.ContractID, "contractId")
		if err != nil {
			return err
		}
		content, err := s.wanted(ctx, tx, a, r)
		if err != nil {
			return err
		}
		made, err = tx.PaymentRequest.Create().SetContractID(a.contract.ID).SetContent(content).SetRequestedByID(access.User()).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a payment request")
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "request", Object: "payment_request", ID: made.ID.UUID(), After: made}); err != nil {
			return err
		}
		if s.Approvals == nil {
			return nil
		}
		if err := s.Approvals.Begin(ctx, tx, flow.Payment, made.ID.UUID(), content.Purpose, r.Chosen); err != nil {
			return err
		}
		made, err = tx.PaymentRequest.Get(ctx, made.ID) // a flow that asks nobody else may have decided
		return tenancy.Fault(err, "read a payment request")
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// wanted spells out what is asked for and sees that the account still takes it beside what is asked for already.
func (s *Service) wanted(ctx context.Context, tx *ent.Tx, a *account, r PayRequest) (out payout.Content, err error) {
	if a.contract.Direction != lifecycle.Payable {
		return out, fault.New(fault.State, fault.WrongState, "nothing is paid out under a contract that is %s", a.contract.Direction)
	}
	sum, err := a.sum(r.Amount)
	if err != nil {
		return out, err
	}
	open, err := tx.PaymentRequest.Query().Where(paymentrequest.ContractID(a.contract.ID), paymentrequest.StateIn(payout.Open()...)).All(ctx)
	if err != nil {
		return out, tenancy.Fault(err, "read open payment requests")
	}
	if len(open) >= MaxOpenRequests {
		return out, fault.New(fault.State, fault.LimitReached, "%d requests of the contract are open, which is as many as may be", len(open))
	}
	contents := make([]payout.Content, len(open))
	for i, o := range open {
		contents[i] = o.Content
	}
	a.reserve(payout.Reserved(contents))
	shares, err := a.receive(Receipt{Allocations: r.Allocations}, sum.Minor())
	if err != nil {
		return out, err
	}
	if err := a.takes(sum.Minor(), shares); err != nil {
		return out, err
	}
	out = payout.Content{
		Amount: sum, WantedOn: a.today, Method: r.Method, Payee: strings.TrimSpace(r.Payee), Purpose: strings.TrimSpace(r.Purpose),
		Allocations: []payout.Allocation{},
	}
	given.Set(r.WantedOn, func(d date.Date) { out.WantedOn = d })
	given.Text(r.Bank, func(t string) { out.Bank = t })
	given.Text(r.Account, func(t string) { out.Account = t })
	given.Text(r.Invoice, func(t string) { out.Invoice = t })
	for i, share := range shares {
		if share != 0 {
			out.Allocations = append(out.Allocations, payout.Allocation{LineID: a.lines[i].ID, Amount: a.money(share)})
		}
	}
	return out, nil
}

// reserve counts what is spoken for as settled, in this account only; nothing of it is written.
func (a *account) reserve(total int64, lines map[publicid.PaymentPlanLineID]int64) {
	c := *a.contract
	c.SettledMinor += total
	a.contract, a.lines = &c, slices.Clone(a.lines)
	for i, l := range a.lines {
		line := *l
		line.SettledMinor += lines[l.ID]
		a.lines[i] = &line
	}
}

// takes checks that a sum in these shares keeps within the bounds of the contract and of each line. OUT_OF_RANGE at amount.
func (a *account) takes(amount int64, shares []int64) error {
	if _, err := a.within(entry{amount: amount}); err != nil {
		return err
	}
	for i, share := range shares {
		if share == 0 {
			continue
		}
		if _, _, err := a.booked(a.lines[i], share); err != nil {
			return err
		}
	}
	return nil
}
