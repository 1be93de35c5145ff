package changes

import (
	"context"
	"strings"

	"heyue/domain/approvals/flow"
	"heyue/domain/changes/order"
	"heyue/domain/changes/terms"
	"heyue/ent"
	"heyue/outbox"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// EventMoved is the outbox event of every step of a change order; its subject is the contract, its payload a Moved.
const EventMoved = "contract.change_moved"

// Moved is what happened to a change order.
type Moved struct {
	ChangeOrder string      `json:"changeOrder"` // its id
	From        order.State `json:"from"`
	To          order.State `json:"to"`
}

// Submission is a change order to submit, and whom the submitter chose where the flow lets them.
type Submission struct {
	ID              publicid.ChangeOrderID
	ExpectedVersion int
	Chosen          []*flow.Choice
}

// Validate reports everything wrong with the submission at once.
func (n Submission) Validate() error {
	var c fault.Check
	flow.CheckChoices(&c, "chosen", n.Chosen)
	return c.Err()
}

// Submit asks for approval of a draft that changes something and fits the contract as it is. Without an approval flow that
// fits, somebody else with contract:approve decides. Needs contract:change. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE,
// those of what no longer fits, and what the engine says of the choices.
func (s *Service) Submit(ctx context.Context, n Submission) (*ent.ChangeOrder, error) {
	return s.change(ctx, policies.ContractChange, Target{n.ID, n.ExpectedVersion}, n.Validate(), "submit", func(tx *ent.Tx, access policies.Access, c *ent.Contract, o *ent.ChangeOrder) (*ent.ChangeOrder, error) {
		if err := amendable(c); err != nil {
			return nil, err
		}
		if o.Delta.IsZero() {
			return nil, fault.New(fault.State, fault.WrongState, "the change order changes nothing")
		}
		if _, err := order.Next(o.State, order.Submit); err != nil {
			return nil, err
		}
		l, err := s.open(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		if err := s.fits(ctx, tx, l, o); err != nil {
			return nil, err
		}
		now, err := s.move(ctx, tx, o, order.Submit, func(u *ent.ChangeOrderUpdateOne) {
			u.SetSubmittedByID(access.User()).SetSubmittedAt(l.now).SetOpinion("")
		})
		if err != nil || s.Approvals == nil {
			return now, err
		}
		if err := s.Approvals.Begin(ctx, tx, now, n.Chosen); err != nil {
			return nil, err
		}
		return s.fresh(ctx, tx, now) // a flow that asks nobody has approved it already
	})
}

// Withdraw takes a change order back that nobody has decided on. Needs contract:change. Faults: NOT_FOUND, VERSION_CONFLICT,
// WRONG_STATE.
func (s *Service) Withdraw(ctx context.Context, t Target) (*ent.ChangeOrder, error) {
	return s.change(ctx, policies.ContractChange, t, nil, "withdraw", func(tx *ent.Tx, _ policies.Access, _ *ent.Contract, o *ent.ChangeOrder) (*ent.ChangeOrder, error) {
		now, err := s.move(ctx, tx, o, order.Withdraw, nil)
		if err != nil {
			return nil, err
		}
		if s.Approvals != nil && o.State == order.InReview {
			return now, s.Approvals.Cancel(ctx, tx, o.ID)
		}
		return now, nil
	})
}

// move takes a locked change order one step further, with its event.
func (s *Service) move(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder, event order.Event, edit func(*ent.ChangeOrderUpdateOne)) (*ent.ChangeOrder, error) {
	to, err := order.Next(o.State, event)
	if err != nil {
		return nil, err
	}
	update := tx.ChangeOrder.UpdateOne(o).AddVersion(1).SetState(to)
	if edit != nil {
		edit(update)
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "move a change order")
	}
	return now, s.Outbox.Append(ctx, tx, outbox.Event{Kind: EventMoved, Subject: o.ContractID.UUID(), Payload: Moved{o.ID.String(), o.State, to}})
}

// fits checks that a change holds on every one of its days, with whatever else begins and ends meanwhile, and that what is
// booked by now stays. Faults: WRONG_STATE for a row that is gone or days that have passed; those of terms.Check and of
// contracts.Fits.
func (s *Service) fits(ctx context.Context, tx *ent.Tx, l *ledger, o *ent.ChangeOrder) error {
	v, err := l.wish(o)
	if err != nil {
		return err
	}
	drift, err := l.drift()
	if err != nil {
		return err
	}
	there := l.entries()
	if !drift.IsZero() {
		there = append(there, terms.Entry{Number: len(l.versions) + 1, Recorded: l.now, On: l.today, Fact: true, Delta: drift})
	}
	wish := terms.Entry{Number: 2 + len(there), Recorded: l.now, On: v.on, Until: v.until, Delta: v.delta}
	all := append(append([]terms.Entry{}, there...), wish)
	return flat(terms.Sound(l.base(), all, func(day date.Date, after terms.Sheet) error {
		if next := terms.Next(all, day); next != nil && !next.After(l.today) {
			return nil // was over before today
		}
		before, err := terms.Replay(l.base(), there, day, l.now)
		if err != nil {
			return err
		}
		if err := terms.Check(before, after, l.tolerance); err != nil {
			return err
		}
		return s.Contracts.Fits(ctx, tx, l.contract, after)
	}))
}

// wish is the change order as a version.
func (l *ledger) wish(o *ent.ChangeOrder) (version, error) {
	v := version{source: terms.FromOrder, order: &o.ID, delta: o.Delta, on: l.first(o.EffectiveOn), until: o.Until}
	if v.until != nil && v.until.Before(l.today) {
		return v, fault.New(fault.State, fault.WrongState, "the last day of the change, %s, has passed", *v.until)
	}
	if v.until != nil && v.until.Before(v.on) {
		return v, fault.New(fault.State, fault.WrongState, "the change would end on %s, before it begins", *v.until)
	}
	return v, nil
}

// flat says what does not fit as a state of the contract: the caller of a step gave no value that could be wrong. Paths are
// those of the change's own lists and of no input, so they go into the words.
func flat(err error) error {
	if err == nil {
		return nil
	}
	var list fault.List
	for _, f := range fault.All(err) {
		if !f.Kind.IsUser() {
			return err
		}
		told := *f
		told.Kind, told.Field = fault.State, nil
		if len(f.Field) == 1 && !strings.Contains(f.Message, f.Field[0]) { // longer ones name a place in the change itself
			told.Message = f.Field[0] + ": " + f.Message
		}
		list = append(list, &told)
	}
	if len(list) == 0 {
		return err
	}
	return list
}

// fresh reads a change order again.
func (s *Service) fresh(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder) (*ent.ChangeOrder, error) {
	now, err := tx.ChangeOrder.Get(ctx, o.ID)
	return now, tenancy.Fault(err, "read a change order")
}
