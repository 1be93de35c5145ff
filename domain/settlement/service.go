// Package settlement keeps the account of a contract: how its payment plan is made, what was received or paid, given
// back or reversed, and which instalments that settles; who asked to pay money out and who agreed (H1–H5, F8). Entries are
// only ever added. Every posting locks the contract and its plan, asks package plan, and moves the running totals, which
// the tables hold within bounds; the reminders follow in the same transaction.
package settlement

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/paymentplanline"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Obligations keeps due dates and their reminders inside the caller's transaction; see package alerts.
type Obligations interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// Plans writes the payment plan of a contract as a change of the contract, with the contract's rules of who may change
// what when; see package contracts.
type Plans interface {
	ReplacePlan(ctx context.Context, id publicid.ContractID, expectedVersion int, reason *string, mode plan.Mode, parts []plan.Part) (*ent.Contract, error)
	Rebill(ctx context.Context, tx *ent.Tx, c *ent.Contract, reason string, edit func() error) (*ent.Contract, error)
}

// Approvals is the engine that finds who must decide on a bill edit or a payment request, which kind says. It calls
// BillEditDecided and BillEditTakenBack, PaymentRequestDecided and PaymentRequestTakenBack when they have. Its methods run
// in the transaction of the request, with the contract locked.
type Approvals interface {
	// Begin starts the flow that fits, with what was said to it.
	Begin(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, note string, chosen []*flow.Choice) error
	// Yield lets whoever may decide without a flow do so; WRONG_STATE while a flow of the tenant's decides.
	Yield(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error
	// Cancel ends what is pending, because it was taken back.
	Cancel(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error
}

// Service is the account's use cases.
type Service struct {
	Client      *ent.Client
	Policies    *policies.Engine
	Audit       audit.Recorder
	Obligations Obligations
	Plans       Plans
	Approvals   Approvals // nil: people with bill_edit:decide and payment_request:decide decide
	Lister      listing.Lister
	Clock       clock.Clock
}

// account is a contract with its plan, both locked, as a posting needs them.
type account struct {
	contract *ent.Contract
	lines    []*ent.PaymentPlanLine // that were not cancelled, in the order in which they fall due
	today    date.Date
	excess   int  // basis points
	gap      int  // between the plan and the amount, basis points
	asked    bool // money goes out only after somebody agreed
}

// open locks a contract that access reaches, and then its plan: always in this order, so that postings queue and never
// wait for each other in a circle. Faults: NOT_FOUND at field; WRONG_STATE for a contract that does not bind.
func (s *Service) open(ctx context.Context, tx *ent.Tx, access policies.Access, id publicid.ContractID, field string) (*account, error) {
	c, err := tx.Contract.Query().Where(contract.ID(id), access.Where).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("contract", field)
	}
	if err != nil {
		return nil, tenancy.Fault(err, "load a contract")
	}
	return s.account(ctx, tx, c)
}

// account completes a locked contract with its plan. Faults: WRONG_STATE for a contract that does not bind.
func (s *Service) account(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*account, error) {
	if !c.Status.IsBinding() && !c.Status.IsEnded() || c.ArchivedAt != nil {
		return nil, fault.New(fault.State, fault.WrongState, "nothing can be booked on a contract that is %s", c.Status)
	}
	lines, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID), paymentplanline.StateNEQ(plan.Cancelled)).
		Order(ent.Asc(paymentplanline.FieldDueOn, paymentplanline.FieldPosition)).ForUpdate().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "load a payment plan")
	}
	here, today, err := tenancy.Local(ctx, tx.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	return &account{c, lines, today, here.ReceiptExcess, here.PlanTolerance, here.PaymentRequestsRequired && c.Direction == lifecycle.Payable}, nil
}

func (a *account) money(minor int64) money.Money { return money.Of(minor, a.contract.Currency) }

// onAccount is the money that settles no instalment.
func (a *account) onAccount() int64 { return a.contract.SettledMinor - a.contract.AllocatedMinor }

func (a *account) open() []plan.Open {
	out := make([]plan.Open, len(a.lines))
	for i, l := range a.lines {
		out[i] = plan.Open{Planned: l.AmountMinor, Settled: l.SettledMinor}
	}
	return out
}

// find gives the place of a line in the plan.
func (a *account) find(id publicid.PaymentPlanLineID) (int, bool) {
	for i, l := range a.lines {
		if l.ID == id {
			return i, true
		}
	}
	return 0, false
}

// sum reads an amount in the contract's currency.
func (a *account) sum(in money.Input) (money.Money, error) {
	sum, err := money.FromDecimal(in.Amount, in.Currency)
	if err != nil {
		return sum, err
	}
	if sum.Currency() != a.contract.Currency {
		return sum, fault.New(fault.Invalid, fault.Inconsistent, "the contract is in %s", a.contract.Currency).At("amount")
	}
	return sum, nil
}

// day is when an entry happened: today unless given, never in the future.
func (a *account) day(given *date.Date) (date.Date, error) {
	if given == nil {
		return a.today, nil
	}
	if given.After(a.today) {
		return a.today, fault.New(fault.Invalid, fault.OutOfRange, "paidOn is in the future").At("paidOn")
	}
	return *given, nil
}
