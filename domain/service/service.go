// Package service keeps the record of what was done for customers: visits, complaints solved, trainings (D1, D2).
// Customer, contact and contract of a record are picked from those the system knows and its day from the calendar;
// none is typed in (HR1).
package service

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/dictionaries/shipped"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/servicerecord"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Codes tells which dictionary codes may not be used for new values: unknown or archived ones.
type Codes interface {
	Unusable(ctx context.Context, codes map[shipped.List]string) ([]shipped.List, error)
}

// Fields settles what the tenant's own fields say of a record; see package fields.
type Fields interface {
	// Settle gives set the values after a change, and returns what writes them once more when the record has its id.
	Settle(ctx context.Context, tx *ent.Tx, noun custom.Noun, old custom.Set, in []*custom.Input, made bool,
		set func(custom.Set)) (keep func(subject uuid.UUID) error, err error)
	// Defined finds the fields that filters and sorts name.
	Defined(ctx context.Context) listing.CustomFields
}

// Service is the service records' use cases. It is the only writer of service records.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Codes    Codes
	Fields   Fields
	Lister   listing.Lister
	Clock    clock.Clock
}

// Lookup returns a record the caller may see; archived ones too. Another tenant's, one out of scope and one that does
// not exist are alike: nil. Needs service_record:read.
func (s *Service) Lookup(ctx context.Context, id publicid.ServiceRecordID) (*ent.ServiceRecord, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordRead)
	if err != nil {
		return nil, err
	}
	r, err := s.Client.ServiceRecord.Query().Where(servicerecord.ID(id), access.Where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return r, tenancy.Fault(err, "look up a service record")
}

// ByIDs returns those of the given records that the caller may see, in no order; none when the caller may see no
// records at all.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.ServiceRecordID) ([]*ent.ServiceRecord, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	rs, err := s.Client.ServiceRecord.Query().Where(listing.AnyOf(servicerecord.FieldID, ids), access.Where).All(ctx)
	return rs, tenancy.Fault(err, "look up service records")
}

// load reads a record for a change and locks it. Rows out of reach are not found. On an old version the record as it is
// comes with the fault.
func load(ctx context.Context, tx *ent.Tx, access policies.Access, t Target) (*ent.ServiceRecord, error) {
	r, err := tx.ServiceRecord.Query().Where(servicerecord.ID(t.ID), access.Where).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("service record", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a service record")
	case r.Version != t.ExpectedVersion:
		return r, fault.Stale("service record")
	}
	return r, nil
}
