package contracts

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/contractstep"
	"heyue/identity"
	"heyue/outbox"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// EventMoved is the outbox event of every step of a contract's life; its subject is the contract, its payload a Moved.
const EventMoved = "contract.moved"

// Moved is what happened to a contract.
type Moved struct {
	Event lifecycle.Event  `json:"event"`
	From  lifecycle.Status `json:"from"`
	To    lifecycle.Status `json:"to"`
}

// step is an event with what is put on record about it.
type step struct {
	event      lifecycle.Event
	on         date.Date
	until      *date.Date
	reason     *string
	declaredBy string
	print      *content.Print
	document   *publicid.DocumentReferenceID
}

// take moves a locked contract by one event: status, edit's columns, the step, audit, event and reminders, all in tx. It
// fails with WRONG_STATE when the event is not possible.
func (s *Service) take(ctx context.Context, tx *ent.Tx, c *ent.Contract, st step, edit func(*ent.ContractUpdateOne)) (*ent.Contract, error) {
	if c.ArchivedAt != nil {
		return nil, fault.New(fault.State, fault.WrongState, "the contract is archived; restore it first")
	}
	to, err := lifecycle.Next(c.Status, st.event)
	if err != nil {
		return nil, err
	}
	update := tx.Contract.UpdateOne(c).AddVersion(1).SetStatus(to)
	if edit != nil {
		edit(update)
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, conflict(err)
	}
	if err := s.writeStep(ctx, tx, c, to, st); err != nil {
		return nil, err
	}
	verb := strings.ToLower(string(st.event))
	if err := s.Audit.Record(ctx, tx, audit.Entry{Action: verb, Object: "contract", ID: c.ID.UUID(), Before: c, After: now}); err != nil {
		return nil, err
	}
	moved := outbox.Event{Kind: EventMoved, Subject: c.ID.UUID(), Payload: Moved{st.event, c.Status, to}}
	if err := s.Outbox.Append(ctx, tx, moved); err != nil {
		return nil, err
	}
	return now, s.replan(ctx, tx, c, now)
}

func (s *Service) writeStep(ctx context.Context, tx *ent.Tx, c *ent.Contract, to lifecycle.Status, st step) error {
	row := tx.ContractStep.Create().SetContractID(c.ID).SetEvent(st.event).SetFromStatus(c.Status).SetToStatus(to).SetHappenedOn(st.on).
		SetNillableUntil(st.until).SetReason(given.Trimmed(st.reason)).SetDeclaredBy(strings.TrimSpace(st.declaredBy)).SetNillablePrint(st.print).
		SetNillableDocumentID(st.document).SetOccurredAt(s.Clock.Now())
	if caller, ok := identity.Signed(ctx); ok {
		row.SetActorID(caller.UserID)
	}
	return tenancy.Fault(row.Exec(ctx), "write a step of a contract")
}

// replan brings what is due in line with a contract after a step.
func (s *Service) replan(ctx context.Context, tx *ent.Tx, before, now *ent.Contract) error {
	if now.Status.OwesObligations() {
		return s.remind(ctx, tx, now)
	}
	if before.Status.OwesObligations() || now.Status == lifecycle.Suspended {
		if err := s.forget(ctx, tx, now); err != nil {
			return err
		}
	}
	return s.owe(ctx, tx, DueDates(now, false, nil, nil, nil)...)
}

// act is the frame of every use case that moves a contract: permission, row within reach, version, and do, which takes the
// steps. On a version conflict the contract as it is comes beside the error.
func (s *Service) act(ctx context.Context, permission policies.Permission, t Target, invalid error,
	do func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error),
) (now *ent.Contract, err error) {
	access, err := s.Policies.Require(ctx, permission)
	if err != nil {
		return nil, err
	}
	if invalid != nil {
		return nil, invalid
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := load(ctx, tx, access, t)
		if err != nil {
			now = c
			return err
		}
		here, err := s.local(ctx, tx.Tenant)
		if err != nil {
			return err
		}
		now, err = do(tx, c, here)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// advance takes every step that the calendar has brought, one after the other, with the terms that are in force today.
func (s *Service) advance(ctx context.Context, tx *ent.Tx, c *ent.Contract, today date.Date) (*ent.Contract, error) {
	if s.History != nil {
		var err error
		if c, err = s.History.Advance(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	for {
		event, ok := term(c).ByDate(c.Status, today)
		if !ok {
			return c, nil
		}
		next, err := s.bring(ctx, tx, c, event, today)
		if err != nil {
			return nil, err
		}
		c = next
	}
}

// bring takes one step of the calendar. A signed contract whose approval is void stays where it is (WRONG_STATE).
func (s *Service) bring(ctx context.Context, tx *ent.Tx, c *ent.Contract, event lifecycle.Event, today date.Date) (*ent.Contract, error) {
	st := step{event: event, on: today}
	switch event {
	case lifecycle.Activate:
		print, err := s.approved(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		st.print = &print
		now, err := s.take(ctx, tx, c, st, nil)
		if err != nil {
			return nil, err
		}
		return now, s.succeed(ctx, tx, now, today)
	case lifecycle.Resume:
		return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) { u.ClearSuspendedUntil() })
	case lifecycle.Extend:
		return s.extend(ctx, tx, c, st)
	default:
		return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) { u.SetNillableEndedOn(c.EndsOn).ClearSuspendedUntil() })
	}
}

// extend begins the further term that was agreed. The approval covers it, since the approvers approved the renewal.
func (s *Service) extend(ctx context.Context, tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
	if err := s.keep(ctx, tx, c, nil); err != nil {
		return nil, err
	}
	now, err := s.lengthen(ctx, tx, c, st)
	if err != nil {
		return nil, err
	}
	return now, s.keep(ctx, tx, now, nil)
}

func (s *Service) lengthen(ctx context.Context, tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
	ends := term(c).Next()
	st.until = &ends
	if c.ApprovedPrint == nil {
		return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) { u.SetEndsOn(ends) })
	}
	before, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	longer := *c
	longer.EndsOn = &ends
	after, err := s.Fingerprint(ctx, tx, &longer)
	if err != nil {
		return nil, err
	}
	return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) {
		u.SetEndsOn(ends)
		if before == *c.ApprovedPrint {
			u.SetApprovedPrint(after)
		}
	})
}

// succeed closes the predecessor of a contract that took effect: the successor stands in its place (HR14).
func (s *Service) succeed(ctx context.Context, tx *ent.Tx, c *ent.Contract, today date.Date) error {
	if c.PredecessorID == nil {
		return nil
	}
	old, err := tx.Contract.Query().Where(contract.ID(*c.PredecessorID)).ForUpdate().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "load the predecessor")
	}
	if _, err := lifecycle.Next(old.Status, lifecycle.Renew); err != nil || old.ArchivedAt != nil {
		return nil //nolint:nilerr // a predecessor that was terminated or is still paused stays what it is
	}
	reason := "renewed by " + c.Number
	_, err = s.take(ctx, tx, old, step{event: lifecycle.Renew, on: today, reason: &reason}, func(u *ent.ContractUpdateOne) { u.SetEndedOn(today) })
	return err
}

// last returns the latest step of an event since the contract was last a fresh draft; nil when there is none.
func last(ctx context.Context, tx *ent.Tx, id publicid.ContractID, event lifecycle.Event) (*ent.ContractStep, error) {
	st, err := tx.ContractStep.Query().Where(contractstep.ContractID(id), contractstep.EventEQ(event)).
		Order(ent.Desc(contractstep.FieldOccurredAt), ent.Desc(contractstep.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return st, tenancy.Fault(err, "read a contract's steps")
}
