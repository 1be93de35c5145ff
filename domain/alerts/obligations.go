package alerts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Obligations keeps the due dates. Its methods are for the use cases that own the subjects: each runs inside the
// caller's transaction, which has the permission checked and the subject locked, and does nothing when that rolls
// back. Faults are INTERNAL or UNAVAILABLE, and the Invalid ones of Date.Validate.
type Obligations struct {
	Outbox  outbox.Writer
	Courier Courier // carries alerts beyond the inbox; nil for nobody
	Clock   clock.Clock
}

// Set makes the obligations of dates or brings them up to date, any number in a few statements. A changed date begins
// a new version: what the old one raised is withdrawn and the ladder starts anew, the latest step already passed
// going out at once, late. Everything else changes quietly. Whether an obligation is open does not change.
func (o Obligations) Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error {
	return o.put(ctx, tx, dates, true)
}

// Import is Set for data taken over from elsewhere: steps already passed count as handled, so that years of old dates
// remind nobody, and only the future is reminded of.
func (o Obligations) Import(ctx context.Context, tx *ent.Tx, dates ...due.Date) error {
	return o.put(ctx, tx, dates, false)
}

// Meet records that subjects have done what was due: the money came, the milestone is complete. Their reminders end
// and raised alerts are withdrawn. Obligations that are not open, or not there, stay as they are.
func (o Obligations) Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error {
	return o.end(ctx, tx, due.Met, named(kind, subjects))
}

// Cancel records that nothing is due any more, for instance because the plan line was dropped. It works as Meet does.
func (o Obligations) Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error {
	return o.end(ctx, tx, due.Cancelled, named(kind, subjects))
}

// CancelContract is Cancel for everything that is still open of one contract, as its termination wants it.
func (o Obligations) CancelContract(ctx context.Context, tx *ent.Tx, contract publicid.ContractID) error {
	return o.end(ctx, tx, due.Cancelled, obligation.ContractID(contract))
}

// Reopen takes Meet or Cancel back: a payment was reversed, a milestone was not complete after all. A new version
// begins, so that the ladder reminds again. Obligations that are open, or not there, stay as they are.
func (o Obligations) Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error {
	closed, err := lock(ctx, tx, named(kind, subjects), obligation.StateNEQ(due.Open))
	if err != nil || len(closed) == 0 {
		return err
	}
	plans, err := planning(ctx, tx.Tenant, o.Clock.Now())
	if err != nil {
		return err
	}
	ids := idsOf(closed)
	err = tx.Obligation.Update().Where(among(obligation.FieldID, ids)).SetState(due.Open).AddDateVersion(1).SetUpdatedAt(plans.now).Exec(ctx)
	if err != nil {
		return fault.Wrap(err, "reopen obligations")
	}
	for _, ob := range closed {
		ob.State, ob.DateVersion = due.Open, ob.DateVersion+1
	}
	if err := remind(ctx, tx, plans, closed, true); err != nil {
		return err
	}
	return o.withdraw(ctx, tx, ids)
}
