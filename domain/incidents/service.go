// Package incidents keeps breaches and cases of force majeure of contracts: what happened, by when the counterparty must be
// told, that it was told and how, what was shown and said, and how it was settled (E10, E11, J8). The record is only ever
// added to. Whoever sees a contract sees its incidents.
package incidents

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/document"
	"heyue/ent"
	entincident "heyue/ent/incident"
	"heyue/ent/predicate"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Contracts locks contracts and keeps what proves something under them; see package contracts.
type Contracts interface {
	Hold(ctx context.Context, tx *ent.Tx, p policies.Permission, id publicid.ContractID) (*ent.Contract, error)
	File(ctx context.Context, tx *ent.Tx, id publicid.ContractID, d *document.Reference) (*publicid.DocumentReferenceID, error)
}

// Obligations keeps due dates and their reminders inside the caller's transaction; see package alerts.
type Obligations interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// Service is the use cases of incidents, and the only writer of them.
type Service struct {
	Client      *ent.Client
	Policies    *policies.Engine
	Audit       audit.Recorder
	Contracts   Contracts
	Obligations Obligations
	Lister      listing.Lister
	Clock       clock.Clock
}

// target is an incident at the version that the caller has seen.
type target struct {
	id       publicid.IncidentID
	expected int
}

// change locks the contract of an incident and then the incident, lets edit write, brings the reminders in line and
// records old and new with the audit entry, all in one transaction. The order of locks is that of every part of a
// contract. On a version conflict the incident as it is comes beside the error.
func (s *Service) change(ctx context.Context, p policies.Permission, t target, action string,
	edit func(tx *ent.Tx, held *ent.Contract, old *ent.Incident) (*ent.Incident, error),
) (now *ent.Incident, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		seen, err := tx.Incident.Query().Where(entincident.ID(t.id)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("incident", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "find an incident")
		}
		held, err := s.Contracts.Hold(ctx, tx, p, seen.ContractID)
		if err != nil {
			if fault.KindOf(err) == fault.NotFound {
				return fault.NoSuch("incident", "id")
			}
			return err
		}
		old, err := tx.Incident.Query().Where(entincident.ID(t.id)).ForUpdate().Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "load an incident")
		}
		if old.Version != t.expected {
			now = old
			return fault.Stale("incident")
		}
		if now, err = edit(tx, held, old); err != nil {
			now = nil
			return err
		}
		if err := s.remind(ctx, tx, held, now); err != nil {
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "incident", ID: t.id.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

func (s *Service) today(ctx context.Context, tx *ent.Tx) (date.Date, error) {
	_, today, err := tenancy.Local(ctx, tx.Tenant, s.Clock.Now())
	return today, err
}

// seen narrows a query to incidents of contracts within reach.
func seen(access policies.Access) predicate.Incident {
	return entincident.HasContractWith(access.Where)
}

// past refuses a day to come with OUT_OF_RANGE, and a day before the incident with INCONSISTENT, both on happenedOn.
func past(day, today, since date.Date) error {
	var c fault.Check
	c.That(!day.After(today), fault.OutOfRange, "happenedOn", "happenedOn is in the future")
	c.That(!day.Before(since), fault.Inconsistent, "happenedOn", "the incident happened on %s, after that day", since)
	return c.Err()
}
