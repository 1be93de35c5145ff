// Package customers knows the companies and persons a tenant deals with (B1, B2). Customers belong to an owner and a
// department, which is what data scopes are made of; their contacts follow them (package contacts).
package customers

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/dictionaries/shipped"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/identity"
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

// Numbers gives out numbers without gaps; see package numbers.
type Numbers interface {
	Take(ctx context.Context, tx *ent.Tx, kind, period string, n int) (first int64, err error)
}

// Fields settles what the tenant's own fields say of a record; see package fields.
type Fields interface {
	// Settle gives set the values after a change, and returns what writes them once more when the record has its id.
	Settle(ctx context.Context, tx *ent.Tx, noun custom.Noun, old custom.Set, in []*custom.Input, made bool,
		set func(custom.Set)) (keep func(subject uuid.UUID) error, err error)
	// Defined finds the fields that filters and sorts name.
	Defined(ctx context.Context) listing.CustomFields
}

// Service is the customers' use cases. It is the only writer of customers.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Codes    Codes
	Numbers  Numbers
	Fields   Fields
	Lister   listing.Lister
	Clock    clock.Clock
}

// Lookup returns a customer the caller may see; archived ones too. Another tenant's, one out of scope and one that
// does not exist are alike: nil.
func (s *Service) Lookup(ctx context.Context, id publicid.CustomerID) (*ent.Customer, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		return nil, err
	}
	c, err := s.Client.Customer.Query().Where(customer.ID(id), access.Where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return c, tenancy.Fault(err, "look up a customer")
}

// ByIDs returns those of the given customers that the caller may see, in no order. It serves edges inside lists; a
// caller who may see no customers at all gets none, so that the edge is empty and the list survives.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.CustomerID) ([]*ent.Customer, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil && fault.KindOf(err) == fault.Denied {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cs, err := s.Client.Customer.Query().Where(listing.AnyOf(customer.FieldID, ids), access.Where).All(ctx)
	return cs, tenancy.Fault(err, "look up customers")
}

// load reads a customer for a change and locks it. Rows out of reach are not found.
func load(ctx context.Context, tx *ent.Tx, access policies.Access, t Target) (*ent.Customer, error) {
	c, err := tx.Customer.Query().Where(customer.ID(t.ID), access.Where).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("customer", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a customer")
	case c.Version != t.ExpectedVersion:
		return c, fault.Stale("customer")
	}
	return c, nil
}

func caller(ctx context.Context) (identity.Caller, error) { return identity.From(ctx) }
