package staff

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/department"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how users are read in compiled queries: by what Lookup, ByIDs and List read them by.
func (s *Users) Reads() reading.Set {
	return reading.Set{Types: []reading.Type{{Name: "User", One: "user", Page: "users", Reach: s.seen, List: reading.ListOf(s.statement)}}}
}

func (s *Users) seen(ctx context.Context) (reading.Where, error) {
	access, err := s.Policies.Require(ctx, policies.UserRead)
	return reach(access), err
}

func (s *Users) statement(ctx context.Context, args page.Args, filter *UserFilter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}

// Reads declares how departments are read in compiled queries: whoever may read departments sees all of them.
func (s *Departments) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{{Name: "Department", One: "department", Reach: s.seen}},
		Edges: []reading.Edge{{Type: "Department", Field: "children", Order: siblingOrder, Where: standing, Reach: s.seen}},
	}
}

func siblingOrder(s *sql.Selector) {
	ent.Asc(department.FieldPosition, department.FieldName, department.FieldID)(s)
}

// standing leaves out departments that are archived.
func standing(s *sql.Selector) { s.Where(sql.IsNull(s.C(department.FieldArchivedAt))) }

func (s *Departments) seen(ctx context.Context) (reading.Where, error) {
	_, err := s.Policies.Require(ctx, policies.DepartmentRead)
	return func(*sql.Selector) {}, err
}
