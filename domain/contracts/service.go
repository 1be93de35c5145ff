// Package contracts keeps the agreements of a tenant: what each is about, who is bound, what it is worth, what falls
// due when, and what was paid (E1–E16, H1, I1). It is the only writer of contracts and their parts; the rules it asks
// are in the leaf packages below it and in settlement/plan.
package contracts

import (
	"context"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/fields/custom"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Numbers gives out numbers without gaps; see package numbers.
type Numbers interface {
	Take(ctx context.Context, tx *ent.Tx, kind, period string, n int) (first int64, err error)
}

// Obligations keeps due dates and their reminders inside the caller's transaction; see package alerts.
type Obligations interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// Fields settles what the tenant's own fields say of a record; see package fields.
type Fields interface {
	// Settle gives set the values after a change, and returns what writes them once more when the record has its id.
	Settle(ctx context.Context, tx *ent.Tx, noun custom.Noun, old custom.Set, in []*custom.Input, made bool,
		set func(custom.Set)) (keep func(subject uuid.UUID) error, err error)
	// Defined finds the fields that filters and sorts name.
	Defined(ctx context.Context) listing.CustomFields
	// Copy gives set the values of another record, as far as their fields are in use.
	Copy(ctx context.Context, tx *ent.Tx, noun custom.Noun, from custom.Set, set func(custom.Set)) (keep func(subject uuid.UUID) error, err error)
}

// Service is the contracts' use cases.
type Service struct {
	Client      *ent.Client
	Policies    *policies.Engine
	Audit       audit.Recorder
	Numbers     Numbers
	Obligations Obligations
	Texts       Texts
	Fields      Fields
	Outbox      outbox.Writer
	Lister      listing.Lister
	Clock       clock.Clock
	Wordings    Wordings  // nil: no contract is made from a template
	History     History   // nil: nobody asks for what contracts said before
	Approvals   Approvals // nil: people with contract:approve decide
}

// Target is a contract at the version that the caller has seen.
type Target struct {
	ID              publicid.ContractID
	ExpectedVersion int
}

// Lookup returns a contract the caller may see; archived ones too. Another tenant's, one out of scope and one that
// does not exist are alike: nil. Needs contract:read.
func (s *Service) Lookup(ctx context.Context, id publicid.ContractID) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	c, err := s.Client.Contract.Query().Where(contract.ID(id), access.Where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return c, tenancy.Fault(err, "look up a contract")
}

// ByIDs returns those of the given contracts that the caller may see, in no order; none when the caller may see no
// contracts at all.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.ContractID) ([]*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	cs, err := s.Client.Contract.Query().Where(listing.AnyOf(contract.FieldID, ids), access.Where).All(ctx)
	return cs, tenancy.Fault(err, "look up contracts")
}

// load reads a contract for a change and locks it. Rows out of reach are not found. On an old version the contract as
// it is comes with the fault.
func load(ctx context.Context, tx *ent.Tx, access policies.Access, t Target) (*ent.Contract, error) {
	c, err := tx.Contract.Query().Where(contract.ID(t.ID), access.Where).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("contract", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a contract")
	case c.Version != t.ExpectedVersion:
		return c, fault.Stale("contract")
	}
	return c, nil
}

// change loads and locks a contract, lets edit write, and records old and new with the audit entry, all in one
// transaction. On a version conflict the contract as it is comes beside the error.
func (s *Service) change(ctx context.Context, access policies.Access, t Target, action string,
	edit func(tx *ent.Tx, old *ent.Contract) (*ent.Contract, error),
) (now *ent.Contract, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := load(ctx, tx, access, t)
		if err != nil {
			now = old
			return err
		}
		if now, err = edit(tx, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "contract", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// local is the tenant's settings and what day it is in its zone.
type local struct {
	settings.Settings
	today date.Date
}

func (s *Service) local(ctx context.Context, client *ent.TenantClient) (local, error) {
	own, today, err := tenancy.Local(ctx, client, s.Clock.Now())
	return local{own, today}, err
}
