package progress

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/audit"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/progressentry"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Work is something that was delivered, served or accepted.
type Work struct {
	LineID     publicid.ProgressLineID
	Quantity   money.Decimal
	HappenedOn *date.Date // today unless given
	Reference  *string    // number of the delivery note or the protocol
	Note       *string
}

// Validate reports everything wrong with the work at once.
func (w Work) Validate() error {
	var c fault.Check
	c.That(w.Quantity.Sign() > 0, fault.OutOfRange, "quantity", "quantity must be more than zero")
	c.OptText("reference", w.Reference, 100)
	c.OptText("note", w.Note, maxNote)
	return c.Err()
}

const maxNote = 1000

// Record puts work on record, never more than is planned (HR13). A line that is done by it is no longer reminded of, from the
// same transaction on. Needs progress:record reaching the contract. Faults: those of Work.Validate; NOT_FOUND; OUT_OF_RANGE
// beyond the plan and for a day to come; WRONG_STATE for a cancelled line or a contract that does not bind.
func (s *Service) Record(ctx context.Context, w Work) (made *ent.ProgressEntry, err error) {
	access, err := s.Policies.Require(ctx, policies.ProgressRecord)
	if err != nil {
		return nil, err
	}
	if err := w.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, l, err := load(ctx, tx, access, w.LineID, "lineId")
		if err != nil {
			return err
		}
		if err := workable(c); err != nil {
			return err
		}
		if l.State == work.Cancelled {
			return fault.New(fault.State, fault.WrongState, "the progress line is %s", l.State)
		}
		after, err := work.Post(l.PlannedQuantity, l.ActualQuantity, w.Quantity)
		if err != nil {
			return err
		}
		day, err := s.day(ctx, tx, w.HappenedOn)
		if err != nil {
			return err
		}
		entry := tx.ProgressEntry.Create().SetContractID(c.ID).SetLineID(l.ID).SetQuantity(w.Quantity).SetHappenedOn(day).
			SetReference(orNone(w.Reference)).SetNote(orNone(w.Note))
		made, err = s.post(ctx, tx, c, l, entry, after, "record")
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// day is when work happened: today unless given, never in the future.
func (s *Service) day(ctx context.Context, tx *ent.Tx, on *date.Date) (date.Date, error) {
	today, err := s.today(ctx, tx.Tenant)
	if err != nil || on == nil {
		return today, err
	}
	if on.After(today) {
		return today, fault.New(fault.Invalid, fault.OutOfRange, "happenedOn is in the future").At("happenedOn")
	}
	return *on, nil
}

// Reversal takes an entry back that never should have been.
type Reversal struct {
	ID     publicid.ProgressEntryID
	Reason string
}

// Reverse adds the opposite of an entry, which names it; an entry is reversed once, and a reversal never. What is open again
// is reminded of again. Needs progress:reverse reaching the contract. Faults: REQUIRED, TOO_LONG; NOT_FOUND; WRONG_STATE.
func (s *Service) Reverse(ctx context.Context, r Reversal) (back *ent.ProgressEntry, err error) {
	access, err := s.Policies.Require(ctx, policies.ProgressReverse)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.Text("reason", r.Reason, 1, maxNote)
	if err := c.Err(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		e, err := tx.ProgressEntry.Query().Where(progressentry.ID(r.ID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("progress entry", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load a progress entry")
		}
		back, err = s.reverse(ctx, tx, access, e, r.Reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	return back, nil
}

func (s *Service) reverse(ctx context.Context, tx *ent.Tx, access policies.Access, e *ent.ProgressEntry, reason string) (*ent.ProgressEntry, error) {
	c, l, err := load(ctx, tx, access, e.LineID, "id")
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.NoSuch("progress entry", "id")
	}
	if err != nil {
		return nil, err
	}
	if err := workable(c); err != nil {
		return nil, err
	}
	if e.ReversalOfID != nil {
		return nil, fault.New(fault.State, fault.WrongState, "a reversal cannot be reversed; record the work anew")
	}
	twice, err := tx.ProgressEntry.Query().Where(progressentry.ReversalOfID(e.ID)).Exist(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look for a reversal")
	}
	if twice {
		return nil, reversed()
	}
	today, err := s.today(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	entry := tx.ProgressEntry.Create().SetContractID(c.ID).SetLineID(l.ID).SetQuantity(money.Whole(0).Minus(e.Quantity)).SetHappenedOn(today).
		SetReference(e.Reference).SetNote(reason).SetReversalOfID(e.ID)
	return s.post(ctx, tx, c, l, entry, l.ActualQuantity.Minus(e.Quantity), "reverse")
}

func reversed() error {
	return fault.New(fault.State, fault.WrongState, "the entry was reversed already")
}

// post writes an entry, moves the line to what is done after it, and keeps the reminder right.
func (s *Service) post(ctx context.Context, tx *ent.Tx, c *ent.Contract, l *ent.ProgressLine, entry *ent.ProgressEntryCreate,
	after money.Decimal, action string,
) (*ent.ProgressEntry, error) {
	e, err := entry.Save(ctx)
	if _, twice := tenancy.UniqueViolation(err); twice {
		return nil, reversed()
	}
	if err != nil {
		return nil, tenancy.Fault(err, "write a progress entry")
	}
	to := tx.ProgressLine.UpdateOne(l).AddVersion(1).SetActualQuantity(after)
	if err := reach(ctx, tx, l, to, l.PlannedQuantity, after); err != nil {
		return nil, err
	}
	now, err := to.Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "move a progress line")
	}
	if err := s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "progress_entry", ID: e.ID.UUID(), After: e}); err != nil {
		return nil, err
	}
	return e, s.remind(ctx, tx, c, now)
}

// reach sets the state that a line has come to, and the day on which the last of it was done. Its entries are written.
func reach(ctx context.Context, tx *ent.Tx, l *ent.ProgressLine, to *ent.ProgressLineUpdateOne, planned, actual money.Decimal) error {
	state := work.Reached(planned, actual)
	to.SetState(state)
	if state != work.Done {
		to.ClearDoneOn()
		return nil
	}
	last, err := tx.ProgressEntry.Query().Where(progressentry.LineID(l.ID), progressentry.ReversalOfIDIsNil(), progressentry.Not(progressentry.HasReversal())).
		Order(progressentry.ByHappenedOn(sql.OrderDesc())).First(ctx)
	if err != nil {
		return tenancy.Fault(err, "find the last work")
	}
	to.SetDoneOn(last.HappenedOn)
	return nil
}

func orNone(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
