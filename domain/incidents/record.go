package incidents

import (
	"context"

	"heyue/domain/contracts/document"
	"heyue/domain/incidents/incident"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Entry is something to put on an incident's record: that the counterparty was told, what proves something, a talk, or how
// it was settled.
type Entry struct {
	ID              publicid.IncidentID
	ExpectedVersion int
	Kind            incident.Entry
	HappenedOn      *date.Date // today unless given
	Told            *string    // who was told or spoken to
	Channel         *string    // how: by letter, by mail, in a meeting
	Content         *string
	Evidence        *document.Reference
}

// Validate reports everything wrong with the entry at once: a notice says who was told and how, since it must be shown
// later (J8); a proof is a document; a talk and a resolution say what came of it.
func (e Entry) Validate() error {
	var c fault.Check
	c.That(e.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of entry", string(e.Kind))
	notice, said := 0, 0
	switch e.Kind {
	case incident.Notice:
		notice = 1
	case incident.Talk, incident.Resolution:
		said = 1
	case incident.Proof:
		c.That(e.Evidence != nil, fault.Required, "evidence", "a proof is a document")
	}
	c.Text("told", given.Trimmed(e.Told), notice, MaxName)
	c.Text("channel", given.Trimmed(e.Channel), notice, MaxChannel)
	c.Text("content", given.Trimmed(e.Content), said, MaxContent)
	document.Evidence(&c, e.Evidence)
	return c.Err()
}

// permission is what an entry needs: only some may settle.
func (e Entry) permission() policies.Permission {
	if e.Kind == incident.Resolution {
		return policies.IncidentResolve
	}
	return policies.IncidentReport
}

// Record puts an entry on an incident's record and moves the incident: a notice ends the reminders of it, a resolution all
// of them. Needs incident:report reaching the contract, and incident:resolve for a resolution. Faults: those of
// Entry.Validate; OUT_OF_RANGE for a day to come; INCONSISTENT for a notice or resolution before the incident; NOT_FOUND;
// VERSION_CONFLICT, then the incident as it is now comes with the error; WRONG_STATE once it is settled.
func (s *Service) Record(ctx context.Context, e Entry) (*ent.Incident, error) {
	access, err := s.Policies.Require(ctx, e.permission())
	if err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, e.permission(), target{e.ID, e.ExpectedVersion}, "record", func(tx *ent.Tx, held *ent.Contract, old *ent.Incident) (*ent.Incident, error) {
		to, err := incident.After(old.State, e.Kind)
		if err != nil {
			return nil, err
		}
		on, err := s.happened(ctx, tx, e, old)
		if err != nil {
			return nil, err
		}
		filed, err := s.Contracts.File(ctx, tx, held.ID, e.Evidence)
		if err != nil {
			return nil, err
		}
		err = tx.IncidentEntry.Create().SetIncidentID(old.ID).SetKind(e.Kind).SetHappenedOn(on).SetTold(given.Trimmed(e.Told)).SetChannel(given.Trimmed(e.Channel)).
			SetContent(given.Trimmed(e.Content)).SetNillableDocumentID(filed).SetRecordedByID(access.User()).SetRecordedAt(s.Clock.Now()).Exec(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "write an entry")
		}
		now, err := move(tx, old, e.Kind, to, on).Save(ctx)
		return now, tenancy.Fault(err, "move an incident")
	})
}

// happened is the day of an entry. What proves something may be older than the incident; notices and resolutions are not.
func (s *Service) happened(ctx context.Context, tx *ent.Tx, e Entry, old *ent.Incident) (date.Date, error) {
	today, err := s.today(ctx, tx)
	if err != nil {
		return today, err
	}
	on, since := today, old.HappenedOn
	if e.HappenedOn != nil {
		on = *e.HappenedOn
	}
	if e.Kind == incident.Proof || e.Kind == incident.Talk {
		since = on
	}
	return on, past(on, today, since)
}

// move gives the incident its new state; the day of the first notice stays, whichever follow.
func move(tx *ent.Tx, old *ent.Incident, kind incident.Entry, to incident.State, on date.Date) *ent.IncidentUpdateOne {
	update := tx.Incident.UpdateOne(old).AddVersion(1).SetState(to)
	if kind == incident.Notice && (old.NotifiedOn == nil || on.Before(*old.NotifiedOn)) {
		update.SetNotifiedOn(on)
	}
	if to == incident.Resolved {
		update.SetResolvedOn(on)
	}
	return update
}
