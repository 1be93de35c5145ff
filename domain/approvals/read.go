package approvals

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvalnode"
	"heyue/ent/approvalopinion"
	"heyue/ent/approvaltask"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects approvals; all given conditions must hold.
type Filter struct {
	Kind        []flow.Kind           `column:"kind"`
	State       []flow.State          `column:"state"`
	ContractID  []publicid.ContractID `column:"contract_id"`
	SubmitterID []publicid.UserID     `column:"submitter_id"`
}

// Edge is an approval in a page.
type Edge = page.Edge[*ent.Approval]

// List is a page of approvals.
type List = page.Connection[*ent.Approval]

// List reads a page of the approvals the caller may see, newest first. Needs approval:read.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter) (*List, error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, listing.Source[*ent.Approval]{
		Noun: "approval",
		Columns: map[listing.Field]listing.Column[*ent.Approval]{
			"SUBMITTED_AT": {Name: approval.FieldSubmittedAt, Value: func(a *ent.Approval) any { return a.SubmittedAt }},
		},
		ID:      func(a *ent.Approval) uuid.UUID { return a.ID.UUID() },
		Default: []*listing.Sort{{Field: "SUBMITTED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Approval, error) {
			return s.Client.Approval.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return s.Client.Approval.Query().Where(where).Count(ctx)
		},
	}, listing.Request{Args: args, Filter: filter, Tenant: me.TenantID, Scope: visible(access)})
	return list, tenancy.Fault(err, "list approvals")
}

// Bucket is one part of a user's tasks.
type Bucket string

// The parts.
const (
	ToDo   Bucket = "PENDING" // to be decided
	Done   Bucket = "DECIDED" // decided or passed on
	Copied Bucket = "COPIED"  // shown for information
)

func (b Bucket) states() []flow.TaskState {
	switch b {
	case Done:
		return []flow.TaskState{flow.TaskApproved, flow.TaskRejected, flow.TaskReturned, flow.TaskPassed}
	case Copied:
		return []flow.TaskState{flow.TaskCopied}
	}
	return []flow.TaskState{flow.TaskOpen}
}

// tasks are the conditions on tasks, as package listing takes them.
type tasks struct {
	State []flow.TaskState `column:"state"`
}

// TaskEdge is a task in a page.
type TaskEdge = page.Edge[*ent.ApprovalTask]

// TaskList is a page of tasks.
type TaskList = page.Connection[*ent.ApprovalTask]

// MyTasks reads a page of the caller's own tasks of one bucket, newest first. Needs approval:read.
func (s *Service) MyTasks(ctx context.Context, bucket Bucket, args page.Args) (*TaskList, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalRead); err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, listing.Source[*ent.ApprovalTask]{
		Noun: "approval task",
		Columns: map[listing.Field]listing.Column[*ent.ApprovalTask]{
			"OPENED_AT": {Name: approvaltask.FieldOpenedAt, Nullable: true, Value: func(t *ent.ApprovalTask) any {
				if t.OpenedAt == nil {
					return nil
				}
				return *t.OpenedAt
			}},
		},
		ID:      func(t *ent.ApprovalTask) uuid.UUID { return t.ID.UUID() },
		Default: []*listing.Sort{{Field: "OPENED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.ApprovalTask, error) {
			return s.Client.ApprovalTask.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return s.Client.ApprovalTask.Query().Where(where).Count(ctx)
		},
	}, listing.Request{
		Args: args, Filter: &tasks{bucket.states()}, Tenant: me.TenantID, Scope: func(sel *sql.Selector) {
			sel.Where(sql.And(sql.EQ(sel.C(approvaltask.FieldUserID), me.UserID), sql.NotNull(sel.C(approvaltask.FieldOpenedAt))))
		},
	})
	return list, tenancy.Fault(err, "list tasks")
}

// The lists below are of approvals that the caller was given; who sees an approval sees all that was said on it (F5).

// NodesOf returns the nodes of approvals, in their order.
func (s *Service) NodesOf(ctx context.Context, ids []publicid.ApprovalID) ([]*ent.ApprovalNode, error) {
	rows, err := s.Client.ApprovalNode.Query().Where(listing.AnyOf(approvalnode.FieldApprovalID, ids)).Order(approvalnode.ByPosition()).All(ctx)
	return rows, tenancy.Fault(err, "read approval nodes")
}

// TasksOf returns the tasks of nodes, in the order of their turns.
func (s *Service) TasksOf(ctx context.Context, ids []publicid.ApprovalNodeID) ([]*ent.ApprovalTask, error) {
	rows, err := s.Client.ApprovalTask.Query().Where(listing.AnyOf(approvaltask.FieldNodeID, ids)).
		Order(approvaltask.ByPosition(), approvaltask.ByID()).All(ctx)
	return rows, tenancy.Fault(err, "read approval tasks")
}

// NodesByIDs returns nodes, in no order.
func (s *Service) NodesByIDs(ctx context.Context, ids []publicid.ApprovalNodeID) ([]*ent.ApprovalNode, error) {
	rows, err := s.Client.ApprovalNode.Query().Where(listing.AnyOf(approvalnode.FieldID, ids)).All(ctx)
	return rows, tenancy.Fault(err, "read approval nodes")
}

// OpinionsOf returns everything on record of approvals, oldest first.
func (s *Service) OpinionsOf(ctx context.Context, ids []publicid.ApprovalID) ([]*ent.ApprovalOpinion, error) {
	rows, err := s.Client.ApprovalOpinion.Query().Where(listing.AnyOf(approvalopinion.FieldApprovalID, ids)).Order(approvalopinion.ByPosition()).All(ctx)
	return rows, tenancy.Fault(err, "read opinions")
}
