package contracts

import (
	"context"

	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// lock reads a contract that the caller has reached through one of its parts, and locks it.
func lock(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (*ent.Contract, error) {
	c, err := tx.Contract.Query().Where(contract.ID(id)).ForUpdate().Only(ctx)
	return c, tenancy.Fault(err, "lock a contract")
}

// Ending is a contract that is paused or ended, why, when, and what proves it.
type Ending struct {
	ID              publicid.ContractID
	ExpectedVersion int
	Reason          string
	On              *date.Date // the day it happened; today unless given
	Until           *date.Date // the last day of a suspension; nil: until it is resumed
	Evidence        *Document
}

// Validate reports everything wrong with the ending at once.
func (e Ending) Validate() error {
	var c fault.Check
	c.Text("reason", e.Reason, 1, 2000)
	document.Evidence(&c, e.Evidence)
	return c.Err()
}

// Activate puts a signed contract in force whose first day has come; the calendar does it by itself within the day. Needs
// contract:execute. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE, also when its approval is void.
func (s *Service) Activate(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractExecute, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		if _, err := lifecycle.Next(c.Status, lifecycle.Activate); err != nil {
			return nil, err
		}
		if c.EffectiveOn != nil && here.today.Before(*c.EffectiveOn) {
			return nil, fault.New(fault.State, fault.WrongState, "the contract takes effect on %s", *c.EffectiveOn)
		}
		return s.advance(ctx, tx, c, here.today)
	})
}

// Suspend pauses a contract in force, by agreement or force majeure (E10); nothing falls due meanwhile. With a last day it
// resumes by itself on the day after. Needs contract:execute. Faults: REQUIRED, TOO_LONG, OUT_OF_RANGE for an until that
// has passed, NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Suspend(ctx context.Context, e Ending) (*ent.Contract, error) {
	return s.end(ctx, e, lifecycle.Suspend, func(c *ent.Contract, st *step, today date.Date) (func(*ent.ContractUpdateOne), error) {
		if e.Until != nil && e.Until.Before(today) {
			return nil, at(fault.New(fault.Invalid, fault.OutOfRange, "until has passed"), "until")
		}
		st.until = e.Until
		return func(u *ent.ContractUpdateOne) { u.SetNillableSuspendedUntil(e.Until) }, nil
	})
}

// Resume takes a contract up again; what fell due meanwhile is reminded of at once. Needs contract:execute. Faults:
// TOO_LONG, NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Resume(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractExecute, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		return s.take(ctx, tx, c, step{event: lifecycle.Resume, on: here.today, reason: n.Reason}, func(u *ent.ContractUpdateOne) { u.ClearSuspendedUntil() })
	})
}

// Terminate ends a signed contract before its time, by agreement, notice or breach (E10); what is open is no longer
// reminded of. Needs contract:execute. Faults: REQUIRED, TOO_LONG, OUT_OF_RANGE for a day to come, NOT_FOUND,
// VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Terminate(ctx context.Context, e Ending) (*ent.Contract, error) {
	return s.end(ctx, e, lifecycle.Terminate, func(_ *ent.Contract, st *step, _ date.Date) (func(*ent.ContractUpdateOne), error) {
		return func(u *ent.ContractUpdateOne) { u.SetEndedOn(st.on).ClearSuspendedUntil() }, nil
	})
}

// Complete records that everything owed under the contract is done. Needs contract:execute. Faults: TOO_LONG, NOT_FOUND,
// VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Complete(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractExecute, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		return s.take(ctx, tx, c, step{event: lifecycle.Complete, on: here.today, reason: n.Reason}, func(u *ent.ContractUpdateOne) { u.SetEndedOn(here.today) })
	})
}

func (s *Service) end(ctx context.Context, e Ending, event lifecycle.Event,
	prepare func(*ent.Contract, *step, date.Date) (func(*ent.ContractUpdateOne), error),
) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractExecute, Target{e.ID, e.ExpectedVersion}, e.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		if _, err := lifecycle.Next(c.Status, event); err != nil {
			return nil, err
		}
		on, err := past(e.On, here.today, "on")
		if err != nil {
			return nil, err
		}
		st := step{event: event, on: on, reason: &e.Reason}
		edit, err := prepare(c, &st, here.today)
		if err != nil {
			return nil, err
		}
		if st.document, err = s.File(ctx, tx, c.ID, e.Evidence); err != nil {
			return nil, err
		}
		return s.take(ctx, tx, c, st, edit)
	})
}
