package staff

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/department"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Departments is the use cases of the organisation tree (A9). It is the only writer of departments. Whoever may change
// the tree decides how far everybody's DEPARTMENT and SUBTREE permissions reach: department:update is for those who are
// trusted with that.
type Departments struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Clock    clock.Clock
	Limits   DepartmentLimits
}

// DepartmentLimits bound a tenant's tree.
type DepartmentLimits struct {
	Count int // departments, archived ones included (HEYUE_DEPARTMENTS)
	Depth int // departments inside each other (HEYUE_DEPARTMENT_DEPTH)
}

// DefaultDepartmentLimits are 1,000 departments, which is as many as data scopes are fast for (tenancy.md 4.3), and 10
// levels.
func DefaultDepartmentLimits() DepartmentLimits { return DepartmentLimits{Count: 1000, Depth: 10} }

// List returns the whole tree: siblings by position, then name; who hangs on whom is in their ParentID. Needs
// department:read.
func (s *Departments) List(ctx context.Context, includeArchived bool) ([]*ent.Department, error) {
	if _, err := s.Policies.Require(ctx, policies.DepartmentRead); err != nil {
		return nil, err
	}
	q := s.Client.Department.Query()
	if !includeArchived {
		q.Where(department.ArchivedAtIsNil())
	}
	rows, err := q.Order(ent.Asc(department.FieldPosition, department.FieldName, department.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "list departments")
}

// Lookup returns a department, archived or not; nil when there is none. Needs department:read.
func (s *Departments) Lookup(ctx context.Context, id publicid.DepartmentID) (*ent.Department, error) {
	if _, err := s.Policies.Require(ctx, policies.DepartmentRead); err != nil {
		return nil, err
	}
	d, err := s.Client.Department.Query().Where(department.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return d, tenancy.Fault(err, "look up a department")
}

// ByIDs returns those of the given departments that exist, in no order. It serves edges inside lists; a caller without
// department:read gets none, so that the edge is empty and the list survives.
func (s *Departments) ByIDs(ctx context.Context, ids []publicid.DepartmentID) ([]*ent.Department, error) {
	if _, err := s.Policies.Require(ctx, policies.DepartmentRead); err != nil {
		return nil, unlessDenied(err)
	}
	rows, err := s.Client.Department.Query().Where(department.IDIn(ids...)).All(ctx)
	return rows, tenancy.Fault(err, "look up departments")
}

// ChildrenOf returns the departments that hang on one of the given ones and are not archived, by position, then name. It
// serves edges inside lists, as ByIDs does.
func (s *Departments) ChildrenOf(ctx context.Context, parents []publicid.DepartmentID) ([]*ent.Department, error) {
	if _, err := s.Policies.Require(ctx, policies.DepartmentRead); err != nil {
		return nil, unlessDenied(err)
	}
	rows, err := s.Client.Department.Query().Where(department.ParentIDIn(parents...), department.ArchivedAtIsNil()).
		Order(siblingOrder).All(ctx)
	return rows, tenancy.Fault(err, "list departments")
}

// unlessDenied makes a missing permission nothing to see. So is a missing caller: the answer to a login has edges, and
// the tokens in it must not be lost with them.
func unlessDenied(err error) error {
	switch fault.KindOf(err) {
	case fault.Denied, fault.Unauthenticated:
		return nil
	}
	return err
}

// siblings are the departments of a tenant as a change has to see them, read under the tenant's lock.
type siblings struct {
	tree     tree
	archived map[publicid.DepartmentID]bool
	last     map[publicid.DepartmentID]int // the highest position below a parent; the zero id is the top
}

func readTree(ctx context.Context, tx *ent.Tx) (siblings, error) {
	rows, err := tx.Department.Query().
		Select(department.FieldID, department.FieldParentID, department.FieldPosition, department.FieldArchivedAt).All(ctx)
	if err != nil {
		return siblings{}, tenancy.Fault(err, "read the departments")
	}
	all := siblings{tree{}, map[publicid.DepartmentID]bool{}, map[publicid.DepartmentID]int{}}
	for _, d := range rows {
		all.tree[d.ID] = d.ParentID
		all.archived[d.ID] = d.ArchivedAt != nil
		under := orTop(d.ParentID)
		all.last[under] = max(all.last[under], d.Position)
	}
	return all, nil
}

func orTop(id *publicid.DepartmentID) publicid.DepartmentID {
	if id == nil {
		return publicid.DepartmentID{}
	}
	return *id
}

// usable wants a department that exists and is not archived; nil is no department and usable.
func (all siblings) usable(id *publicid.DepartmentID, field string) error {
	if id == nil {
		return nil
	}
	if _, ok := all.tree[*id]; !ok {
		return fault.NoSuch("department", field)
	}
	if all.archived[*id] {
		return fault.New(fault.State, fault.WrongState, "the department is archived").At(field)
	}
	return nil
}
