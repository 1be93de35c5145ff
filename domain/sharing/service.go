// Package sharing lets somebody reach one customer or one contract that is outside their scope (A3, A11): a user, or a
// department with all below it, to read or to change, for good or until the end of a day. A share gives no permission: what
// its user may do nowhere, they may not do here. A customer's share reaches its contacts, a contract's all that is part of it;
// service records and contracts have owners of their own and are not lent with the customer.
//
// What a share opens is decided by policies.Access; here is who may share.
package sharing

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/ent/predicate"
	"heyue/ent/recordshare"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Limits of shares that have not ended.
type Limits struct {
	Tenant  int // of all
	Grantee int // with one user or one department
	Record  int // of one record
}

// DefaultLimits are in force unless the installation says otherwise.
func DefaultLimits() Limits { return Limits{Tenant: 5000, Grantee: 500, Record: 100} }

// Service is the use cases of shares, and their only writer.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Lister   listing.Lister
	Clock    clock.Clock
	Limits   Limits
}

// sight is what of the shares somebody sees: those of records that they may update, and those with themselves.
type sight struct {
	customers, contracts policies.Access
	me                   *policies.Grants
	user                 publicid.UserID
	today                date.Date
}

func (s *Service) sight(ctx context.Context) (v sight, err error) {
	if v.me, err = s.Policies.Caller(ctx); err != nil {
		return v, err
	}
	v.user = v.me.User()
	v.customers, _ = v.me.Access(policies.CustomerUpdate)
	v.contracts, _ = v.me.Access(policies.ContractUpdate)
	_, v.today, err = tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	return v, err
}

// where narrows a query of shares to those in force that are seen.
func (v sight) where(q *sql.Selector) {
	recordshare.And(v.inForce(), recordshare.Or(
		recordshare.HasCustomerWith(v.customers.Where), recordshare.HasContractWith(v.contracts.Where),
		recordshare.UserID(v.user), recordshare.DepartmentIDIn(v.me.Above()...),
	))(q)
}

func (v sight) inForce() predicate.RecordShare { return inForce(v.today) }

func inForce(today date.Date) predicate.RecordShare {
	return recordshare.Or(recordshare.EndsOnIsNil(), recordshare.EndsOnGTE(today))
}

// record is what is shared, as whoever shares it reaches it.
type record struct {
	customer *publicid.CustomerID
	contract *publicid.ContractID
	access   policies.Access
	owned    bool       // within the caller's own scope, not only by a share
	until    *date.Date // the last day of the share by which it is within reach; nil for no end
}

// reach finds a record that the caller may update. Out of reach is NOT_FOUND.
func (s *Service) reach(ctx context.Context, tx *ent.Tx, customers *publicid.CustomerID, contracts *publicid.ContractID) (record, error) {
	r := record{customer: customers, contract: contracts}
	var until date.Date
	var err error
	if customers != nil {
		if r.access, err = s.Policies.Require(ctx, policies.CustomerUpdate); err != nil {
			return r, err
		}
		c, err := tx.Customer.Query().Where(customer.ID(*customers), r.access.Where).Only(ctx)
		if err != nil {
			return r, absent(err, "customer", "customerId")
		}
		r.owned = r.access.Covers(c.OwnerID, c.DepartmentID)
		until, _ = r.access.CustomerUntil(c.ID)
	} else {
		if r.access, err = s.Policies.Require(ctx, policies.ContractUpdate); err != nil {
			return r, err
		}
		c, err := tx.Contract.Query().Where(contract.ID(*contracts), r.access.Where).Only(ctx)
		if err != nil {
			return r, absent(err, "contract", "contractId")
		}
		r.owned = r.access.Covers(c.OwnerID, c.DepartmentID)
		until, _ = r.access.ContractUntil(c.ID)
	}
	if !r.owned && !until.IsZero() {
		r.until = &until
	}
	return r, nil
}

// mayLend refuses an end after that of the share by which the caller reaches the record: nobody shares more than they hold.
func (r record) mayLend(until *date.Date) error {
	if r.until == nil || until != nil && !until.After(*r.until) {
		return nil
	}
	return fault.New(fault.Invalid, fault.NotAllowed, "it is shared with you until %s; you cannot share it for longer", r.until).At("endsOn")
}

// finish records a change and lets it hold from everybody's next request on.
func (s *Service) finish(ctx context.Context, tx *ent.Tx, e audit.Entry) error {
	e.Object = "record_share"
	return errors.Join(s.Audit.Record(ctx, tx, e), policies.Bump(ctx, tx))
}

func absent(err error, noun, field string) error {
	if ent.IsNotFound(err) {
		return fault.NoSuch(noun, field)
	}
	return tenancy.Fault(err, "load a "+noun)
}
