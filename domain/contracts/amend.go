package contracts

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/changes/terms"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// History keeps what contracts that bind have said, version by version; see package changes.
type History interface {
	// Keep puts on record what a locked contract says now where that is not on record yet. It is called before and after
	// the rows of such a contract are written without a change order; record is the entry among its changes, if any.
	Keep(ctx context.Context, tx *ent.Tx, c *ent.Contract, record *publicid.ContractChangeID) error
	// Advance brings the rows of a locked contract to the terms of today, where a change begins or a temporary one ends. It
	// is called before the steps that days bring, which may hang on them.
	Advance(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ent.Contract, error)
}

// keep calls the history, where there is one.
func (s *Service) keep(ctx context.Context, tx *ent.Tx, c *ent.Contract, record *publicid.ContractChangeID) error {
	if s.History == nil {
		return nil
	}
	return s.History.Keep(ctx, tx, c, record)
}

// Register puts an amendment among the contract's changes (G1): on which day, why and what, in words.
func (s *Service) Register(ctx context.Context, tx *ent.Tx, c *ent.Contract, on date.Date, reason, description string) (publicid.ContractChangeID, error) {
	row, err := tx.ContractChange.Create().SetContractID(c.ID).SetChangedOn(on).SetReason(reason).SetDescription(description).Save(ctx)
	if err != nil {
		return publicid.ContractChangeID{}, tenancy.Fault(err, "record the change")
	}
	return row.ID, nil
}

// Amend brings the rows of a locked contract that binds to other terms, with its reminders: what stays keeps its id. With
// approved, what the rows then say is what was approved; otherwise an approval that stood goes on standing, and one that
// was void stays void. It asks for no permission: whoever approved the change has. Faults: WRONG_STATE for a contract that
// does not bind; IN_USE for a party that has signed or an instalment that money was booked on and that would be gone;
// NOT_ALLOWED for a sum below what is booked; NOT_FOUND for a customer.
func (s *Service) Amend(ctx context.Context, tx *ent.Tx, c *ent.Contract, to terms.Sheet, approved bool) (*ent.Contract, error) {
	if !c.Status.IsBinding() || c.ArchivedAt != nil {
		return nil, fault.New(fault.State, fault.WrongState, "a contract that is %s is not changed by change orders", c.Status)
	}
	from, err := s.Terms(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	stands, err := s.stands(ctx, tx, c, approved)
	if err != nil {
		return nil, err
	}
	now, err := s.amendHead(ctx, tx, c, to)
	if err != nil {
		return nil, err
	}
	if err := s.amendParts(ctx, tx, now, from, to); err != nil {
		return nil, err
	}
	if stands {
		if now, err = s.approveAnew(ctx, tx, now); err != nil {
			return nil, err
		}
	}
	if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "amend", Object: "contract", ID: c.ID.UUID(), Before: c, After: now}); err != nil {
		return nil, err
	}
	return now, s.remind(ctx, tx, now)
}

// stands reports whether the contract has an approval that covers what it will say.
func (s *Service) stands(ctx context.Context, tx *ent.Tx, c *ent.Contract, approved bool) (bool, error) {
	if c.ApprovedPrint == nil || approved {
		return c.ApprovedPrint != nil, nil
	}
	print, err := s.Fingerprint(ctx, tx, c)
	return print == *c.ApprovedPrint, err
}

func (s *Service) approveAnew(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ent.Contract, error) {
	print, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	now, err := tx.Contract.UpdateOne(c).SetApprovedPrint(print).Save(ctx)
	return now, tenancy.Fault(err, "keep what was approved")
}

func (s *Service) amendHead(ctx context.Context, tx *ent.Tx, c *ent.Contract, to terms.Sheet) (*ent.Contract, error) {
	update := tx.Contract.UpdateOne(c).AddVersion(1).SetTitle(to.Title).SetDescription(to.Description).
		SetAmountMinor(to.Amount.Minor()).SetCurrency(to.Amount.Currency()).
		SetRenewal(to.Renewal).SetRenewalMonths(to.RenewalMonths).SetNoticeDays(to.NoticeDays)
	if update.SetNillableEffectiveOn(to.EffectiveOn); to.EffectiveOn == nil {
		update.ClearEffectiveOn()
	}
	if update.SetNillableEndsOn(to.EndsOn); to.EndsOn == nil {
		update.ClearEndsOn()
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, conflict(err)
	}
	return now, agreeable(now)
}

// amendParts writes the lists by their differences, so that rows that stay are the same rows.
func (s *Service) amendParts(ctx context.Context, tx *ent.Tx, c *ent.Contract, from, to terms.Sheet) error {
	d := terms.Diff(from, to)
	if !d.Parties.IsZero() {
		if err := amendParties(ctx, tx, c, d.Parties, to.Parties); err != nil {
			return err
		}
	}
	if !d.Lines.IsZero() {
		if err := amendLines(ctx, tx, c, d.Lines, to.Lines); err != nil {
			return err
		}
	}
	if !d.Plan.IsZero() {
		if err := s.amendPlan(ctx, tx, c, d.Plan, to.Plan); err != nil {
			return err
		}
		if len(from.Plan) != len(to.Plan) {
			if err := setMode(ctx, tx, c, keptMode(c, len(to.Plan)), len(to.Plan)); err != nil {
				return err
			}
		}
	}
	if len(d.Slots) == 0 || s.Wordings == nil {
		return nil
	}
	return s.Wordings.Refill(ctx, tx, c.ID, to.Slots)
}

// keptMode is how the contract is paid as long as that still fits so many instalments; nil to tell by their number.
func keptMode(c *ent.Contract, instalments int) *plan.Mode {
	if c.PaymentMode == nil || *c.PaymentMode == plan.Single && instalments != 1 || *c.PaymentMode == plan.DepositBalance && instalments != 2 {
		return nil
	}
	return c.PaymentMode
}

// settledBy closes the reminders of instalments that are paid in full or will not fall due.
func (s *Service) settledBy(ctx context.Context, tx *ent.Tx, rows []*ent.PaymentPlanLine) error {
	var met, dropped []uuid.UUID
	for _, l := range rows {
		switch l.State {
		case plan.Paid:
			met = append(met, l.ID.UUID())
		case plan.Cancelled:
			dropped = append(dropped, l.ID.UUID())
		}
	}
	if err := s.Obligations.Meet(ctx, tx, due.PaymentDue, met...); err != nil {
		return err
	}
	return s.Obligations.Cancel(ctx, tx, due.PaymentDue, dropped...)
}

// moves reports whether rows of a list change their places.
func moves[ID comparable, T, E any](e terms.Edits[ID, T, E]) bool {
	return len(e.Drop)+len(e.Add)+len(e.Order) > 0
}

// added reports whether an item is one that the edits put in.
func added[ID comparable, T, E any](e terms.Edits[ID, T, E], id ID, key func(T) ID) bool {
	return slices.ContainsFunc(e.Add, func(t T) bool { return key(t) == id })
}

// aside is added to the places of rows before they take their new ones, since no two may have the same meanwhile.
const aside = 100_000
