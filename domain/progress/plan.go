package progress

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/progressline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Line is something to deliver, to serve or to accept, as a caller plans it.
type Line struct {
	Kind            work.Kind
	Title           string
	PlannedOn       date.Date
	PlannedQuantity money.Decimal
	Unit            *string
	Weight          *int // 1 unless given
}

// Addition is lines for one contract.
type Addition struct {
	ContractID publicid.ContractID
	Lines      []*Line
}

// Validate reports everything wrong with the addition at once.
func (a Addition) Validate() error {
	var c fault.Check
	c.That(len(a.Lines) > 0, fault.Required, "lines", "name at least one line")
	for i, l := range a.Lines {
		c.Index("lines", i, l.check)
	}
	return c.Err()
}

func (l *Line) check(c *fault.Check) {
	c.That(l.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of progress", string(l.Kind))
	c.Text("title", l.Title, 1, maxTitle)
	c.That(!l.PlannedOn.IsZero(), fault.Required, "plannedOn", "a line needs a day")
	c.That(l.PlannedQuantity.Sign() > 0, fault.OutOfRange, "plannedQuantity", "plannedQuantity must be more than zero")
	c.OptText("unit", l.Unit, maxUnit)
	checkWeight(c, l.Weight)
}

// Lengths of a line's texts, which are those of its columns.
const (
	maxTitle = 300
	maxUnit  = 60
)

func checkWeight(c *fault.Check, w *int) {
	c.That(w == nil || *w >= 1 && *w <= work.MaxWeight, fault.OutOfRange, "weight", "weight is 1 to %d", work.MaxWeight)
}

// Add plans lines; those of a contract that binds are reminded of from now on. Needs progress:plan reaching the contract.
// Faults: those of Addition.Validate; NOT_FOUND; WRONG_STATE for a contract that nothing comes of any more; LIMIT_REACHED.
func (s *Service) Add(ctx context.Context, a Addition) (made []*ent.ProgressLine, err error) {
	access, err := s.Policies.Require(ctx, policies.ProgressPlan)
	if err != nil {
		return nil, err
	}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := open(ctx, tx, access, a.ContractID, "contract", "contractId")
		if err != nil {
			return err
		}
		if err := plannable(c); err != nil {
			return err
		}
		made, err = s.add(ctx, tx, c, a.Lines)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// add writes lines of a locked contract.
func (s *Service) add(ctx context.Context, tx *ent.Tx, c *ent.Contract, lines []*Line) ([]*ent.ProgressLine, error) {
	there, err := tx.ProgressLine.Query().Where(progressline.ContractID(c.ID)).Count(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "count progress lines")
	}
	if there+len(lines) > s.Lines {
		return nil, fault.New(fault.Invalid, fault.LimitReached, "a contract has at most %d progress lines; this one has %d", s.Lines, there).At("lines")
	}
	rows := make([]*ent.ProgressLineCreate, len(lines))
	for i, l := range lines {
		rows[i] = tx.ProgressLine.Create().SetContractID(c.ID).SetKind(l.Kind).SetTitle(strings.TrimSpace(l.Title)).SetPlannedOn(l.PlannedOn).
			SetPlannedQuantity(l.PlannedQuantity)
		given.Text(l.Unit, func(u string) { rows[i].SetUnit(u) })
		given.Set(l.Weight, func(w int) { rows[i].SetWeight(w) })
	}
	made, err := tx.ProgressLine.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write progress lines")
	}
	entries := make([]audit.Entry, len(made))
	for i, l := range made {
		entries[i] = audit.Entry{Action: "plan", Object: "progress_line", ID: l.ID.UUID(), After: l}
	}
	if err := s.Audit.RecordMany(ctx, tx, entries); err != nil {
		return nil, err
	}
	return made, s.remind(ctx, tx, c, made...)
}

