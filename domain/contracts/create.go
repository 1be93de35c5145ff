package contracts

import (
	"context"
	"errors"
	"strings"

	"heyue/audit"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a contract with its parts, numbers it by the tenant's rule without a gap, and sets the reminders of a
// registered one. Needs contract:create reaching its owner and department, and sight of the customer. Faults: those of
// Draft.Validate and of Fields.Settle; NOT_ALLOWED; NOT_FOUND for customer, owner, department or predecessor; INCONSISTENT for a plan that
// does not make up the amount.
func (s *Service) Create(ctx context.Context, d Draft) (made *ent.Contract, err error) {
	access, err := s.Policies.Require(ctx, policies.ContractCreate)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if err := d.settle(access); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		made, err = s.create(ctx, tx, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// settle gives the draft its owner and department, and checks that the caller reaches them.
func (d *Draft) settle(access policies.Access) error {
	if d.OwnerID == nil {
		me := access.User()
		d.OwnerID = &me
	}
	if d.DepartmentID == nil {
		d.DepartmentID = access.Home()
	}
	if !access.Covers(d.OwnerID, d.DepartmentID) {
		return at(fault.New(fault.Invalid, fault.NotAllowed, outOfReach), "ownerId")
	}
	return nil
}

const outOfReach = "your permission does not reach contracts of that owner and department"

func (s *Service) create(ctx context.Context, tx *ent.Tx, d Draft) (*ent.Contract, error) {
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	if err := s.mayUse(ctx, tx, d); err != nil {
		return nil, err
	}
	create := tx.Contract.Create().SetKind(d.Kind).SetDirection(d.Kind.UsualDirection()).SetCurrency(here.Currency).
		SetStatus(d.status(here.today)).SetNillablePredecessorID(d.PredecessorID)
	d.apply(create.Mutation())
	keep, err := s.Fields.Settle(ctx, tx, custom.Contract, nil, d.Custom, true, create.Mutation().SetCustom)
	if err != nil {
		return nil, err
	}
	number, err := s.number(ctx, tx, here, d.Kind) // last, so that the counter is locked as short as can be
	if err != nil {
		return nil, err
	}
	c, err := create.SetNumber(number).Save(ctx)
	if err != nil {
		return nil, conflict(err)
	}
	if err := errors.Join(keep(c.ID.UUID()), agreeable(c)); err != nil {
		return nil, err
	}
	if err := s.writeAll(ctx, tx, c, d.Details, here); err != nil {
		return nil, err
	}
	return c, s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "contract", ID: c.ID.UUID(), After: c})
}

// writeAll writes the parts that are given and sets the reminders.
func (s *Service) writeAll(ctx context.Context, tx *ent.Tx, c *ent.Contract, d Details, here local) error {
	if err := writeParts(ctx, tx, c, d); err != nil {
		return err
	}
	if d.PaymentPlan != nil {
		if err := s.writePlan(ctx, tx, c, d.mode, d.PaymentPlan, here.PlanTolerance); err != nil {
			return err
		}
	} else if d.Amount != nil {
		if err := keepsPlan(ctx, tx, c, here.PlanTolerance); err != nil {
			return err
		}
	}
	if d.Milestones != nil {
		if err := s.writeMilestones(ctx, tx, c, d.Milestones); err != nil {
			return err
		}
	}
	return s.remind(ctx, tx, c)
}

// status is DRAFT, or where the calendar has brought a contract that was signed on paper.
func (d Draft) status(today date.Date) lifecycle.Status {
	if d.Registered == nil || !*d.Registered {
		return lifecycle.Draft
	}
	status, t := lifecycle.Signed, lifecycle.Term{Starts: given.Or(d.EffectiveOn), Ends: given.Or(d.EndsOn), Renewal: lifecycle.FixedTerm}
	if d.Renewal != nil && *d.Renewal != lifecycle.FixedTerm {
		t.Ends = date.Date{} // it goes on by itself; the calendar says until when
	}
	for {
		event, ok := t.ByDate(status, today)
		if !ok {
			return status
		}
		next, err := lifecycle.Next(status, event)
		if err != nil {
			return status
		}
		status = next
	}
}

// agreeable checks a contract's term and the way it goes on together, as they are once a change is made.
func agreeable(c *ent.Contract) error {
	var check fault.Check
	term(c).Check(&check)
	return check.Err()
}

// mayUse checks that the caller sees the customer and the predecessor.
func (s *Service) mayUse(ctx context.Context, tx *ent.Tx, d Draft) error {
	if d.CustomerID != nil {
		access, err := s.Policies.Require(ctx, policies.CustomerRead)
		if err != nil {
			return err
		}
		ok, err := tx.Customer.Query().Where(customer.ID(*d.CustomerID), customer.ArchivedAtIsNil(), access.Where).Exist(ctx)
		if err != nil {
			return tenancy.Fault(err, "look up the customer")
		}
		if !ok {
			return fault.NoSuch("customer", "customerId")
		}
	}
	if d.PredecessorID != nil {
		access, err := s.Policies.Require(ctx, policies.ContractRead)
		if err != nil {
			return err
		}
		ok, err := tx.Contract.Query().Where(contract.ID(*d.PredecessorID), access.Where).Exist(ctx)
		if err != nil {
			return tenancy.Fault(err, "look up the predecessor")
		}
		if !ok {
			return fault.NoSuch("contract", "predecessorId")
		}
	}
	return nil
}

// number takes the next number of the kind by the tenant's rule.
func (s *Service) number(ctx context.Context, tx *ent.Tx, here local, kind lifecycle.Kind) (string, error) {
	rule, err := here.NumberRule(kind)
	if err != nil {
		return "", err
	}
	counter, err := rule.Counter(here.today, kind.Code())
	if err != nil {
		return "", err
	}
	n, err := s.Numbers.Take(ctx, tx, "contract", counter, 1)
	if err != nil {
		return "", err
	}
	return rule.Render(here.today, kind.Code(), n)
}

// apply writes what is given into a create or an update.
func (d Details) apply(m *ent.ContractMutation) {
	if d.Title != nil {
		m.SetTitle(strings.TrimSpace(*d.Title))
	}
	given.Set(d.CustomerID, m.SetCustomerID)
	given.Set(d.Direction, m.SetDirection)
	given.Set(d.SignedOn, m.SetSignedOn)
	given.Set(d.EffectiveOn, m.SetEffectiveOn)
	given.Set(d.EndsOn, m.SetEndsOn)
	given.Set(d.Renewal, m.SetRenewal)
	given.Set(d.RenewalMonths, m.SetRenewalMonths)
	given.Set(d.NoticeDays, m.SetNoticeDays)
	given.Set(d.Description, m.SetDescription)
	given.Set(d.OwnerID, m.SetOwnerID)
	given.Set(d.DepartmentID, m.SetDepartmentID)
	if d.Amount != nil {
		if sum, err := money.FromDecimal(d.Amount.Amount, d.Amount.Currency); err == nil { // checked by Validate
			m.SetAmountMinor(sum.Minor())
			m.SetCurrency(sum.Currency())
		}
	}
}

// conflict names the input behind a constraint that refused a write.
func conflict(err error) error {
	if name, ok := tenancy.ForeignKeyViolation(err); ok {
		field := map[string]string{"contracts_users_owner": "ownerId", "contracts_departments_department": "departmentId",
			"contracts_customers_customer": "customerId"}[name]
		return fault.NoSuch(strings.TrimSuffix(field, "Id"), field)
	}
	if name, ok := tenancy.CheckViolation(err); ok && name == "term_in_order" {
		return at(fault.New(fault.Invalid, fault.Inconsistent, "endsOn is before effectiveOn"), "endsOn")
	}
	if name, ok := tenancy.CheckViolation(err); ok && name == "contract_settled" {
		return at(fault.New(fault.State, fault.InUse, "more than that was settled already"), "amount")
	}
	return tenancy.Fault(err, "write a contract")
}
