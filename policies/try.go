package policies

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/mask"
	"heyue/policies/share"
	"heyue/policies/trial"
	"heyue/tenancy"
)

// DefaultTrialBytes is the size of a test of permissions unless the installation says otherwise (HEYUE_POLICY_TEST).
const DefaultTrialBytes = 64 << 10

// Try tests the tenant's permissions as they are now with a file of package trial (A3). Nothing is written: its users and
// records are made up. Needs role:read. Faults: those of trial.Parse; UNKNOWN_VALUE at yaml for a role, a department, a
// permission or a field that does not exist.
func (a *Administration) Try(ctx context.Context, text string) (*trial.Report, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	return a.Tried(ctx, text)
}

// Tried is Try for whoever runs the installation.
func (a *Administration) Tried(ctx context.Context, text string) (*trial.Report, error) {
	f, err := trial.Parse(text, a.Limits.TrialBytes)
	if err != nil {
		return nil, err
	}
	s, err := a.Engine.Current(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := a.Client.Role.Query().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list roles")
	}
	departments, err := a.Client.Department.Query().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list departments")
	}
	c := codes{map[string]publicid.RoleID{}, map[string]publicid.DepartmentID{}}
	for _, r := range roles {
		c.roles[r.Code] = r.ID
	}
	for _, d := range departments {
		c.departments[d.Code] = d.ID
	}
	return s.rules.try(f, c)
}

// TryTemplates tests the shipped roles with a file, each named by its template; the file makes up its departments. The day
// is that on which shares are judged.
func TryTemplates(text string, today date.Date) (*trial.Report, error) {
	f, err := trial.Parse(text, DefaultTrialBytes)
	if err != nil {
		return nil, err
	}
	r := rules{Departments: map[publicid.DepartmentID]*publicid.DepartmentID{}, Today: func() date.Date { return today }}
	c := codes{map[string]publicid.RoleID{}, map[string]publicid.DepartmentID{}}
	for _, t := range Templates() {
		id := publicid.NewRoleID()
		c.roles[t.Name] = id
		r.Roles = append(r.Roles, roleRules{id, templateLines(t.Name), t.Fields})
	}
	return r.try(f, c)
}

// codes are what a file names of a tenant.
type codes struct {
	roles       map[string]publicid.RoleID
	departments map[string]publicid.DepartmentID
}

// cast is a file's users and records in the world of a tenant.
type cast struct {
	codes
	file     *trial.File
	check    fault.Check
	users    map[string]publicid.UserID
	records  map[string]*record
	snapshot *Snapshot
}

// try puts what the file makes up beside the tenant's rules and asks for each test.
func (r rules) try(f *trial.File, known codes) (*trial.Report, error) {
	c := &cast{codes: codes{known.roles, maps.Clone(known.departments)}, file: f, users: map[string]publicid.UserID{}, records: map[string]*record{}}
	r = c.departed(r)
	r.Members, r.Homes, r.Shares = map[publicid.UserID][]publicid.RoleID{}, map[publicid.UserID]*publicid.DepartmentID{}, map[uuid.UUID][]lent{}
	for _, name := range slices.Sorted(maps.Keys(f.Users)) {
		u, id := f.Users[name], publicid.NewUserID()
		c.users[name] = id
		r.Homes[id] = c.department("users."+name, u.Department)
		for _, code := range u.Roles {
			role, ok := c.roles[code]
			c.check.That(ok, fault.UnknownValue, "yaml", "users.%s: there is no role %.40q", name, code)
			r.Members[id] = append(r.Members[id], role)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Records)) {
		c.records[name] = c.record(r, name, f.Records[name])
	}
	if err := c.check.Err(); err != nil {
		return nil, err
	}
	c.snapshot = newSnapshot(r)
	report := &trial.Report{Results: []*trial.Result{}}
	for _, t := range f.Tests {
		result, err := c.test(t)
		if err != nil {
			return nil, err
		}
		if report.Results = append(report.Results, result); result.Passed {
			report.Passed++
		} else {
			report.Failed++
		}
	}
	return report, c.check.Err()
}

// departed adds the departments that the file makes up.
func (c *cast) departed(r rules) rules {
	r.Departments = maps.Clone(r.Departments)
	for name := range c.file.Departments {
		c.departments[name] = publicid.NewDepartmentID()
	}
	for name, above := range c.file.Departments {
		r.Departments[c.departments[name]] = c.department("departments."+name, above)
	}
	return r
}

func (c *cast) department(at, name string) *publicid.DepartmentID {
	if name == "" {
		return nil
	}
	id, ok := c.departments[name]
	c.check.That(ok, fault.UnknownValue, "yaml", "%s: there is no department %.40q", at, name)
	return &id
}

func (c *cast) record(r rules, name string, of trial.Record) *record {
	out := &record{department: c.department("records."+name, of.Department)}
	if id, ok := c.users[of.Owner]; ok {
		out.owner = &id
	}
	lend := lent{record: uuid.New()}
	switch of.Kind {
	case "customer":
		id := publicid.CustomerID(lend.record)
		out.customer = &id
	case "contract":
		id := publicid.ContractID(lend.record)
		out.contract, lend.noun = &id, contracts
	}
	for _, s := range of.Shared {
		lend.write, lend.ends = s.Level == share.Write, date.Date{}
		if s.Until != nil {
			lend.ends = *s.Until
		}
		with := c.users[s.User].UUID()
		if d := c.department("records."+name+".shared", s.Department); d != nil {
			with = d.UUID()
		}
		r.Shares[with] = append(r.Shares[with], lend)
	}
	return out
}

func (c *cast) test(t trial.Test) (*trial.Result, error) {
	grants, err := c.snapshot.For(c.users[t.User])
	if err != nil {
		return nil, err
	}
	out := &trial.Result{Name: t.Name}
	say := func(format string, args ...any) { out.Problems = append(out.Problems, fmt.Sprintf(format, args...)) }
	for i, asked := range slices.Concat(t.Can, t.Cannot) {
		if why := c.ask(grants, asked); why.allows() != (i < len(t.Can)) {
			say("%s: %s", asked, why.words())
		}
	}
	fields := func(effect mask.Effect, list []string) {
		for _, field := range list {
			object, name, _ := strings.Cut(field, ".")
			c.check.That(mask.Known(mask.Field{Object: object, Name: name}), fault.UnknownValue, "yaml", "%.80q is no field that can be masked", field)
			if got := grants.Mask(field); got != effect {
				say("%s: %s", field, told(got))
			}
		}
	}
	fields(mask.Hide, t.Hidden)
	fields(mask.ReadOnly, t.ReadOnly)
	fields("", t.Shown)
	out.Passed = len(out.Problems) == 0
	return out, nil
}

// words say it to people.
func (r Reason) words() string {
	if r.allows() {
		return "they may"
	}
	return strings.ToLower(strings.ReplaceAll(string(r), "_", " "))
}

func told(e mask.Effect) string {
	switch e {
	case mask.Hide:
		return "hidden"
	case mask.ReadOnly:
		return "read-only"
	}
	return "free"
}

// ask decides on "object:action", or on "object:action record".
func (c *cast) ask(grants *Grants, asked string) Reason {
	text, name, named := strings.Cut(asked, " ")
	p, err := ParsePermission(text)
	if err != nil {
		c.check.Add(fault.UnknownValue, "yaml", "there is no permission %.80q", text)
	}
	access, held := grants.Access(p)
	switch {
	case !held:
		return NotGranted
	case !named:
		return ByTenant
	}
	return access.reason(held, c.records[name])
}
