// Package changes takes changes of contracts that bind through approval and keeps what every contract has said, version by
// version (G1–G4, HR8, HR9). A change order says what shall be otherwise, why, on what evidence, and from which day to
// which; once it is approved a version of the contract is put on record in the same transaction, and the contract's rows
// follow on the days on which it holds. Which terms were in force on a day, as they were known at a moment, follows from the
// record alone; the rules are in the leaf packages terms and order.
//
// Locks are taken in one order: the contract, then its change order.
package changes

import (
	"context"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts/document"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/changeorder"
	"heyue/ent/contract"
	"heyue/ent/contractversion"
	"heyue/ent/predicate"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Contracts reads and writes the rows of contracts inside the caller's transaction; see package contracts.
type Contracts interface {
	Hold(ctx context.Context, tx *ent.Tx, p policies.Permission, id publicid.ContractID) (*ent.Contract, error)
	Terms(ctx context.Context, tx *ent.Tx, c *ent.Contract) (terms.Sheet, error)
	Fits(ctx context.Context, tx *ent.Tx, c *ent.Contract, to terms.Sheet) error
	Amend(ctx context.Context, tx *ent.Tx, c *ent.Contract, to terms.Sheet, approved bool) (*ent.Contract, error)
	Register(ctx context.Context, tx *ent.Tx, c *ent.Contract, on date.Date, reason, description string) (publicid.ContractChangeID, error)
	File(ctx context.Context, tx *ent.Tx, id publicid.ContractID, d *document.Reference) (*publicid.DocumentReferenceID, error)
	Facts(ctx context.Context, tx *ent.Tx, c *ent.Contract) (flow.Facts, error)
}

// Texts knows the slots of contracts' texts and renders them with other terms; see package drafting.
type Texts interface {
	CheckFills(ctx context.Context, tx *ent.Tx, id publicid.ContractID, fills []*text.Fill) error
	// Render makes the text of a contract whose fields and edges hold other terms; nil for one without a text.
	Render(ctx context.Context, client *ent.Client, c *ent.Contract) (*Wording, error)
}

// Wording is the text of a contract as Texts makes it.
type Wording struct {
	Content  text.Content
	Document text.Document
}

// Approvals is the engine that finds who must decide on a change. It calls Approved, Rejected and SentBack when they have.
// Its methods run in the change's transaction, with contract and change locked.
type Approvals interface {
	// Begin starts the flow that fits the change, with the submitter's choices of who decides.
	Begin(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder, chosen []*flow.Choice) error
	// Yield makes way for a decision from outside of the flow: WRONG_STATE while a flow of the tenant is deciding.
	Yield(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error
	// Cancel ends the flow, if one is running, because the change was withdrawn.
	Cancel(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error
}

// Limits bound what one contract may come to have.
type Limits struct {
	Open     int // change orders that are drafts or in review
	Evidence int // documents of one change order
}

// DefaultLimits are 20 open change orders a contract and 50 documents a change order.
func DefaultLimits() Limits { return Limits{Open: 20, Evidence: 50} }

// Service is the use cases of changes. It is the only writer of change orders, versions of contracts and their schedules.
type Service struct {
	Client    *ent.Client
	Policies  *policies.Engine
	Audit     audit.Recorder
	Outbox    outbox.Writer
	Contracts Contracts
	Texts     Texts
	Approvals Approvals // nil: people with contract:approve decide
	Clock     clock.Clock
	Limits    Limits
}

// Target is a change order at the version that the caller has seen.
type Target struct {
	ID              publicid.ChangeOrderID
	ExpectedVersion int
}

// Lookup returns a change order of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Lookup(ctx context.Context, id publicid.ChangeOrderID) (*ent.ChangeOrder, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	o, err := s.Client.ChangeOrder.Query().Where(changeorder.ID(id), changeorder.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return o, tenancy.Fault(err, "look up a change order")
}

// Version returns a version of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Version(ctx context.Context, id publicid.ContractVersionID) (*ent.ContractVersion, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	v, err := s.Client.ContractVersion.Query().Where(contractversion.ID(id), contractversion.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return v, tenancy.Fault(err, "look up a version of a contract")
}

// The lists below are of contracts and change orders that the caller was given: whoever sees a contract sees its changes.

// OrdersOf returns the change orders of contracts, oldest first.
func (s *Service) OrdersOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ChangeOrder, error) {
	rows, err := s.Client.ChangeOrder.Query().Where(changeorder.ContractIDIn(ids...)).Order(byNumber).All(ctx)
	return rows, tenancy.Fault(err, "read change orders")
}

