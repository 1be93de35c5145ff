package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a contact of a customer (B3). Needs contact:create reaching the customer, which the caller must see too.
// Faults: those of Draft.Validate and of Fields.Settle, NOT_FOUND for the customer, WRONG_STATE for an archived one.
func (s *Service) Create(ctx context.Context, d Draft) (*ent.Contact, error) {
	reach, err := s.require(ctx, policies.ContactCreate)
	if err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := d.Validate(today); err != nil {
		return nil, err
	}
	sees, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		return nil, err
	}
	var made *ent.Contact
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		of, err := lock(ctx, tx, d.CustomerID, reach.Access, sees)
		if err != nil {
			return err
		}
		if of.ArchivedAt != nil {
			return refuse(fault.State, fault.WrongState, "customerId", "the customer is archived; restore it first")
		}
		if d.primary() {
			if err := s.demote(ctx, tx, d.CustomerID); err != nil {
				return err
			}
		}
		create := tx.Contact.Create().SetCustomerID(d.CustomerID)
		d.apply(create.Mutation())
		keep, err := s.Fields.Settle(ctx, tx, custom.Contact, nil, d.Custom, true, create.Mutation().SetCustom)
		if err != nil {
			return err
		}
		if made, err = create.Save(ctx); err != nil {
			return tenancy.Fault(err, "write a contact")
		}
		if err := keep(made.ID.UUID()); err != nil {
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "contact", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// lock holds a customer within all the given reaches until tx ends: it will not be archived meanwhile, and no other
// transaction chooses its primary contact. Rows that refer to the customer may still be written.
func lock(ctx context.Context, tx *ent.Tx, id publicid.CustomerID, within ...policies.Access) (*ent.Customer, error) {
	q := tx.Customer.Query().Where(customer.ID(id))
	for _, w := range within {
		q.Where(w.Where)
	}
	c, err := q.ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE")).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("customer", "customerId")
	}
	return c, tenancy.Fault(err, "load a contact's customer")
}

func refuse(kind fault.Kind, code fault.Code, field, message string) error {
	f := fault.New(kind, code, "%s", message)
	f.Field = []string{field}
	return f
}
