// Package approvals puts what people submit before those who must agree (F1–F8, HR3, HR4): contracts, changes, clause
// exceptions, payments and bill edits, all by one engine. It keeps the tenants' flows, plans each run by the pure rules
// of package flow, asks people, records every answer, and tells the subject's owner in the same transaction how it went.
//
// The engine knows no other domain: owners implement [Subject] and are registered where the product is put together.
// Locks are taken in one order: the subject, then its approval, then its tasks.
package approvals

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvaltask"
	"heyue/ent/predicate"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Subject is what the owner of something approvable does for the engine, each time in the caller's transaction.
type Subject interface {
	// See fails with NOT_FOUND unless the caller may see the subject.
	See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error
	// Matter locks the subject and describes it. NOT_FOUND when there is none.
	Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error)
	// Moved is told where the approval went: PENDING when it begins, then APPROVED, REJECTED, RETURNED or WITHDRAWN. An
	// error undoes the step.
	Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error
}

// Reminders keeps due dates and tells people of them inside the caller's transaction; see package alerts.
type Reminders interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Tell(ctx context.Context, tx *ent.Tx, kind due.Kind, subject uuid.UUID, step string, users ...publicid.UserID) error
}

// Service is the use cases of approval.
type Service struct {
	Client    *ent.Client
	Policies  *policies.Engine
	Audit     audit.Recorder
	Reminders Reminders
	Lister    listing.Lister
	Clock     clock.Clock
	Limits    Limits
	Subjects  map[flow.Kind]Subject
}

// Limits bound what a tenant may set up.
type Limits struct {
	Flows       int // flows that are not archived, of all kinds (HEYUE_APPROVAL_FLOWS)
	Tasks       int // tasks that one approval may come to have, by adding, forwarding and escalating (HEYUE_APPROVAL_TASKS)
	Delegations int // delegations a user may have planned (HEYUE_DELEGATIONS)
}

func (s *Service) subject(kind flow.Kind) (Subject, error) {
	owner, ok := s.Subjects[kind]
	if !ok {
		return nil, fault.New(fault.Invalid, fault.UnknownValue, "nothing of the kind %.20q can be submitted", string(kind)).At("kind")
	}
	return owner, nil
}

// visible narrows approvals to those within reach and those the caller takes part in.
func visible(access policies.Access) predicate.Approval {
	if access.Scope == grant.Tenant {
		return func(*sql.Selector) {}
	}
	me := access.User()
	return approval.Or(access.Where, approval.SubmitterID(me), approval.HasTasksWith(approvaltask.UserID(me)))
}

// Lookup returns an approval that the caller may see; nil when there is none. Needs approval:read; whoever takes part
// sees it whatever the reach.
func (s *Service) Lookup(ctx context.Context, id publicid.ApprovalID) (*ent.Approval, error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, err
	}
	a, err := s.Client.Approval.Query().Where(approval.ID(id), visible(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, tenancy.Fault(err, "look up an approval")
}

// ByIDs returns those of the given approvals that the caller may see, in no order.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.ApprovalID) ([]*ent.Approval, error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, unlessDenied(err)
	}
	rows, err := s.Client.Approval.Query().Where(listing.AnyOf(approval.FieldID, ids), visible(access)).All(ctx)
	return rows, tenancy.Fault(err, "look up approvals")
}

func unlessDenied(err error) error {
	if fault.KindOf(err) == fault.Denied {
		return nil
	}
	return err
}

// Valid says whether the newest approval of a subject stands and covers what the subject says now: WRONG_STATE names
// what is missing. Owners call it in the transaction that lets the subject bind somebody, the subject being locked.
func (s *Service) Valid(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error {
	owner, err := s.subject(kind)
	if err != nil {
		return err
	}
	matter, err := owner.Matter(ctx, tx, id)
	if err != nil {
		return err
	}
	last, err := newest(ctx, tx, kind, id)
	if err != nil {
		return err
	}
	if last == nil || last.State != flow.Approved {
		return fault.New(fault.State, fault.WrongState, "there is no approval; submit it first")
	}
	nodes, err := last.QueryNodes().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the approval")
	}
	for _, n := range nodes {
		if changed := voids(n, matter); len(changed) > 0 {
			return fault.New(fault.State, fault.WrongState, "%s changed since %q approved; submit it again", changed[0], n.Plan.Name)
		}
	}
	return nil
}

// newest is the subject's latest approval; nil for none.
func newest(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) (*ent.Approval, error) {
	a, err := tx.Approval.Query().Where(approval.KindEQ(kind), approval.SubjectID(id)).
		Order(approval.BySubmittedAt(sql.OrderDesc()), approval.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, tenancy.Fault(err, "read the approval")
}