// OrdersByIDs returns change orders in no order.
func (s *Service) OrdersByIDs(ctx context.Context, ids []publicid.ChangeOrderID) ([]*ent.ChangeOrder, error) {
	rows, err := s.Client.ChangeOrder.Query().Where(listing.AnyOf(changeorder.FieldID, ids)).All(ctx)
	return rows, tenancy.Fault(err, "read change orders")
}

// VersionsOf returns the versions of contracts, oldest first; none for a contract that was never changed.
func (s *Service) VersionsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ContractVersion, error) {
	rows, err := s.Client.ContractVersion.Query().Where(contractversion.ContractIDIn(ids...)).Order(byNumber).All(ctx)
	return rows, tenancy.Fault(err, "read versions of contracts")
}

// VersionsOfOrders returns the versions that change orders have become.
func (s *Service) VersionsOfOrders(ctx context.Context, ids []publicid.ChangeOrderID) ([]*ent.ContractVersion, error) {
	rows, err := s.Client.ContractVersion.Query().Where(contractversion.ChangeOrderIDIn(ids...)).All(ctx)
	return rows, tenancy.Fault(err, "read versions of contracts")
}

// VersionsOfRecords returns the versions that entries among contracts' changes stand for.
func (s *Service) VersionsOfRecords(ctx context.Context, ids []publicid.ContractChangeID) ([]*ent.ContractVersion, error) {
	rows, err := s.Client.ContractVersion.Query().Where(contractversion.RecordIDIn(ids...)).All(ctx)
	return rows, tenancy.Fault(err, "read versions of contracts")
}

// hold locks the contract of a change order that access reaches, and then the change order. On an old version the change
// order as it is comes with the fault. Faults: NOT_FOUND, VERSION_CONFLICT.
func (s *Service) hold(ctx context.Context, tx *ent.Tx, access policies.Access, t Target) (*ent.Contract, *ent.ChangeOrder, error) {
	seen, err := tx.ChangeOrder.Query().Where(changeorder.ID(t.ID), changeorder.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, fault.NoSuch("change order", "id")
	}
	if err != nil {
		return nil, nil, tenancy.Fault(err, "find a change order")
	}
	c, o, err := lock(ctx, tx, seen)
	if err == nil && o.Version != t.ExpectedVersion {
		return c, o, fault.Stale("change order")
	}
	return c, o, err
}

// lock locks the contract of a change order, which is always the same one, and then the change order.
func lock(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder) (*ent.Contract, *ent.ChangeOrder, error) {
	c, err := tx.Contract.Query().Where(contract.ID(o.ContractID)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "lock a contract")
	}
	now, err := tx.ChangeOrder.Query().Where(changeorder.ID(o.ID)).ForUpdate().Only(ctx)
	return c, now, tenancy.Fault(err, "lock a change order")
}

// change is the frame of every use case that moves a change order: permission, input, row within reach, version, and do. On
// a version conflict the change order as it is comes beside the error.
func (s *Service) change(ctx context.Context, p policies.Permission, t Target, invalid error, action string,
	do func(tx *ent.Tx, access policies.Access, c *ent.Contract, o *ent.ChangeOrder) (*ent.ChangeOrder, error),
) (now *ent.ChangeOrder, err error) {
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		return nil, err
	}
	if invalid != nil {
		return nil, invalid
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, o, err := s.hold(ctx, tx, access, t)
		if err != nil {
			now = o
			return err
		}
		if now, err = do(tx, access, c, o); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "change_order", ID: o.ID.UUID(), Before: o, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// amendable refuses a contract that no change order is for.
func amendable(c *ent.Contract) error {
	if c.ArchivedAt != nil {
		return fault.New(fault.State, fault.WrongState, "the contract is archived; restore it first")
	}
	if !c.Status.IsBinding() {
		return fault.New(fault.State, fault.WrongState, "a contract that is %s has no change orders: they are for one that is signed and runs", c.Status)
	}
	return nil
}
