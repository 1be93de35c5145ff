package service

import (
	"context"
	"errors"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Create keeps a new record (D1). Needs service_record:create reaching its owner and department, and sight of the
// customer, contact and contract it names. Faults: those of Draft.Validate and of Fields.Settle; UNKNOWN_VALUE for serviceType; NOT_FOUND,
// WRONG_STATE or INCONSISTENT for customerId, contactId and contractId; NOT_FOUND for owner or department; NOT_ALLOWED.
func (s *Service) Create(ctx context.Context, d Draft) (*ent.ServiceRecord, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordCreate)
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
	if d.ServedOn == nil {
		d.ServedOn = &today
	}
	if d.OwnerID == nil {
		me := access.User()
		d.OwnerID = &me
	}
	if d.DepartmentID == nil {
		d.DepartmentID = access.Home()
	}
	var c fault.Check
	err = s.checkType(ctx, &c, d.ServiceType, access)
	c.That(access.Covers(d.OwnerID, d.DepartmentID), fault.NotAllowed, "ownerId", "%s", outOfReach)
	if err := errors.Join(err, c.Err()); err != nil {
		return nil, err
	}
	var made *ent.ServiceRecord
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.check(ctx, tx, d.Details, references{*d.CustomerID, d.ContactID, d.ContractID}); err != nil {
			return err
		}
		create := tx.ServiceRecord.Create()
		d.apply(create.Mutation())
		keep, err := s.Fields.Settle(ctx, tx, custom.ServiceRecord, nil, d.Custom, true, create.Mutation().SetCustom)
		if err != nil {
			return err
		}
		if made, err = create.Save(ctx); err != nil {
			return conflict(err)
		}
		if err := keep(made.ID.UUID()); err != nil {
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "service_record", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

const outOfReach = "your permission does not reach service records of that owner and department"
