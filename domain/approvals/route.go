package approvals

import (
	"context"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approvalflow"
	"heyue/ent/approvalflowversion"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity/account"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// leader is the shipped role that answers for its department.
const leader = "manager"

// Route is what a run would be, or is: the flow, why it was taken, and the nodes with their approvers.
type Route struct {
	Flow    string
	Version *ent.ApprovalFlowVersion // nil for the shipped flow
	Rule    []string
	Nodes   []flow.Planned
	Matter  flow.Matter
}

// Revision is the number of the flow's version; nil for the shipped flow.
func (r *Route) Revision() *int {
	if r.Version == nil {
		return nil
	}
	return &r.Version.Number
}

// route plans a run. Preview and Submit both call it, so that they cannot differ. A version that is given is kept.
func route(ctx context.Context, tx *ent.Tx, kind flow.Kind, m flow.Matter, submitter publicid.UserID, choices []*flow.Choice,
	keep *ent.ApprovalFlowVersion,
) (*Route, error) {
	versions, candidates, err := candidates(ctx, tx, kind, keep)
	if err != nil {
		return nil, err
	}
	people, err := peopleOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	m.Facts.Departments = people.Above(m.DepartmentID)
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the tenant's rates")
	}
	r, rates := &Route{Matter: m}, tenant.Settings.Convert
	index, chosen, why := flow.Choose(candidates, m.Facts, rates)
	if keep != nil && index < 0 { // it applied when the run began, and a run keeps its version
		index, chosen, why = 0, candidates[0], []string{"kept since the run began"}
	}
	if index >= 0 {
		r.Version = versions[index]
	}
	r.Flow, r.Rule = chosen.Name, why
	asked := flow.Asked{Facts: m.Facts, Submitter: submitter, Chosen: map[string][]publicid.UserID{}}
	for _, c := range choices {
		asked.Chosen[c.Node] = append(asked.Chosen[c.Node], c.UserIDs...)
	}
	r.Nodes, err = flow.Plan(chosen.Definition, asked, people, rates)
	return r, err
}

// candidates reads the newest versions of the tenant's flows of a kind, in the order in which they are tried.
func candidates(ctx context.Context, tx *ent.Tx, kind flow.Kind, keep *ent.ApprovalFlowVersion) ([]*ent.ApprovalFlowVersion, []flow.Candidate, error) {
	if keep != nil {
		return []*ent.ApprovalFlowVersion{keep}, []flow.Candidate{{Definition: keep.Definition}}, nil
	}
	flows, err := tx.ApprovalFlow.Query().Where(approvalflow.KindEQ(kind), approvalflow.ArchivedAtIsNil()).
		Order(approvalflow.ByPriority(), approvalflow.ByID()).All(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "read the approval flows")
	}
	ids := make([]publicid.ApprovalFlowID, len(flows))
	for i, f := range flows {
		ids[i] = f.ID
	}
	rows, err := tx.ApprovalFlowVersion.Query().Where(approvalflowversion.FlowIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "read the approval flows")
	}
	type key struct {
		flow   publicid.ApprovalFlowID
		number int
	}
	byKey := make(map[key]*ent.ApprovalFlowVersion, len(rows))
	for _, v := range rows {
		byKey[key{v.FlowID, v.Number}] = v
	}
	versions, all := make([]*ent.ApprovalFlowVersion, len(flows)), make([]flow.Candidate, len(flows))
	for i, f := range flows {
		versions[i] = byKey[key{f.ID, f.Revision}]
		all[i] = flow.Candidate{Name: f.Name, Definition: versions[i].Definition}
	}
	return versions, all, nil
}

// peopleOf reads the organisation as routing needs it: four queries, whatever the flow.
func peopleOf(ctx context.Context, tx *ent.Tx) (flow.People, error) {
	p := flow.People{
		Users: map[publicid.UserID]flow.Person{}, Departments: map[publicid.DepartmentID]flow.Place{},
		Roles: map[publicid.RoleID][]publicid.UserID{}, Leaders: map[publicid.DepartmentID][]publicid.UserID{},
	}
	users, err := tx.User.Query().Where(user.StateEQ(account.Active)).
		Select(user.FieldID, user.FieldManagerID, user.FieldDepartmentID).All(ctx)
	if err != nil {
		return p, tenancy.Fault(err, "read the users")
	}
	for _, u := range users {
		p.Users[u.ID] = flow.Person{Manager: u.ManagerID, Department: u.DepartmentID}
	}
	departments, err := tx.Department.Query().All(ctx)
	if err != nil {
		return p, tenancy.Fault(err, "read the departments")
	}
	for _, d := range departments {
		p.Departments[d.ID] = flow.Place{Parent: d.ParentID, Head: d.HeadID}
	}
	err = readRoles(ctx, tx, &p)
	return p, err
}

func readRoles(ctx context.Context, tx *ent.Tx, p *flow.People) error {
	roles, err := tx.Role.Query().Select(role.FieldID, role.FieldTemplate).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the roles")
	}
	template := make(map[publicid.RoleID]string, len(roles))
	for _, r := range roles {
		template[r.ID] = r.Template
	}
	members, err := tx.UserRole.Query().Order(userrole.ByUserID(), userrole.ByRoleID()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the roles")
	}
	for _, m := range members {
		who, active := p.Users[m.UserID]
		if !active {
			continue
		}
		p.Roles[m.RoleID] = append(p.Roles[m.RoleID], m.UserID)
		switch {
		case template[m.RoleID] == policies.Admin:
			p.Admins = append(p.Admins, m.UserID)
		case template[m.RoleID] == leader && who.Department != nil:
			p.Leaders[*who.Department] = append(p.Leaders[*who.Department], m.UserID)
		}
	}
	return nil
}
