package customers

import (
	"context"
	"fmt"

	"heyue/audit"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a customer (B1, B2). Needs customer:create reaching the new row's owner and department. Faults: those
// of Draft.Validate, UNKNOWN_VALUE for dictionary codes, NOT_FOUND for owner or department, DUPLICATE for code or
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
	if err := s.checkCodes(ctx, &c, d.Details); err != nil {
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
		if made, err = create.Save(ctx); err != nil {
			return conflict(err)
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "customer", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

const outOfReach = "your permission does not reach customers of that owner and department"

// checkCodes records a fault for every dictionary code that may not be used.
func (s *Service) checkCodes(ctx context.Context, c *fault.Check, d Details) error {
	codes := d.codes()
	unusable, err := s.Codes.Unusable(ctx, codes)
	for _, list := range unusable {
		c.Add(fault.UnknownValue, fields[list], "%q is not a usable code of the dictionary %s", codes[list], list)
	}
	return err
}

// conflict names the input behind a constraint that refused a write.
func conflict(err error) error {
	if name, ok := tenancy.UniqueViolation(err); ok {
		field := map[string]string{"customer_tenant_id_code": "code", "customer_tenant_id_credit_code": "creditCode"}[name]
		return refuse(fault.Conflict, fault.Duplicate, field, "another customer has this "+field)
	}
	if name, ok := tenancy.ForeignKeyViolation(err); ok {
		field := map[string]string{"customers_users_owner": "ownerId", "customers_departments_department": "departmentId"}[name]
		return refuse(fault.NotFound, fault.Missing, field, field+" names nothing that exists")
	}
	return tenancy.Fault(err, "write a customer")
}

func refuse(kind fault.Kind, code fault.Code, field, message string) error {
	f := fault.New(kind, code, "%s", message)
	f.Field = []string{field}
	return f
}
