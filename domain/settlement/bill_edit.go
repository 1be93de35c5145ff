package settlement

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/payment"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxReason is how many characters the reason of a bill edit and the opinion on it have at most.
const MaxReason = 2000

// Instalment is how one recorded instalment shall stand; what is nil stays.
type Instalment struct {
	PlanLineID publicid.PaymentPlanLineID
	DueOn      *date.Date
	Amount     *money.Decimal // in the contract's currency
	Purpose    *string
}

// PlanEdit asks to change recorded instalments of a contract.
type PlanEdit struct {
	ContractID publicid.ContractID
	Lines      []*Instalment
	Reason     string
	Chosen     []*flow.Choice // who decides, where a flow lets the submitter say
}

// Validate reports everything wrong with the request at once.
func (e PlanEdit) Validate() error {
	var c fault.Check
	c.Text("reason", e.Reason, 1, MaxReason)
	flow.CheckChoices(&c, "chosen", e.Chosen)
	c.That(len(e.Lines) > 0, fault.Required, "lines", "name the instalments to change")
	c.That(len(e.Lines) <= plan.MaxLines, fault.LimitReached, "lines", "at most %d instalments can be named", plan.MaxLines)
	seen := map[publicid.PaymentPlanLineID]bool{}
	for i, l := range e.Lines {
		c.Index("lines", i, func(c *fault.Check) {
			c.That(!seen[l.PlanLineID], fault.Duplicate, "planLineId", "the instalment is named twice")
			c.That(l.Amount == nil || l.Amount.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
			c.OptText("purpose", l.Purpose, 200)
		})
		seen[l.PlanLineID] = true
	}
	return c.Err()
}

// EntryEdit asks to correct a payment or a refund; what is nil stays. Allocations are the new entry's; left out, they stay
// while the amount does, and else are made by the usual rules.
type EntryEdit struct {
	PaymentID   publicid.PaymentID
	Amount      *money.Decimal // more than zero, in the contract's currency
	PaidOn      *date.Date
	Method      *plan.Method
	Reference   *string
	Note        *string
	Allocations []*Allocation
	Reason      string
	Chosen      []*flow.Choice // who decides, where a flow lets the submitter say
}

// Validate reports everything wrong with the request at once.
func (e EntryEdit) Validate() error {
	var c fault.Check
	c.Text("reason", e.Reason, 1, MaxReason)
	flow.CheckChoices(&c, "chosen", e.Chosen)
	c.That(e.Amount == nil || e.Amount.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
	c.That(e.Method == nil || e.Method.Valid(), fault.UnknownValue, "method", "that is not a method of payment")
	c.OptText("reference", e.Reference, 100)
	c.OptText("note", e.Note, 1000)
	checkAllocations(&c, e.Allocations)
	return c.Err()
}

// RequestPlanEdit asks a second person to let recorded instalments be changed: when they fall due, how much, and what for.
// The plan goes on making up the contract's amount, and no instalment falls below what is settled on it. Nothing changes
// until somebody else agrees (F8). Needs bill_edit:request reaching the contract. Faults: those of PlanEdit.Validate;
// NOT_FOUND at contractId and lines; INCONSISTENT when the plan would not add up or nothing would change; OUT_OF_RANGE;
// WRONG_STATE for a contract that does not bind.
func (s *Service) RequestPlanEdit(ctx context.Context, e PlanEdit) (*ent.BillEdit, error) {
	access, err := s.Policies.Require(ctx, policies.BillEditRequest)
	if err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return s.request(ctx, e.Chosen, func(tx *ent.Tx) (*ent.BillEditCreate, *account, error) {
		a, err := s.open(ctx, tx, access, e.ContractID, "contractId")
		if err != nil {
			return nil, nil, err
		}
		before, after, err := a.wish(e.Lines)
		if err == nil {
			err = a.fits(after)
		}
		if err != nil {
			return nil, nil, err
		}
		return tx.BillEdit.Create().SetReason(strings.TrimSpace(e.Reason)).SetBefore(billedit.Content{Lines: before}).
			SetAfter(billedit.Content{Lines: after}).SetRequestedByID(access.User()), a, nil
	})
}

// RequestEntryEdit asks a second person to let an entry be corrected: it is reversed and entered anew as it should have
// been, in one step. Nothing changes until somebody else agrees (F8). Needs bill_edit:request reaching the contract.
// Faults: those of EntryEdit.Validate; NOT_FOUND at paymentId and allocations; INCONSISTENT when nothing would change;
// OUT_OF_RANGE when the totals would leave their bounds; WRONG_STATE for a reversal and for what was reversed.
func (s *Service) RequestEntryEdit(ctx context.Context, e EntryEdit) (*ent.BillEdit, error) {
	access, err := s.Policies.Require(ctx, policies.BillEditRequest)
	if err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return s.request(ctx, e.Chosen, func(tx *ent.Tx) (*ent.BillEditCreate, *account, error) {
		p, err := tx.Payment.Query().Where(payment.ID(e.PaymentID), payment.HasContractWith(access.Where)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, nil, fault.NoSuch("payment", "paymentId")
		}
		if err != nil {
			return nil, nil, tenancy.Fault(err, "load an entry")
		}
		a, err := s.open(ctx, tx, access, p.ContractID, "paymentId")
		if err != nil {
			return nil, nil, err
		}
		before, after, err := s.correct(ctx, tx, a, p, e)
		if err != nil {
			return nil, nil, err
		}
		return tx.BillEdit.Create().SetPaymentID(p.ID).SetReason(strings.TrimSpace(e.Reason)).SetBefore(billedit.Content{Entry: &before}).
			SetAfter(billedit.Content{Entry: &after}).SetRequestedByID(access.User()), a, nil
	})
}

// request writes an edit and puts it before those who decide.
func (s *Service) request(ctx context.Context, chosen []*flow.Choice, prepare func(*ent.Tx) (*ent.BillEditCreate, *account, error)) (made *ent.BillEdit, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		create, a, err := prepare(tx)
		if err != nil {
			return err
		}
		if made, err = create.SetContractID(a.contract.ID).Save(ctx); err != nil {
			return tenancy.Fault(err, "write a bill edit")
		}
		err = s.Audit.Record(ctx, tx, audit.Entry{Action: "request", Object: "bill_edit", ID: made.ID.UUID(), After: made})
		if err != nil || s.Approvals == nil {
			return err
		}
		if err := s.Approvals.Begin(ctx, tx, flow.BillEdit, made.ID.UUID(), made.Reason, chosen); err != nil {
			return err
		}
		made, err = tx.BillEdit.Get(ctx, made.ID) // a flow that asks nobody else may have decided
		return tenancy.Fault(err, "read a bill edit")
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}
