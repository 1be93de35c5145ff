package approvals

import (
	"context"
	"slices"
	"strings"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approvalflow"
	"heyue/ent/approvalflowversion"
	"heyue/ent/department"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Bounds of a flow's name and priority.
const (
	maxFlowName = 100
	maxPriority = 1_000_000
)

// FlowDraft is a new flow for one kind of subject. Of the flows that apply, the one with the lowest Priority is taken.
type FlowDraft struct {
	Kind     flow.Kind
	Name     string
	Priority *int
	flow.Definition
}

// FlowChange alters a flow that is still at ExpectedVersion. Conditions or Nodes, where given, make a new numbered
// version with the old one's other half; approvals that run keep theirs.
type FlowChange struct {
	ID              publicid.ApprovalFlowID
	ExpectedVersion int
	Name            *string
	Priority        *int
	flow.Definition
}

// FlowTarget is a flow at the version that the caller has seen.
type FlowTarget struct {
	ID              publicid.ApprovalFlowID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once.
func (d FlowDraft) Validate() error {
	var c fault.Check
	c.That(slices.Contains(flow.Kinds(), d.Kind), fault.UnknownValue, "kind", "%.20q is not a kind of subject", string(d.Kind))
	c.Text("name", d.Name, 1, maxFlowName)
	checkPriority(&c, d.Priority)
	d.Check(&c)
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch FlowChange) Validate() error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, maxFlowName)
	}
	checkPriority(&c, ch.Priority)
	if ch.Nodes != nil || ch.Conditions != nil {
		half := ch.Definition
		if half.Nodes == nil {
			half.Nodes = flow.Shipped().Definition.Nodes // the stored ones were checked when they came
		}
		half.Check(&c)
	}
	return c.Err()
}

func checkPriority(c *fault.Check, p *int) {
	c.That(p == nil || *p >= 0 && *p <= maxPriority, fault.OutOfRange, "priority", "priority is from 0 to %d", maxPriority)
}

// Flows lists the tenant's flows, by kind and in the order in which they are tried. Needs approval_flow:read.
func (s *Service) Flows(ctx context.Context, kind *flow.Kind, includeArchived bool) ([]*ent.ApprovalFlow, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowRead); err != nil {
		return nil, err
	}
	q := s.Client.ApprovalFlow.Query()
	if kind != nil {
		q.Where(approvalflow.KindEQ(*kind))
	}
	if !includeArchived {
		q.Where(approvalflow.ArchivedAtIsNil())
	}
	rows, err := q.Order(approvalflow.ByKind(), approvalflow.ByPriority(), approvalflow.ByID()).All(ctx)
	return rows, tenancy.Fault(err, "list approval flows")
}

// LookupFlow returns a flow, archived or not; nil when there is none. Needs approval_flow:read.
func (s *Service) LookupFlow(ctx context.Context, id publicid.ApprovalFlowID) (*ent.ApprovalFlow, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowRead); err != nil {
		return nil, err
	}
	f, err := s.Client.ApprovalFlow.Query().Where(approvalflow.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return f, tenancy.Fault(err, "look up an approval flow")
}

// VersionsOf returns all versions of the given flows, newest first. It serves edges inside lists.
func (s *Service) VersionsOf(ctx context.Context, flows []publicid.ApprovalFlowID) ([]*ent.ApprovalFlowVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowRead); err != nil {
		return nil, unlessDenied(err)
	}
	rows, err := s.Client.ApprovalFlowVersion.Query().Where(listing.AnyOf(approvalflowversion.FieldFlowID, flows)).
		Order(ent.Desc(approvalflowversion.FieldNumber, approvalflowversion.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "list versions of approval flows")
}

// CreateFlow adds a flow with its version 1. Needs approval_flow:update. Faults: those of FlowDraft.Validate, NOT_FOUND
// for users, roles and departments that do not exist, LIMIT_REACHED.
func (s *Service) CreateFlow(ctx context.Context, d FlowDraft) (made *ent.ApprovalFlow, err error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil { // two at once must not pass the limit
			return err
		}
		n, err := tx.ApprovalFlow.Query().Where(approvalflow.ArchivedAtIsNil()).Count(ctx)
		if err != nil {
			return tenancy.Fault(err, "count approval flows")
		}
		if n >= s.Limits.Flows {
			return fault.New(fault.State, fault.LimitReached, "there are %d flows, which is as many as there may be", n)
		}
		if err := exist(ctx, tx, d.Definition); err != nil {
			return err
		}
		made, err = tx.ApprovalFlow.Create().SetKind(d.Kind).SetName(strings.TrimSpace(d.Name)).SetNillablePriority(d.Priority).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write an approval flow")
		}
		return s.publish(ctx, tx, nil, made, &d.Definition, "create")
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// publish writes a version, when there is one, and the audit entry.
func (s *Service) publish(ctx context.Context, tx *ent.Tx, before, f *ent.ApprovalFlow, d *flow.Definition, action string) error {
	if d != nil {
		err := tx.ApprovalFlowVersion.Create().SetFlowID(f.ID).SetNumber(f.Revision).SetDefinition(*d).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a version of an approval flow")
		}
	}
	entry := audit.Entry{Action: action, Object: "approval_flow", ID: f.ID.UUID(), After: f}
	if before != nil {
		entry.Before = before
	}
	return s.Audit.Record(ctx, tx, entry)
}

