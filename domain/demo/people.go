package demo

import (
	"context"
	"fmt"

	"heyue/domain/staff"
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// unit is a department: code, name and the code of its parent, empty for the root.
type unit struct{ code, name, parent string }

// person is a user: the name before the @, their name and title, the department's code and the template of their role.
type person struct{ login, name, title, unit, role string }

// hire makes departments and users once and fills in where everybody is.
func (p *place) hire(ctx context.Context, tx *ent.Tx, hash string) error {
	there, err := tx.User.Query().Count(ctx)
	if err != nil {
		return tenancy.Fault(err, "count users")
	}
	if there <= 1 {
		if err := p.seed(ctx, tx, hash); err != nil {
			return err
		}
	}
	departments, err := tx.Department.Query().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read departments")
	}
	p.departments, p.users = map[string]publicid.DepartmentID{}, map[string]member{}
	for _, d := range departments {
		p.departments[d.Code] = d.ID
	}
	users, err := tx.User.Query().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read users")
	}
	for _, u := range users {
		m := member{id: u.ID}
		if u.DepartmentID != nil {
			m.home = *u.DepartmentID
		}
		p.users[u.Email] = m
	}
	return nil
}

func (p *place) seed(ctx context.Context, tx *ent.Tx, hash string) error {
	rows, err := tx.Role.Query().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read roles")
	}
	roles := map[string]publicid.RoleID{}
	for _, r := range rows {
		roles[r.Template] = r.ID
	}
	units := make([]staff.Unit, len(p.units))
	for i, u := range p.units {
		units[i] = staff.Unit{Code: u.code, Name: u.name, Parent: u.parent}
	}
	members := make([]staff.Member, len(p.people))
	for i, m := range p.people {
		members[i] = staff.Member{
			Email: p.mail(m.login), Name: m.name, Title: m.title, Phone: fmt.Sprintf("1200000%04d", i+1),
			Locale: p.Locale, Unit: m.unit, Role: roles[m.role],
		}
	}
	_, _, err = staff.SeedMany(ctx, tx, units, members, hash)
	return err
}

func (p *place) mail(login string) string { return login + "@" + p.domain() }

// those lists the members with a role, in the order of the list of people.
func (p *place) those(role string) []member {
	var out []member
	for _, m := range p.people {
		if m.role == role {
			out = append(out, p.users[p.mail(m.login)])
		}
	}
	return out
}