// Change is what changes of a line; nil leaves a value as it is.
type Change struct {
	ID              publicid.ProgressLineID
	ExpectedVersion int
	Title           *string
	PlannedOn       *date.Date
	PlannedQuantity *money.Decimal
	Unit            *string
	Weight          *int
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.Title != nil {
		c.Text("title", *ch.Title, 1, maxTitle)
	}
	c.That(ch.PlannedOn == nil || !ch.PlannedOn.IsZero(), fault.Required, "plannedOn", "a line needs a day")
	c.That(ch.PlannedQuantity == nil || ch.PlannedQuantity.Sign() > 0, fault.OutOfRange, "plannedQuantity", "plannedQuantity must be more than zero")
	c.OptText("unit", ch.Unit, maxUnit)
	checkWeight(&c, ch.Weight)
	return c.Err()
}

// Update changes the plan of a line; a plan that is lowered to what is done makes the line done. Its reminder follows. Needs
// progress:plan reaching the contract. Faults: those of Change.Validate; NOT_FOUND; VERSION_CONFLICT, then the line as it is
// comes with the error; WRONG_STATE for a cancelled line or a contract that nothing comes of any more; OUT_OF_RANGE for a
// plan below what is done.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.ProgressLine, error) {
	access, err := s.Policies.Require(ctx, policies.ProgressPlan)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, access, Target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, l *ent.ProgressLine, to *ent.ProgressLineUpdateOne) error {
		given.Text(ch.Title, func(t string) { to.SetTitle(t) })
		given.Text(ch.Unit, func(u string) { to.SetUnit(u) })
		given.Set(ch.PlannedOn, func(d date.Date) { to.SetPlannedOn(d) })
		given.Set(ch.Weight, func(w int) { to.SetWeight(w) })
		if ch.PlannedQuantity == nil {
			return nil
		}
		if err := work.Replan(*ch.PlannedQuantity, l.ActualQuantity); err != nil {
			return err
		}
		to.SetPlannedQuantity(*ch.PlannedQuantity)
		return reach(ctx, tx, l, to, *ch.PlannedQuantity, l.ActualQuantity)
	})
}

// Cancel records that a line will not be done; it counts no longer and is not reminded of. A line on which work is recorded
// is not cancelled: its plan is lowered to what is done, or the work reversed. Needs progress:plan reaching the contract.
// Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE, IN_USE for a line with work.
func (s *Service) Cancel(ctx context.Context, t Target) (*ent.ProgressLine, error) {
	access, err := s.Policies.Require(ctx, policies.ProgressPlan)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, "cancel", func(_ *ent.Tx, l *ent.ProgressLine, to *ent.ProgressLineUpdateOne) error {
		if !l.ActualQuantity.IsZero() {
			return fault.New(fault.State, fault.InUse, "%s is done of the line; plan no more than that, or reverse it", l.ActualQuantity)
		}
		to.SetState(work.Cancelled)
		return nil
	})
}

// change is the frame of every change to the plan of a line. On a version conflict the line as it is comes beside the error.
func (s *Service) change(ctx context.Context, access policies.Access, t Target, action string,
	edit func(tx *ent.Tx, l *ent.ProgressLine, to *ent.ProgressLineUpdateOne) error,
) (now *ent.ProgressLine, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, l, err := load(ctx, tx, access, t.ID, "id")
		switch {
		case err != nil:
			return err
		case l.Version != t.ExpectedVersion:
			now = l
			return fault.Stale("progress line")
		case l.State == work.Cancelled:
			return fault.New(fault.State, fault.WrongState, "the progress line is %s", l.State)
		}
		if err := plannable(c); err != nil {
			return err
		}
		to := tx.ProgressLine.UpdateOne(l).AddVersion(1)
		if err := edit(tx, l, to); err != nil {
			return err
		}
		saved, err := to.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a progress line")
		}
		now = saved
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "progress_line", ID: l.ID.UUID(), Before: l, After: saved}); err != nil {
			return err
		}
		return s.remind(ctx, tx, c, saved)
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