// UpdateFlow renames a flow, moves it in the order, or gives it a new version. Needs approval_flow:update. Faults: those
// of FlowChange.Validate, NOT_FOUND, VERSION_CONFLICT with the flow as it is now, WRONG_STATE for an archived one.
func (s *Service) UpdateFlow(ctx context.Context, ch FlowChange) (*ent.ApprovalFlow, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.changeFlow(ctx, FlowTarget{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.ApprovalFlow, m *ent.ApprovalFlowUpdateOne) (*flow.Definition, error) {
		if ch.Name != nil {
			m.SetName(strings.TrimSpace(*ch.Name))
		}
		if ch.Priority != nil {
			m.SetPriority(*ch.Priority)
		}
		if ch.Nodes == nil && ch.Conditions == nil {
			return nil, nil
		}
		last, err := tx.ApprovalFlowVersion.Query().Where(approvalflowversion.FlowID(old.ID), approvalflowversion.Number(old.Revision)).Only(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "read an approval flow")
		}
		next := last.Definition
		if ch.Nodes != nil {
			next.Nodes = ch.Nodes
		}
		if ch.Conditions != nil {
			next.Conditions = ch.Conditions
		}
		m.AddRevision(1)
		return &next, exist(ctx, tx, next)
	})
}

// ArchiveFlow takes a flow out of use; approvals that run by it go on. Needs approval_flow:update. Faults: NOT_FOUND,
// VERSION_CONFLICT with the flow as it is now, WRONG_STATE when it is archived already.
func (s *Service) ArchiveFlow(ctx context.Context, t FlowTarget) (*ent.ApprovalFlow, error) {
	if _, err := s.Policies.Require(ctx, policies.ApprovalFlowUpdate); err != nil {
		return nil, err
	}
	at := s.Clock.Now()
	return s.changeFlow(ctx, t, "archive", func(_ *ent.Tx, _ *ent.ApprovalFlow, m *ent.ApprovalFlowUpdateOne) (*flow.Definition, error) {
		m.SetArchivedAt(at)
		return nil, nil
	})
}

func (s *Service) changeFlow(ctx context.Context, t FlowTarget, action string,
	edit func(*ent.Tx, *ent.ApprovalFlow, *ent.ApprovalFlowUpdateOne) (*flow.Definition, error),
) (now *ent.ApprovalFlow, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.ApprovalFlow.Query().Where(approvalflow.ID(t.ID)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("approval flow", "id")
		case err != nil:
			return tenancy.Fault(err, "load an approval flow")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("approval flow")
		case old.ArchivedAt != nil:
			return fault.New(fault.State, fault.WrongState, "the flow is archived").At("id")
		}
		update := tx.ApprovalFlow.UpdateOne(old).AddVersion(1)
		d, err := edit(tx, old, update)
		if err != nil {
			return err
		}
		if now, err = update.Save(ctx); err != nil {
			return tenancy.Fault(err, "write an approval flow")
		}
		return s.publish(ctx, tx, old, now, d, action)
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// exist wants everything that a definition names to be there.
func exist(ctx context.Context, tx *ent.Tx, d flow.Definition) error {
	users, roles, departments := d.Named()
	users, roles, departments = distinct(users), distinct(roles), distinct(departments)
	n, err := tx.User.Query().Where(user.IDIn(users...)).Count(ctx)
	if err == nil && n != len(users) {
		return fault.NoSuch("user", "nodes")
	}
	if err == nil {
		if n, err = tx.Role.Query().Where(role.IDIn(roles...)).Count(ctx); err == nil && n != len(roles) {
			return fault.NoSuch("role", "nodes")
		}
	}
	if err == nil {
		if n, err = tx.Department.Query().Where(department.IDIn(departments...)).Count(ctx); err == nil && n != len(departments) {
			return fault.NoSuch("department", "nodes")
		}
	}
	return tenancy.Fault(err, "look up who a flow names")
}

func distinct[T comparable](all []T) []T {
	var out []T
	seen := map[T]bool{}
	for _, v := range all {
		if !seen[v] {
			seen[v], out = true, append(out, v)
		}
	}
	return out
}
