// Package progress keeps what is to be delivered, served and accepted under a contract, and how much of it is done (I1–I5,
// HR13). Work is recorded by entries that are only ever added. Everybody who changes a contract's progress locks the
// contract and then the line, asks package work, and moves the line's total, which the table holds within the plan; the
// reminders follow in the same transaction. Whoever sees a contract sees its progress.
package progress

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/progressline"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Obligations keeps due dates and their reminders inside the caller's transaction; see package alerts.
type Obligations interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// DefaultLines is how many progress lines a contract has at most, unless the installation says otherwise.
const DefaultLines = 500

// Service is the use cases of progress.
type Service struct {
	Client      *ent.Client
	Policies    *policies.Engine
	Audit       audit.Recorder
	Obligations Obligations
	Clock       clock.Clock
	Lines       int // lines of one contract, cancelled ones included
}

// Target is a progress line at the version that the caller has seen.
type Target struct {
	ID              publicid.ProgressLineID
	ExpectedVersion int
}

// plannable reports whether a contract's progress may be planned: as long as something can still come of it.
func plannable(c *ent.Contract) error {
	over := c.Status.IsEnded() && c.Status != lifecycle.Expired
	if over || c.ArchivedAt != nil || c.Status == lifecycle.Rejected || c.Status == lifecycle.Withdrawn {
		return fault.New(fault.State, fault.WrongState, "the progress of a contract that is %s cannot be planned", standing(c))
	}
	return nil
}

// workable reports whether work can be recorded on a contract: everybody has signed it. What was done under one that has
// ended since can still be put on record.
func workable(c *ent.Contract) error {
	if !c.Status.IsBinding() && !c.Status.IsEnded() || c.ArchivedAt != nil {
		return fault.New(fault.State, fault.WrongState, "no work can be recorded on a contract that is %s", standing(c))
	}
	return nil
}

func standing(c *ent.Contract) string {
	if c.ArchivedAt != nil {
		return "archived"
	}
	return string(c.Status)
}

// open locks a contract that access reaches, before any line of it: so postings queue and never wait for each other in a
// circle. NOT_FOUND of noun at field.
func open(ctx context.Context, tx *ent.Tx, access policies.Access, id publicid.ContractID, noun, field string) (*ent.Contract, error) {
	c, err := tx.Contract.Query().Where(contract.ID(id), access.Where).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch(noun, field)
	}
	return c, tenancy.Fault(err, "load a contract")
}

// load locks the contract of a line that access reaches, and then the line. NOT_FOUND at field.
func load(ctx context.Context, tx *ent.Tx, access policies.Access, id publicid.ProgressLineID, field string) (*ent.Contract, *ent.ProgressLine, error) {
	found, err := tx.ProgressLine.Query().Where(progressline.ID(id), progressline.HasContractWith(access.Where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, fault.NoSuch("progress line", field)
	}
	if err != nil {
		return nil, nil, tenancy.Fault(err, "find a progress line")
	}
	c, err := open(ctx, tx, access, found.ContractID, "progress line", field)
	if err != nil {
		return nil, nil, err
	}
	l, err := tx.ProgressLine.Query().Where(progressline.ID(id)).ForUpdate().Only(ctx)
	return c, l, tenancy.Fault(err, "load a progress line")
}

// remind brings the reminders of lines in line with what is open of them: a line that is done is met, a cancelled one no
// longer due, one that is open again is asked for again (J4). While the contract owes nothing there is nothing to remind
// of; it sets the reminders of its lines itself when that changes.
func (s *Service) remind(ctx context.Context, tx *ent.Tx, c *ent.Contract, lines ...*ent.ProgressLine) error {
	if !c.Status.OwesObligations() || c.ArchivedAt != nil {
		return nil
	}
	met, gone, left := map[due.Kind][]uuid.UUID{}, map[due.Kind][]uuid.UUID{}, map[due.Kind][]uuid.UUID{}
	var dates []due.Date
	for _, l := range lines {
		kind, id := l.Kind.Due(), l.ID.UUID()
		switch l.State {
		case work.Done:
			met[kind] = append(met[kind], id)
		case work.Cancelled:
			gone[kind] = append(gone[kind], id)
		case work.Planned, work.Started:
			left[kind] = append(left[kind], id)
			dates = append(dates, due.Date{
				Kind: kind, SubjectID: id, ContractID: &c.ID, Title: work.Title(c.Title, l.Title), DueOn: l.PlannedOn,
				Owner: c.OwnerID, Department: c.DepartmentID,
			})
		}
	}
	if err := s.Obligations.Set(ctx, tx, dates...); err != nil {
		return err
	}
	for _, k := range work.Kinds() {
		for _, step := range []struct {
			do  func(context.Context, *ent.Tx, due.Kind, ...uuid.UUID) error
			ids []uuid.UUID
		}{{s.Obligations.Meet, met[k.Due()]}, {s.Obligations.Cancel, gone[k.Due()]}, {s.Obligations.Reopen, left[k.Due()]}} {
			if len(step.ids) == 0 {
				continue
			}
			if err := step.do(ctx, tx, k.Due(), step.ids...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) today(ctx context.Context, client *ent.TenantClient) (date.Date, error) {
	_, today, err := tenancy.Local(ctx, client, s.Clock.Now())
	return today, err
}
