package customers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/customers"
	"heyue/domain/customers/profile"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tests/fixture"
)

// TestListAndLookupAgree: whoever owns a customer, in whatever department, a caller finds it in the list exactly when
// they can look it up, alone or among others, and exactly when their permission covers it.
func TestListAndLookupAgree(t *testing.T) {
	t.Parallel()
	w := open(t)
	callers := []context.Context{w.Admin, w.Manager, w.Alice, w.Bob, w.Stranger}
	owners := []publicid.UserID{}
	for _, c := range callers[:4] {
		owners = append(owners, fixture.Caller(t, c).UserID)
	}
	departments := []publicid.DepartmentID{w.Acme.Root, w.North, w.City, w.South}
	made := 0
	rapid.Check(t, func(r *rapid.T) {
		var rows []*ent.Customer
		var codes []string
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) (err error) {
			for range rapid.IntRange(1, 4).Draw(r, "customers") {
				made++
				create := tx.Customer.Create().SetName("x").SetCode(fmt.Sprint(made)).
					SetNillableOwnerID(rapid.Ptr(rapid.SampledFrom(owners), true).Draw(r, "owner")).
					SetNillableDepartmentID(rapid.Ptr(rapid.SampledFrom(departments), true).Draw(r, "department"))
				c, err := create.Save(w.Acme.Ctx)
				if err != nil {
					return err
				}
				rows, codes = append(rows, c), append(codes, c.Code)
			}
			return nil
		})
		ctx := rapid.SampledFrom(callers).Draw(r, "caller")
		list, err := w.service.List(ctx, page.Args{}, &customers.Filter{Code: &listing.Text{In: codes}}, nil)
		if err != nil {
			r.Fatal(err)
		}
		ids := make([]publicid.CustomerID, len(rows))
		for i, c := range rows {
			ids[i] = c.ID
		}
		found, err := w.service.ByIDs(ctx, ids)
		if err != nil {
			r.Fatal(err)
		}
		access, err := w.Policies.Require(ctx, policies.CustomerRead)
		if err != nil {
			r.Fatal(err)
		}
		total, err := list.TotalCount(ctx)
		if err != nil || total != len(list.Edges) {
			r.Fatalf("%d of %d listed (%v)", total, len(list.Edges), err)
		}
		mine := fixture.Caller(t, ctx).TenantID == w.Acme.ID
		for _, c := range rows {
			same := func(o *ent.Customer) bool { return o.ID == c.ID }
			looked, err := w.service.Lookup(ctx, c.ID)
			if err != nil {
				r.Fatal(err)
			}
			want := mine && access.Covers(c.OwnerID, c.DepartmentID)
			if got := []bool{looked != nil, slices.ContainsFunc(list.Nodes(), same), slices.ContainsFunc(found, same)}; !slices.Equal(got, []bool{want, want, want}) {
				r.Fatalf("lookup, list and ByIDs say %v, the permission %v", got, want)
			}
		}
	})
}

