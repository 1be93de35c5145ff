package policies

import (
	"context"
	"slices"
	"strings"

	"heyue/ent"
	"heyue/ent/changeorder"
	"heyue/ent/contact"
	"heyue/ent/contract"
	"heyue/ent/customer"
	entincident "heyue/ent/incident"
	entmilestone "heyue/ent/milestone"
	"heyue/ent/payment"
	"heyue/ent/servicerecord"
	"heyue/ent/user"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// record is what a decision about one row needs to know of it.
type record struct {
	owner      *publicid.UserID
	department *publicid.DepartmentID
	customer   *publicid.CustomerID // that it is, or is part of
	contract   *publicid.ContractID // likewise
}

// kind is a kind of record that decisions are explained for.
type kind struct {
	object string     // in permissions and masks
	read   Permission // that shows it
	find   func(context.Context, *ent.Client, publicid.Any, Access) (*record, error)
}

// kinds are the kinds by the prefix of their ids. What is part of a contract or of a customer has its place.
var kinds = map[string]kind{
	publicid.PrefixCustomerID: {"customer", CustomerRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofCustomer(c.Customer.Query().Where(customer.ID(publicid.CustomerID(id.UUID)), a.Where).Only(ctx))
	}},
	publicid.PrefixContactID: {"contact", ContactRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofCustomer(c.Contact.Query().Where(contact.ID(publicid.ContactID(id.UUID))).QueryCustomer().Where(a.Where).Only(ctx))
	}},
	publicid.PrefixServiceRecordID: {"service_record", ServiceRecordRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		r, err := c.ServiceRecord.Query().Where(servicerecord.ID(publicid.ServiceRecordID(id.UUID)), a.Where).Only(ctx)
		if err != nil {
			return nil, err
		}
		return &record{owner: r.OwnerID, department: r.DepartmentID}, nil
	}},
	publicid.PrefixContractID: {"contract", ContractRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofContract(c.Contract.Query().Where(contract.ID(publicid.ContractID(id.UUID)), a.Where).Only(ctx))
	}},
	publicid.PrefixPaymentID: {"payment", ContractRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofContract(c.Payment.Query().Where(payment.ID(publicid.PaymentID(id.UUID))).QueryContract().Where(a.Where).Only(ctx))
	}},
	publicid.PrefixMilestoneID: {"milestone", ContractRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofContract(c.Milestone.Query().Where(entmilestone.ID(publicid.MilestoneID(id.UUID))).QueryContract().Where(a.Where).Only(ctx))
	}},
	publicid.PrefixIncidentID: {"incident", ContractRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofContract(c.Incident.Query().Where(entincident.ID(publicid.IncidentID(id.UUID))).QueryContract().Where(a.Where).Only(ctx))
	}},
	publicid.PrefixChangeOrderID: {"contract", ContractRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		return ofContract(c.ChangeOrder.Query().Where(changeorder.ID(publicid.ChangeOrderID(id.UUID))).QueryContract().Where(a.Where).Only(ctx))
	}},
	publicid.PrefixUserID: {"user", UserRead, func(ctx context.Context, c *ent.Client, id publicid.Any, a Access) (*record, error) {
		u, err := c.User.Query().Where(user.ID(publicid.UserID(id.UUID)), a.On(user.FieldID, user.FieldDepartmentID)).Only(ctx)
		if err != nil {
			return nil, err
		}
		return &record{owner: &u.ID, department: u.DepartmentID}, nil
	}},
}

func ofCustomer(c *ent.Customer, err error) (*record, error) {
	if err != nil {
		return nil, err
	}
	return &record{c.OwnerID, c.DepartmentID, &c.ID, nil}, nil
}

func ofContract(c *ent.Contract, err error) (*record, error) {
	if err != nil {
		return nil, err
	}
	return &record{c.OwnerID, c.DepartmentID, nil, &c.ID}, nil
}

// explained names the kinds for messages.
func explained() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.object)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// record finds a record that the caller may read; nil for one that they may not, or that is not there.
func (a *Administration) record(ctx context.Context, id publicid.Any) (*record, error) {
	k := kinds[id.Prefix]
	sees, err := a.Engine.Require(ctx, k.read)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	r, err := k.find(ctx, a.Client, id, sees)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return r, tenancy.Fault(err, "look up a record")
}

// covers is the rule of Where for a record of any kind.
func (a Access) covers(r *record) bool {
	switch {
	case r.customer != nil:
		return a.CoversCustomer(*r.customer, r.owner, r.department)
	case r.contract != nil:
		return a.CoversContract(r.contract, r.owner, r.department)
	}
	return a.Covers(r.owner, r.department)
}
