package changes

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/changes/order"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts/document"
	"heyue/ent"
	"heyue/ent/changeevidence"
	"heyue/ent/changeorder"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/policies"
	"heyue/tenancy"
)

// Draft writes a change order for a contract that binds (G1, G3). It changes nothing before it is approved. Needs
// contract:change reaching the contract. Faults: those of Draft.Validate; NOT_FOUND at contractId and for rows that are
// named; WRONG_STATE; LIMIT_REACHED for too many open ones; INCONSISTENT and OUT_OF_RANGE for what does not fit.
func (s *Service) Draft(ctx context.Context, d Draft) (made *ent.ChangeOrder, err error) {
	access, err := s.Policies.Require(ctx, policies.ContractChange)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(s.Limits); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := s.Contracts.Hold(ctx, tx, policies.ContractChange, d.ContractID)
		if err != nil {
			return err
		}
		made, err = s.draft(ctx, tx, access, c, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *Service) draft(ctx context.Context, tx *ent.Tx, access policies.Access, c *ent.Contract, d Draft) (*ent.ChangeOrder, error) {
	if err := amendable(c); err != nil {
		return nil, err
	}
	there, err := tx.ChangeOrder.Query().Where(changeorder.ContractID(c.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read change orders")
	}
	open := 0
	for _, o := range there {
		if o.State == order.Draft || o.State == order.InReview {
			open++
		}
	}
	if open >= s.Limits.Open {
		return nil, fault.New(fault.Invalid, fault.LimitReached, "the contract has %d open change orders, at most %d are allowed", open, s.Limits.Open).At("contractId")
	}
	delta, err := s.delta(ctx, tx, c, d.Changes, d.EffectiveOn, d.Until)
	if err != nil {
		return nil, err
	}
	o, err := tx.ChangeOrder.Create().SetContractID(c.ID).SetNumber(len(there) + 1).SetReason(strings.TrimSpace(d.Reason)).SetNillableImpact(d.Impact).
		SetNillableEffectiveOn(d.EffectiveOn).SetNillableUntil(d.Until).SetDelta(delta).SetRequestedByID(access.User()).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a change order")
	}
	if err := s.file(ctx, tx, o, d.Evidence); err != nil {
		return nil, err
	}
	return o, s.Audit.Record(ctx, tx, audit.Entry{Action: "draft", Object: "change_order", ID: o.ID.UUID(), After: o})
}

// delta reads changes against what is in force on their first day, and checks that they would fit as things are now.
func (s *Service) delta(ctx context.Context, tx *ent.Tx, c *ent.Contract, ch Changes, on, until *date.Date) (terms.Delta, error) {
	l, err := s.open(ctx, tx, c)
	if err != nil {
		return terms.Delta{}, err
	}
	if until != nil && until.Before(l.today) {
		return terms.Delta{}, fault.New(fault.Invalid, fault.OutOfRange, "until has passed").At("until")
	}
	if len(ch.Fill) > 0 {
		if err := s.Texts.CheckFills(ctx, tx, c.ID, ch.Fill); err != nil {
			return terms.Delta{}, fault.Under("changes", err)
		}
	}
	before, err := l.at(l.first(on))
	if err != nil {
		return terms.Delta{}, err
	}
	d, err := ch.delta(before)
	if err != nil {
		return d, fault.Under("changes", err)
	}
	after, err := terms.Apply(before, d)
	if err == nil {
		err = terms.Check(before, after, l.tolerance)
	}
	return d, fault.Under("changes", err)
}

// first is the first day of a change: today unless given.
func (l *ledger) first(on *date.Date) date.Date {
	if on == nil {
		return l.today
	}
	return *on
}

// at is what will be in force on a day as far as is known now, with what the rows say that is not on record.
func (l *ledger) at(day date.Date) (terms.Sheet, error) {
	s, err := terms.Replay(l.base(), l.entries(), day, l.now)
	if err != nil {
		return s, err
	}
	drift, err := l.drift()
	if err != nil || day.Before(l.today) {
		return s, err
	}
	return terms.Follow(s, drift), nil
}

// file keeps documents as evidence of a change order (HR9).
func (s *Service) file(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder, evidence []*document.Reference) error {
	there, err := tx.ChangeEvidence.Query().Where(changeevidence.ChangeOrderID(o.ID)).Count(ctx)
	if err != nil {
		return tenancy.Fault(err, "count evidence")
	}
	if n := there + len(evidence); n > s.Limits.Evidence {
		return fault.New(fault.Invalid, fault.LimitReached, "the change would rest on %d documents, at most %d are allowed", n, s.Limits.Evidence).At("evidence")
	}
	for _, e := range evidence {
		id, err := s.Contracts.File(ctx, tx, o.ContractID, e)
		if err != nil {
			return err
		}
		if err := tx.ChangeEvidence.Create().SetChangeOrderID(o.ID).SetDocumentID(*id).Exec(ctx); err != nil {
			return tenancy.Fault(err, "file evidence")
		}
	}
	return nil
}

// Edit changes a draft. Needs contract:change reaching the contract. Faults: those of Draft; NOT_FOUND; VERSION_CONFLICT, then
// the change order as it is comes with the error; WRONG_STATE for one that is no draft.
func (s *Service) Edit(ctx context.Context, e Edit) (*ent.ChangeOrder, error) {
	t := Target{e.ID, e.ExpectedVersion}
	return s.change(ctx, policies.ContractChange, t, e.Validate(s.Limits), "update", func(tx *ent.Tx, _ policies.Access, c *ent.Contract, o *ent.ChangeOrder) (*ent.ChangeOrder, error) {
		if !o.State.MayEdit() {
			return nil, fault.New(fault.State, fault.WrongState, "a change that is %s cannot be edited", o.State)
		}
		if err := amendable(c); err != nil {
			return nil, err
		}
		return s.edit(ctx, tx, c, o, e)
	})
}

func (s *Service) edit(ctx context.Context, tx *ent.Tx, c *ent.Contract, o *ent.ChangeOrder, e Edit) (*ent.ChangeOrder, error) {
	on, until := e.days(o)
	if on != nil && until != nil && until.Before(*on) {
		return nil, fault.New(fault.Invalid, fault.Inconsistent, "until is before effectiveOn").At("until")
	}
	update := tx.ChangeOrder.UpdateOne(o).AddVersion(1).SetNillableImpact(e.Impact).SetNillableEffectiveOn(on).SetNillableUntil(until)
	given.Text(e.Reason, func(reason string) { update.SetReason(reason) })
	if on == nil {
		update.ClearEffectiveOn()
	}
	if until == nil {
		update.ClearUntil()
	}
	if e.Changes != nil {
		delta, err := s.delta(ctx, tx, c, *e.Changes, on, until)
		if err != nil {
			return nil, err
		}
		update.SetDelta(delta)
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a change order")
	}
	return now, s.file(ctx, tx, o, e.Evidence)
}

// days are the first and the last day that the change order then has.
func (e Edit) days(o *ent.ChangeOrder) (on, until *date.Date) {
	on, until = o.EffectiveOn, o.Until
	for _, f := range e.Clear {
		switch f {
		case ClearEffectiveOn:
			on = nil
		case ClearUntil:
			until = nil
		}
	}
	if e.EffectiveOn != nil {
		on = e.EffectiveOn
	}
	if e.Until != nil {
		until = e.Until
	}
	return on, until
}
