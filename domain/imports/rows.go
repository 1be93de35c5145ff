package imports

import (
	"context"
	"encoding/json"
	"time"

	"heyue/ent"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Rows are customers, contracts and what hangs on them, to be written together and fast: one statement a table,
// whatever their number. Every row needs its id, which tells a new one from one that is there, and the ids of what it
// refers to; tenant and times are filled in. Rows check nothing that the tables do not check themselves, make no
// reminders and no audit entries: that is the caller's, which is an import or the demo data.
type Rows struct {
	Sealer     Sealer // encrypts what of contacts is kept so; needed where there are any
	Customers  []*ent.Customer
	Contacts   []*ent.Contact
	Contracts  []*ent.Contract
	Parties    []*ent.ContractParty
	Lines      []*ent.ContractLine
	Plan       []*ent.PaymentPlanLine
	Payments   []*ent.Payment // only ever added
	Allocated  []*ent.PaymentAllocation
	Milestones []*ent.Milestone
	Documents  []*ent.DocumentReference
	Changes    []*ent.ContractChange
	Services   []*ent.ServiceRecord
	Sources    []*ent.ImportSource // found by system, object and source id, not by id
}

// putMost bounds the rows of one statement, and with them its memory on both sides.
const putMost = 2000

// Put makes the rows that are missing and brings those up to date that differ; versions go up by one with a change,
// and rows that are as they should be are not touched. Positions, and what the tables hold immutable, stay. tx is the
// context's tenant's. Faults are INTERNAL or UNAVAILABLE.
func (r Rows) Put(ctx context.Context, tx *ent.Tx, now time.Time) error {
	for _, put := range []func() error{
		func() error { return put(ctx, tx, "customers", putCustomers, now, r.Customers, customerOf) },
		func() error { return r.putContacts(ctx, tx, now) },
		func() error { return put(ctx, tx, "contracts", putContracts, now, r.Contracts, contractOf) },
		func() error { return put(ctx, tx, "parties", putParties, now, r.Parties, partyOf) },
		func() error { return put(ctx, tx, "lines", putLines, now, r.Lines, lineOf) },
		func() error { return put(ctx, tx, "payment plans", putPlan, now, r.Plan, instalmentOf) },
		func() error { return put(ctx, tx, "payments", putPayments, now, r.Payments, paymentOf) },
		func() error { return put(ctx, tx, "allocations", putAllocations, now, r.Allocated, allocationOf) },
		func() error { return put(ctx, tx, "milestones", putMilestones, now, r.Milestones, milestoneOf) },
		func() error { return put(ctx, tx, "documents", putDocuments, now, r.Documents, documentOf) },
		func() error { return put(ctx, tx, "changes", putChanges, now, r.Changes, changeOf) },
		func() error { return put(ctx, tx, "service records", putServices, now, r.Services, serviceOf) },
		func() error { return put(ctx, tx, "sources", putSources, now, r.Sources, sourceOf) },
	} {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}

// Sealer encrypts the texts of entities in place, as ent does for what is written through it (vault.Vault).
type Sealer interface {
	SealEntity(ctx context.Context, entity ent.Value) error
}

// putContacts writes copies: the caller's contacts stay readable.
func (r Rows) putContacts(ctx context.Context, tx *ent.Tx, now time.Time) error {
	if len(r.Contacts) == 0 {
		return nil
	}
	if r.Sealer == nil {
		return fault.New(fault.Internal, fault.CodeInternal, "contacts need something that seals them")
	}
	sealed := make([]*ent.Contact, len(r.Contacts))
	for i, c := range r.Contacts {
		one := *c
		sealed[i] = &one
	}
	if err := r.Sealer.SealEntity(ctx, sealed); err != nil {
		return tenancy.Fault(err, "seal contacts")
	}
	return put(ctx, tx, "contacts", putContacts, now, sealed, contactOf)
}

// put runs a statement with the tenant as $1, the instant as $2 and the rows as JSON in $3.
func put[Row, Plain any](ctx context.Context, tx *ent.Tx, what, statement string, now time.Time, rows []Row, plain func(Row) Plain) error {
	for from := 0; from < len(rows); from += putMost {
		part := rows[from:min(from+putMost, len(rows))]
		all := make([]Plain, len(part))
		for i, r := range part {
			all[i] = plain(r)
		}
		if err := exec(ctx, tx, "write "+what, statement, now, all); err != nil {
			return err
		}
	}
	return nil
}

func exec(ctx context.Context, tx *ent.Tx, doing, statement string, now time.Time, rows any) error {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return tenancy.ErrNoTenant
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return fault.Wrap(err, doing)
	}
	_, err = tx.ExecContext(ctx, statement, tenant, now, string(text))
	return tenancy.Fault(err, doing)
}
