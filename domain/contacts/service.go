// Package contacts knows the people at a tenant's customers (B3). A contact has no owner of its own: whoever reaches
// the customer reaches its contacts (HR15).
package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/customer"
	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Fields settles what the tenant's own fields say of a record; see package fields.
type Fields interface {
	// Settle gives set the values after a change, and returns what writes them once more when the record has its id.
	Settle(ctx context.Context, tx *ent.Tx, noun custom.Noun, old custom.Set, in []*custom.Input, made bool,
		set func(custom.Set)) (keep func(subject uuid.UUID) error, err error)
	// Defined finds the fields that filters and sorts name.
	Defined(ctx context.Context) listing.CustomFields
}

// Service is the contacts' use cases. It is the only writer of contacts.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Fields   Fields
	Lister   listing.Lister
	Clock    clock.Clock
}

// reach is a decision about contacts, made through their customers.
type reach struct {
	policies.Access
	tenant int64
}

// require asks for a permission on contacts. It fails as policies.Engine.Require does.
func (s *Service) require(ctx context.Context, p policies.Permission) (reach, error) {
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		return reach{}, err
	}
	me, err := identity.From(ctx)
	return reach{access, me.TenantID}, err
}

// where narrows a query of contacts to those whose customer is within reach.
func (r reach) where(q *sql.Selector) {
	r.Through(customer.Table, contact.FieldCustomerID, r.tenant)(q)
}

// Lookup returns a contact the caller may see; archived ones too. Another tenant's, one out of scope and one that does
// not exist are alike: nil. Needs contact:read.
func (s *Service) Lookup(ctx context.Context, id publicid.ContactID) (*ent.Contact, error) {
	reach, err := s.require(ctx, policies.ContactRead)
	if err != nil {
		return nil, err
	}
	c, err := s.Client.Contact.Query().Where(contact.ID(id), reach.where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return c, tenancy.Fault(err, "look up a contact")
}

// ByIDs returns those of the given contacts that the caller may see, in no order; none when the caller may see no
// contacts at all.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.ContactID) ([]*ent.Contact, error) {
	reach, err := s.require(ctx, policies.ContactRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	cs, err := s.Client.Contact.Query().Where(listing.AnyOf(contact.FieldID, ids), reach.where).All(ctx)
	return cs, tenancy.Fault(err, "look up contacts")
}

// load reads a contact for a change and locks it. Rows out of reach are not found. On an old version the contact as it
// is comes with the fault.
func load(ctx context.Context, tx *ent.Tx, reach reach, t Target) (*ent.Contact, error) {
	c, err := tx.Contact.Query().Where(contact.ID(t.ID), reach.where).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("contact", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a contact")
	case c.Version != t.ExpectedVersion:
		return c, fault.Stale("contact")
	}
	return c, nil
}
