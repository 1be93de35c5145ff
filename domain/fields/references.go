package fields

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// seen refuses every REFERENCE that the change sets to something else than it was and that points at what the caller
// does not see (NOT_FOUND) or what is archived (WRONG_STATE).
func (s *Service) seen(ctx context.Context, tx *ent.Tx, rows []*ent.CustomField, old, now custom.Set, in []*custom.Input) error {
	fields := make(map[string]*ent.CustomField, len(rows))
	for _, f := range rows {
		fields[f.Key] = f
	}
	var faults fault.List
	for i, v := range in {
		f := fields[v.Key]
		if f.Type != custom.Reference || v.Reference == nil || bytes.Equal(old[v.Key], now[v.Key]) {
			continue
		}
		found, archived, err := s.find(ctx, tx, *f.Target, v.Reference.UUID)
		at := []string{"custom", fmt.Sprint(i), "reference"}
		switch {
		case err != nil:
			return err
		case !found:
			faults = append(faults, fault.NoSuch(noun(*f.Target), at...))
		case archived != nil:
			faults = append(faults, fault.New(fault.State, fault.WrongState, "the %s is archived; restore it first", noun(*f.Target)).At(at...))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

func noun(t custom.Target) string {
	return map[custom.Target]string{custom.ToCustomer: "customer", custom.ToContact: "contact", custom.ToContract: "contract", custom.ToUser: "user"}[t]
}

// find looks for what a REFERENCE points at among what the caller may see. Somebody who may read nothing of the kind
// finds nothing.
func (s *Service) find(ctx context.Context, tx *ent.Tx, t custom.Target, id uuid.UUID) (found bool, archived *time.Time, err error) {
	p := map[custom.Target]policies.Permission{
		custom.ToCustomer: policies.CustomerRead, custom.ToContact: policies.ContactRead, custom.ToContract: policies.ContractRead, custom.ToUser: policies.UserRead,
	}[t]
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return false, nil, nil
		}
		return false, nil, err
	}
	switch t {
	case custom.ToCustomer:
		var c *ent.Customer
		if c, err = tx.Customer.Query().Where(customer.ID(publicid.CustomerID(id)), access.Where).Only(ctx); err == nil {
			archived = c.ArchivedAt
		}
	case custom.ToContact:
		var c *ent.Contact
		var through func(*sql.Selector)
		if through, err = throughCustomer(ctx, access); err != nil {
			return false, nil, err
		}
		if c, err = tx.Contact.Query().Where(contact.ID(publicid.ContactID(id)), through).Only(ctx); err == nil {
			archived = c.ArchivedAt
		}
	case custom.ToContract:
		var c *ent.Contract
		if c, err = tx.Contract.Query().Where(contract.ID(publicid.ContractID(id)), access.Where).Only(ctx); err == nil {
			archived = c.ArchivedAt
		}
	default: // a user; those who have left may still be named
		_, err = tx.User.Query().Where(user.ID(publicid.UserID(id)), access.On(user.FieldID, user.FieldDepartmentID)).Only(ctx)
	}
	if ent.IsNotFound(err) {
		return false, nil, nil
	}
	return err == nil, archived, tenancy.Fault(err, "look up what a custom field points at")
}

// throughCustomer narrows contacts to those of customers within reach.
func throughCustomer(ctx context.Context, access policies.Access) (func(*sql.Selector), error) {
	me, err := identity.From(ctx)
	return access.Through(customer.Table, contact.FieldCustomerID, me.TenantID), err
}
