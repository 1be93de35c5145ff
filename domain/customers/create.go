package customers

import (
	"context"
	"fmt"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a customer (B1, B2). Needs customer:create reaching the new row's owner and department. Faults: those
// of Draft.Validate and of Fields.Settle, UNKNOWN_VALUE for dictionary codes, NOT_FOUND for owner or department, DUPLICATE for code or
// creditCode.
func (s *Service) Create(ctx context.Context, d Draft) (*ent.Customer, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerCreate)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if d.OwnerID == nil {
		me := access.User()
		d.OwnerID = &me
	}
	if d.DepartmentID == nil {
		d.DepartmentID = access.Home()
	}
	var c fault.Check
	if err := s.checkCodes(ctx, &c, d.Details, access); err != nil {
		return nil, err
	}
	c.That(access.Covers(d.OwnerID, d.DepartmentID), fault.NotAllowed, "ownerId", "%s", outOfReach)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var made *ent.Customer
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if d.Code == nil {
			n, err := s.Numbers.Take(ctx, tx, "customer", "", 1)
			if err != nil {
				return err
			}
			code := fmt.Sprintf("C%06d", n)
			d.Code = &code
		}
		create := tx.Customer.Create()
		d.apply(create.Mutation())
		keep, err := s.Fields.Settle(ctx, tx, custom.Customer, nil, d.Custom, true, create.Mutation().SetCustom)
		if err != nil {
			return err
		}
		if made, err = create.Save(ctx); err != nil {
			return conflict(err)
		}
		if err := keep(made.ID.UUID()); err != nil {
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "customer", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

const outOfReach = "your permission does not reach customers of that owner and department"

// checkCodes records a fault for every dictionary code that may not be used. Codes that have been archived since stay
// usable for the customer that has them: id, when the customer exists.
func (s *Service) checkCodes(ctx context.Context, c *fault.Check, d Details, access policies.Access, id ...publicid.CustomerID) error {
	codes := d.codes()
	unusable, err := s.Codes.Unusable(ctx, codes)
	if err != nil || len(unusable) == 0 {
		return err
	}
	old, err := s.Client.Customer.Query().Where(customer.IDIn(id...), access.Where).All(ctx)
	for _, list := range unusable {
		kept := len(old) == 1 && stored(old[0])[list] == codes[list]
		c.That(kept, fault.UnknownValue, fields[list], "%.64q is not a usable code of the dictionary %s", codes[list], list)
	}
	return tenancy.Fault(err, "look up a customer's codes")
}

// conflict names the input behind a constraint that refused a write.
func conflict(err error) error {
	unique, _ := tenancy.UniqueViolation(err)
	foreign, _ := tenancy.ForeignKeyViolation(err)
	switch {
	case unique == "customer_tenant_id_code":
		return refuse(fault.Conflict, fault.Duplicate, "code", "another customer has this code")
	case unique == "customer_tenant_id_credit_code":
		return refuse(fault.Conflict, fault.Duplicate, "creditCode", "another customer has this creditCode")
	case foreign == "customers_users_owner":
		return refuse(fault.NotFound, fault.Missing, "ownerId", "ownerId names nothing that exists")
	case foreign == "customers_departments_department":
		return refuse(fault.NotFound, fault.Missing, "departmentId", "departmentId names nothing that exists")
	}
	return tenancy.Fault(err, "write a customer")
}

func refuse(kind fault.Kind, code fault.Code, field, message string) error {
	f := fault.New(kind, code, "%s", message)
	f.Field = []string{field}
	return f
}