func TestReadingNeedsAPermission(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.customer(t, w.Alice, "x")
	_, err := w.service.Lookup(w.Nobody, c.ID)
	fixture.Want(t, "lookup", err, "FORBIDDEN")
	_, err = w.service.List(w.Nobody, page.Args{}, nil, nil)
	fixture.Want(t, "list", err, "FORBIDDEN")
	if found, err := w.service.ByIDs(w.Nobody, []publicid.CustomerID{c.ID}); err != nil || len(found) != 0 {
		t.Errorf("an edge shows %v, %v", found, err)
	}
	_, err = w.service.List(w.Acme.Ctx, page.Args{}, nil, nil)
	fixture.Want(t, "nobody signed in", err, "UNAUTHENTICATED")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	alice := fixture.Caller(t, w.Alice).UserID
	a, err := w.service.Create(w.Alice, customers.Draft{Details: customers.Details{
		Kind: ptr(profile.Person), Name: ptr("Alpha"), Code: ptr("A-1"), ShortName: ptr("al"), Region: ptr("310000"), Address: ptr("上海市 100%"),
		Source: ptr("WEBSITE"), Description: ptr("first"), CreditCode: ptr("9144030071526726XG"), Grade: ptr(profile.GradeA),
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.customer(t, w.Admin, "Beta")
	gone := w.customer(t, w.Admin, "Gone")
	if _, err := w.service.Archive(w.Admin, target(gone)); err != nil {
		t.Fatal(err)
	}
	text := func(s string) *listing.Text { return &listing.Text{Contains: &s} }
	both := []string{"Alpha", "Beta"}
	for name, c := range map[string]struct {
		filter *customers.Filter
		want   []string
	}{
		"nothing":      {nil, both},
		"kind":         {&customers.Filter{Kind: []profile.Kind{profile.Person}}, []string{"Alpha"}},
		"name":         {&customers.Filter{Name: text("ALPH")}, []string{"Alpha"}},
		"code":         {&customers.Filter{Code: text("a-1")}, []string{"Alpha"}},
		"shortName":    {&customers.Filter{ShortName: text("al")}, []string{"Alpha"}},
		"region":       {&customers.Filter{Region: []string{"310000", "110000"}}, []string{"Alpha"}},
		"address":      {&customers.Filter{Address: text("海市 100%")}, []string{"Alpha"}},
		"source":       {&customers.Filter{Source: []string{"WEBSITE"}}, []string{"Alpha"}},
		"category":     {&customers.Filter{Category: []string{""}}, both},
		"salesMode":    {&customers.Filter{SalesMode: []string{"?"}}, nil},
		"industry":     {&customers.Filter{Industry: []string{"?"}}, nil},
		"ownership":    {&customers.Filter{Ownership: []string{"?"}}, nil},
		"description":  {&customers.Filter{Description: text("IRS")}, []string{"Alpha"}},
		"creditCode":   {&customers.Filter{CreditCode: &listing.Text{IsEmpty: ptr(true)}}, []string{"Beta"}},
		"grade":        {&customers.Filter{Grade: []profile.Grade{profile.GradeA}}, []string{"Alpha"}},
		"ownerId":      {&customers.Filter{OwnerID: []publicid.UserID{alice}}, []string{"Alpha"}},
		"departmentId": {&customers.Filter{DepartmentID: []publicid.DepartmentID{*a.DepartmentID}}, []string{"Alpha"}},
		"archived":     {&customers.Filter{Archived: ptr(true)}, []string{"Gone"}},
		"not archived": {&customers.Filter{Archived: ptr(false)}, both},
		"and, or, not": {&customers.Filter{
			And: []*customers.Filter{{Or: []*customers.Filter{{Name: text("alpha")}, {Name: text("beta")}}}}, Not: &customers.Filter{Code: text("A-")},
		}, []string{"Beta"}},
	} {
		list, err := w.service.List(w.Admin, page.Args{}, c.filter, []*listing.Sort{{Field: "NAME"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := names(list.Nodes()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestPages: every sort key works in both directions, with and without another, page by page from either end.
func TestPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i, name := range []string{"c", "a", "b", "a", "B", "d", "a"} {
		d := draft(name)
		d.ShortName, d.Grade = ptr(fmt.Sprint(i%2)), ptr(profile.Grades()[i%3])
		if _, err := w.service.Create(w.Admin, d); err != nil {
			t.Fatal(err)
		}
	}
	columns := map[listing.Field]string{
		"NAME": customer.FieldName, "CODE": customer.FieldCode, "SHORT_NAME": customer.FieldShortName, "REGION": customer.FieldRegion,
		"GRADE": customer.FieldGrade, "CREATED_AT": customer.FieldCreatedAt, "UPDATED_AT": customer.FieldUpdatedAt,
	}
	for field, column := range columns {
		for _, direction := range []listing.Direction{listing.Asc, listing.Desc} {
			for _, second := range []listing.Direction{"", listing.Asc, listing.Desc} {
				sorts := []*listing.Sort{{Field: field, Direction: direction}}
				order := []customer.OrderOption{ordered(column, direction)}
				if second != "" && field != "NAME" {
					sorts = append(sorts, &listing.Sort{Field: "NAME", Direction: second})
					order = append(order, ordered(customer.FieldName, second))
				}
				want, err := w.Client.Customer.Query().Order(append(order, ordered(customer.FieldID, direction))...).All(w.Acme.Ctx)
				if err != nil {
					t.Fatal(err)
				}
				forwards, backwards := fixture.Walk(t, 2, func(args page.Args) (*customers.List, error) {
					return w.service.List(w.Admin, args, nil, sorts)
				})
				if diff := cmp.Diff(ids(want), ids(forwards)); diff != "" {
					t.Errorf("%s %s %s forwards: %s", field, direction, second, diff)
				}
				if diff := cmp.Diff(ids(want), ids(backwards)); diff != "" {
					t.Errorf("%s %s %s backwards: %s", field, direction, second, diff)
				}
			}
		}
	}
}

func ordered(column string, d listing.Direction) customer.OrderOption {
	if d == listing.Desc {
		return ent.Desc(column)
	}
	return ent.Asc(column)
}

func ids(rows []*ent.Customer) []string {
	out := make([]string, len(rows))
	for i, c := range rows {
		out[i] = c.ID.String()
	}
	return out
}

func names(rows []*ent.Customer) []string {
	var out []string
	for _, c := range rows {
		out = append(out, c.Name)
	}
	return out
}

func TestNewestComeFirst(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, name := range []string{"old", "new"} {
		w.customer(t, w.Admin, name)
	}
	list, err := w.service.List(w.Admin, page.Args{}, nil, nil)
	if err != nil || !slices.Equal(names(list.Nodes()), []string{"new", "old"}) {
		t.Errorf("%v, %v", list, err)
	}
	for what, c := range map[string]struct {
		args   page.Args
		filter *customers.Filter
		faults []string
	}{
		"a large page":   {page.Args{First: ptr(101)}, nil, []string{"first BAD_REQUEST"}},
		"a forged place": {page.Args{After: ptr("AAAA")}, nil, []string{"INVALID_CURSOR"}},
		"a NUL":          {page.Args{}, &customers.Filter{Region: []string{"\x00"}}, []string{"filter.region BAD_REQUEST"}},
	} {
		_, err := w.service.List(w.Admin, c.args, c.filter, nil)
		fixture.Want(t, what, err, c.faults...)
	}
}
