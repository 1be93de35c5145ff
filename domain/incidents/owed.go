package incidents

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/incidents/incident"
	"heyue/ent"
	entincident "heyue/ent/incident"
	"heyue/ent/predicate"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// remind brings what is due of an incident in line with it: the last day to tell the counterparty until it was told, and
// the last day to settle until it is settled (J8, E10). The contract's owner is reminded, whatever becomes of the contract.
func (s *Service) remind(ctx context.Context, tx *ent.Tx, c *ent.Contract, i *ent.Incident) error {
	notice, settle := i.NoticeBy, i.SettleBy
	if err := s.owe(ctx, tx, c, i, due.IncidentNotice, notice, i.State == incident.Open, i.NotifiedOn != nil); err != nil {
		return err
	}
	return s.owe(ctx, tx, c, i, due.IncidentSolution, settle, i.State != incident.Resolved, i.State == incident.Resolved)
}

// owe keeps one obligation of an incident: open while it is owed and has a day, met when it was done, else cancelled.
func (s *Service) owe(ctx context.Context, tx *ent.Tx, c *ent.Contract, i *ent.Incident, kind due.Kind, by *date.Date, owed, done bool) error {
	switch {
	case owed && by != nil:
		err := s.Obligations.Set(ctx, tx, due.Date{
			Kind: kind, SubjectID: i.ID.UUID(), ContractID: &c.ID, Title: c.Title + " · " + i.Title, DueOn: *by, Owner: c.OwnerID, Department: c.DepartmentID,
		})
		if err != nil {
			return err
		}
		return s.Obligations.Reopen(ctx, tx, kind, i.ID.UUID())
	case done:
		return s.Obligations.Meet(ctx, tx, kind, i.ID.UUID())
	}
	return s.Obligations.Cancel(ctx, tx, kind, i.ID.UUID())
}

// Owed lists, for a sweep, every date of the context's tenant that should be reminded of: kind by kind and within a kind
// by subject, at most limit of them, those after the one given (nil for the first). Only kind, subject and day are
// filled in. It asks for no permission: no request reaches it. Faults are INTERNAL or UNAVAILABLE.
func (s *Service) Owed(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	var out []due.Date
	for _, of := range []struct {
		kind  due.Kind
		which predicate.Incident
		day   func(*ent.Incident) *date.Date
	}{
		{due.IncidentNotice, entincident.And(entincident.StateEQ(incident.Open), entincident.NoticeByNotNil()), func(i *ent.Incident) *date.Date { return i.NoticeBy }},
		{due.IncidentSolution, entincident.And(entincident.StateNEQ(incident.Resolved), entincident.SettleByNotNil()), func(i *ent.Incident) *date.Date { return i.SettleBy }},
	} {
		if len(out) == limit || after != nil && of.kind < after.Kind {
			continue
		}
		var last uuid.UUID
		if after != nil && of.kind == after.Kind {
			last = after.SubjectID
		}
		found, err := s.Client.Incident.Query().Where(of.which, entincident.IDGT(publicid.IncidentID(last))).Order(entincident.ByID()).Limit(limit - len(out)).All(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "read what is due")
		}
		for _, i := range found {
			out = append(out, due.Date{Kind: of.kind, SubjectID: i.ID.UUID(), DueOn: *of.day(i)})
		}
	}
	return out, nil
}
