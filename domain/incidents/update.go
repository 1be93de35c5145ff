package incidents

import (
	"context"

	"heyue/domain/incidents/incident"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Clearable names a field that a change may empty.
type Clearable string

// Fields that can be emptied.
const (
	ClearNoticeBy Clearable = "NOTICE_BY"
	ClearSettleBy Clearable = "SETTLE_BY"
)

// Change alters what is said of an incident that is still at ExpectedVersion. What happened, to whom and when stays.
type Change struct {
	ID              publicid.IncidentID
	ExpectedVersion int
	Title           *string
	Description     *string
	NoticeBy        *date.Date
	SettleBy        *date.Date
	Clear           []Clearable
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.Title != nil {
		c.Text("title", *ch.Title, 1, MaxTitle)
	}
	c.OptText("description", ch.Description, MaxContent)
	set := map[Clearable]bool{ClearNoticeBy: ch.NoticeBy != nil, ClearSettleBy: ch.SettleBy != nil}
	for _, f := range ch.Clear {
		c.That(!set[f], fault.Inconsistent, "clear", "%s cannot be set and cleared at once", f)
	}
	return c.Err()
}

// Update changes an incident that is not settled; its reminders follow its days. Needs incident:report reaching the
// contract. Faults: those of Change.Validate; NOT_FOUND; VERSION_CONFLICT, then the incident as it is now comes with the
// error; WRONG_STATE once it is settled; INCONSISTENT for a day before it happened.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.Incident, error) {
	if _, err := s.Policies.Require(ctx, policies.IncidentReport); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, policies.IncidentReport, target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, _ *ent.Contract, old *ent.Incident) (*ent.Incident, error) {
		if old.State == incident.Resolved {
			return nil, fault.New(fault.State, fault.WrongState, "the incident is settled; it cannot be changed")
		}
		var c fault.Check
		inOrder(&c, old.HappenedOn, ch.NoticeBy, ch.SettleBy)
		if err := c.Err(); err != nil {
			return nil, err
		}
		update := tx.Incident.UpdateOne(old).AddVersion(1)
		ch.apply(update.Mutation())
		now, err := update.Save(ctx)
		return now, tenancy.Fault(err, "change an incident")
	})
}

func (ch Change) apply(m *ent.IncidentMutation) {
	given.Text(ch.Title, m.SetTitle)
	given.Text(ch.Description, m.SetDescription)
	given.Set(ch.NoticeBy, m.SetNoticeBy)
	given.Set(ch.SettleBy, m.SetSettleBy)
	for _, f := range ch.Clear {
		switch f {
		case ClearNoticeBy:
			m.ClearNoticeBy()
		case ClearSettleBy:
			m.ClearSettleBy()
		}
	}
}
