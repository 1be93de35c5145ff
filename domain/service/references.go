package service

import (
	"context"

	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/ent/servicerecord"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// references are what a record is about, as it will be written.
type references struct {
	customer publicid.CustomerID
	contact  *publicid.ContactID
	contract *publicid.ContractID
}

// check reports every reference that d picks and may not: one that the caller does not see (NOT_FOUND), one in the
// archive (WRONG_STATE), a contact or contract of another customer (INCONSISTENT). What d leaves alone is only looked
// at when the customer changes under it. The rows stay locked until tx ends, so that what was checked holds.
func (s *Service) check(ctx context.Context, tx *ent.Tx, d Details, want references) error {
	var faults fault.List
	add := func(kind fault.Kind, code fault.Code, field, message string) {
		f := fault.New(kind, code, "%s", message)
		f.Field = []string{field}
		faults = append(faults, f)
	}
	if d.CustomerID != nil {
		c, err := s.customer(ctx, tx, want.customer)
		switch {
		case err != nil:
			return err
		case c == nil:
			add(fault.NotFound, fault.Missing, "customerId", "customer not found")
		case c.ArchivedAt != nil:
			add(fault.State, fault.WrongState, "customerId", "the customer is archived; restore it first")
		}
	}
	if want.contact != nil && (d.ContactID != nil || d.CustomerID != nil) {
		c, err := s.contact(ctx, tx, *want.contact)
		switch {
		case err != nil:
			return err
		case c == nil:
			add(fault.NotFound, fault.Missing, "contactId", "contact not found")
		case c.CustomerID != want.customer:
			add(fault.Invalid, fault.Inconsistent, "contactId", "the contact is not one of the record's customer")
		case d.ContactID != nil && c.ArchivedAt != nil:
			add(fault.State, fault.WrongState, "contactId", "the contact is archived; restore it first")
		}
	}
	if want.contract != nil && (d.ContractID != nil || d.CustomerID != nil) {
		c, err := s.contract(ctx, tx, *want.contract)
		switch {
		case err != nil:
			return err
		case c == nil:
			add(fault.NotFound, fault.Missing, "contractId", "contract not found")
		case c.CustomerID != want.customer:
			add(fault.Invalid, fault.Inconsistent, "contractId", "the contract is not one with the record's customer")
		case d.ContractID != nil && c.ArchivedAt != nil:
			add(fault.State, fault.WrongState, "contractId", "the contract is archived; restore it first")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

func (s *Service) customer(ctx context.Context, tx *ent.Tx, id publicid.CustomerID) (*ent.Customer, error) {
	where, err := s.seen(ctx, policies.CustomerRead)
	if err != nil || where == nil {
		return nil, err
	}
	return one(tx.Customer.Query().Where(customer.ID(id), where.Where).ForShare().Only(ctx))
}

func (s *Service) contact(ctx context.Context, tx *ent.Tx, id publicid.ContactID) (*ent.Contact, error) {
	where, err := s.seen(ctx, policies.ContactRead)
	if err != nil || where == nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	through := where.Through(customer.Table, contact.FieldCustomerID, me.TenantID)
	return one(tx.Contact.Query().Where(contact.ID(id), through).ForShare().Only(ctx))
}

func (s *Service) contract(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (*ent.Contract, error) {
	where, err := s.seen(ctx, policies.ContractRead)
	if err != nil || where == nil {
		return nil, err
	}
	return one(tx.Contract.Query().Where(contract.ID(id), where.Where).ForShare().Only(ctx))
}

// seen is what the caller may read of a noun, nil for nothing.
func (s *Service) seen(ctx context.Context, p policies.Permission) (*policies.Access, error) {
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	return &access, nil
}

func one[T any](row *T, err error) (*T, error) {
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return row, tenancy.Fault(err, "load what a service record is about")
}

// checkType records a fault for a service type that may not be used. One that has been archived since stays usable for
// the record that has it: id, when the record exists.
func (s *Service) checkType(ctx context.Context, c *fault.Check, code *string, access policies.Access, id ...publicid.ServiceRecordID) error {
	if code == nil {
		return nil
	}
	unusable, err := s.Codes.Unusable(ctx, map[shipped.List]string{shipped.ServiceType: *code})
	if err != nil || len(unusable) == 0 {
		return err
	}
	kept, err := s.Client.ServiceRecord.Query().
		Where(servicerecord.IDIn(id...), servicerecord.ServiceType(*code), access.Where).Exist(ctx)
	c.That(kept, fault.UnknownValue, "serviceType", "%.64q is not a usable code of the dictionary %s", *code, shipped.ServiceType)
	return tenancy.Fault(err, "look up a service record's type")
}

// conflict names the input behind a constraint that refused a write.
func conflict(err error) error {
	name, _ := tenancy.ForeignKeyViolation(err)
	field, ok := map[string]string{
		"service_records_customers_customer": "customerId", "service_records_contacts_contact": "contactId",
		"service_records_contracts_contract": "contractId", "service_records_users_owner": "ownerId",
		"service_records_departments_department": "departmentId",
	}[name]
	if ok {
		f := fault.New(fault.NotFound, fault.Missing, "%s names nothing that exists", field)
		f.Field = []string{field}
		return f
	}
	return tenancy.Fault(err, "write a service record")
}
