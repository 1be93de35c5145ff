package contacts_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/contacts"
	"heyue/domain/customers/criteria"
	"heyue/domain/customers/profile"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

// TestListAndLookupAgree: whoever owns the customer, in whatever department, a caller finds its contact in the list
// exactly when they can look it up, alone, among others or below the customer, and exactly when they reach the customer.
func TestListAndLookupAgree(t *testing.T) {
	t.Parallel()
	w := open(t)
	callers := []context.Context{w.Admin, w.Manager, w.Alice, w.Bob, w.Service, w.Stranger}
	owners := []publicid.UserID{w.aliceID, w.bobID, fixture.Caller(t, w.Manager).UserID, fixture.Caller(t, w.Service).UserID}
	departments := []publicid.DepartmentID{w.Acme.Root, w.North, w.City, w.South}
	rapid.Check(t, func(r *rapid.T) {
		owner := rapid.Ptr(rapid.SampledFrom(owners), true).Draw(r, "owner")
		department := rapid.Ptr(rapid.SampledFrom(departments), true).Draw(r, "department")
		of := w.customer(t, w.Acme, "c", owner, department)
		var c *ent.Contact
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) (err error) {
			c, err = tx.Contact.Create().SetCustomerID(of).SetName("x").Save(w.Acme.Ctx)
			return err
		})
		ctx := rapid.SampledFrom(callers).Draw(r, "caller")
		access, err := w.Policies.Require(ctx, policies.ContactRead)
		if err != nil {
			r.Fatal(err)
		}
		want := fixture.Caller(t, ctx).TenantID == w.Acme.ID && access.Covers(owner, department)
		looked, err := w.service.Lookup(ctx, c.ID)
		if err != nil {
			r.Fatal(err)
		}
		found, err := w.service.ByIDs(ctx, []publicid.ContactID{c.ID, publicid.NewContactID()})
		if err != nil {
			r.Fatal(err)
		}
		list, err := w.service.List(ctx, page.Args{}, &contacts.Filter{CustomerID: []publicid.CustomerID{of}}, nil)
		if err != nil {
			r.Fatal(err)
		}
		below, err := w.service.Of(ctx, []publicid.CustomerID{w.alices, of}, page.Args{}, nil, nil)
		if err != nil {
			r.Fatal(err)
		}
		got := []bool{looked != nil, len(found) == 1, len(list.Edges) == 1, len(below[1].Edges) == 1}
		if !slices.Equal(got, []bool{want, want, want, want}) {
			r.Fatalf("lookup, ByIDs, List and Of say %v, the permission %v", got, want)
		}
	})
}

func TestReadingNeedsAPermission(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.contact(t, w.Alice, w.alices, "x")
	for _, ctx := range []context.Context{w.Nobody, w.Finance} {
		_, err := w.service.Lookup(ctx, c.ID)
		fixture.Want(t, "lookup", err, "FORBIDDEN")
		_, err = w.service.List(ctx, page.Args{}, nil, nil)
		fixture.Want(t, "list", err, "FORBIDDEN")
		_, err = w.service.Of(ctx, []publicid.CustomerID{w.alices}, page.Args{}, nil, nil)
		fixture.Want(t, "list below customers", err, "FORBIDDEN")
		if found, err := w.service.ByIDs(ctx, []publicid.ContactID{c.ID}); err != nil || len(found) != 0 {
			t.Errorf("an edge shows %v, %v", found, err)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	_, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{
		Name: ptr("Ann"), Gender: ptr(profile.Female), Salutation: ptr("s1"), Department: ptr("d1"), JobTitle: ptr("j1"), IsPrimary: ptr(true),
		Birthday: ptr(date.MustParse("1990-05-01")), Hobby: ptr("h1"), Address: ptr("a1"), Phone: ptr("p1"), Fax: ptr("f1"), Mobile: ptr("m1"),
		Email: ptr("e1@x.example"), Qq: ptr("q1"), Msn: ptr("n1"), Wechat: ptr("w1"), Remark: ptr("r0"), Remark1: ptr("r1"), Remark2: ptr("r2"),
	}})
	fixture.Want(t, "Ann", err)
	w.contact(t, w.Bob, w.bobs, "Ben")
	gone := w.contact(t, w.Bob, w.bobs, "Gone")
	_, err = w.service.Archive(w.Bob, target(gone))
	fixture.Want(t, "Gone", err)
	text := func(s string) *listing.Text { return &listing.Text{Contains: &s} }
	exact := func(s string) *listing.Exact { return &listing.Exact{Eq: &s} }
	both, ann := []string{"Ann", "Ben"}, []string{"Ann"}
	for name, c := range map[string]struct {
		filter *contacts.Filter
		want   []string
	}{
		"nothing":             {nil, both},
		"customerId":          {&contacts.Filter{CustomerID: []publicid.CustomerID{w.alices}}, ann},
		"customer name":       {&contacts.Filter{Customer: &criteria.Filter{Name: text("alice")}}, ann},
		"customer short name": {&contacts.Filter{Customer: &criteria.Filter{ShortName: text("short alice")}}, ann},
		"customer code":       {&contacts.Filter{Customer: &criteria.Filter{Code: &listing.Text{Eq: ptr("1")}}}, ann},
		"customer owner":      {&contacts.Filter{Customer: &criteria.Filter{OwnerID: []publicid.UserID{w.aliceID}}}, ann},
		"no such customer":    {&contacts.Filter{Not: &contacts.Filter{Customer: &criteria.Filter{Name: text("alice")}}}, []string{"Ben"}},
		"name":                {&contacts.Filter{Name: text("AN")}, ann},
		"gender":              {&contacts.Filter{Gender: []profile.Gender{profile.Female}}, ann},
		"salutation":          {&contacts.Filter{Salutation: text("s1")}, ann},
		"department":          {&contacts.Filter{Department: text("d1")}, ann},
		"jobTitle":            {&contacts.Filter{JobTitle: text("j1")}, ann},
		"isPrimary":           {&contacts.Filter{IsPrimary: ptr(true)}, ann},
		"not isPrimary":       {&contacts.Filter{IsPrimary: ptr(false)}, []string{"Ben"}},
		"birthday":            {&contacts.Filter{Birthday: &listing.Dates{From: ptr(date.MustParse("1990-05-01")), To: ptr(date.MustParse("1990-05-01"))}}, ann},
		"no birthday":         {&contacts.Filter{Birthday: &listing.Dates{IsNull: ptr(true)}}, []string{"Ben"}},
		"hobby":               {&contacts.Filter{Hobby: text("h1")}, ann},
		"address":             {&contacts.Filter{Address: text("a1")}, ann},
		"phone":               {&contacts.Filter{Phone: exact("P1 ")}, ann},
		"fax":                 {&contacts.Filter{Fax: text("f1")}, ann},
		"mobile":              {&contacts.Filter{Mobile: exact("M1")}, ann},
		"email":               {&contacts.Filter{Email: exact("E1@x.Example")}, ann},
		"qq":                  {&contacts.Filter{Qq: exact("q1")}, ann},
		"msn":                 {&contacts.Filter{Msn: exact("n1")}, ann},
		"wechat":              {&contacts.Filter{Wechat: exact("W1")}, ann},
		"part of a mobile":    {&contacts.Filter{Mobile: exact("m")}, []string{}},
		"one of two mobiles":  {&contacts.Filter{Mobile: &listing.Exact{In: []string{"m0", "M1"}}}, ann},
		"one of none":         {&contacts.Filter{Mobile: &listing.Exact{In: []string{}}}, []string{}},
		"no mobile":           {&contacts.Filter{Mobile: &listing.Exact{IsEmpty: ptr(true)}}, []string{"Ben"}},
		"an empty mobile":     {&contacts.Filter{Mobile: exact("")}, []string{"Ben"}},
		"some mobile":         {&contacts.Filter{Mobile: &listing.Exact{IsEmpty: ptr(false)}}, ann},
		"another mobile":      {&contacts.Filter{Not: &contacts.Filter{Mobile: exact("m1")}}, []string{"Ben"}},
		"remark":              {&contacts.Filter{Remark: text("r0")}, ann},
		"remark1":             {&contacts.Filter{Remark1: text("r1")}, ann},
		"remark2":             {&contacts.Filter{Remark2: text("r2")}, ann},
		"archived":            {&contacts.Filter{Archived: ptr(true)}, []string{"Gone"}},
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

// TestTheCustomersFilterIsNoOracle: who reads all contacts but only their own customers learns nothing of the others'.
func TestTheCustomersFilterIsNoOracle(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.contact(t, w.Alice, w.alices, "Ann")
	w.contact(t, w.Bob, w.bobs, "Ben")
	role := func(grants map[string]string) context.Context {
		ctx := w.User(t, w.Acme, "")
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
			r, err := tx.Role.Create().SetCode(fmt.Sprint("R", len(grants))).SetName("r").Save(w.Acme.Ctx)
			if err != nil {
				return err
			}
			for object, scope := range grants {
				if err := tx.RoleGrant.Create().SetRoleID(r.ID).SetObject(object).SetAction("read").SetScope(grant.Scope(scope)).Exec(w.Acme.Ctx); err != nil {
					return err
				}
			}
			if err := tx.UserRole.Create().SetRoleID(r.ID).SetUserID(fixture.Caller(t, ctx).UserID).Exec(w.Acme.Ctx); err != nil {
				return err
			}
			return policies.Bump(w.Acme.Ctx, tx)
		})
		return w.Next(t, ctx)
	}
	named := &contacts.Filter{Customer: &criteria.Filter{Name: &listing.Text{StartsWith: ptr("B")}}}
	own := role(map[string]string{"contact": "TENANT", "customer": "OWN"})
	list, err := w.service.List(own, page.Args{}, named, nil)
	if err != nil || len(list.Edges) != 0 {
		t.Errorf("a hidden customer's name decides: %v, %v", list, err)
	}
	if list, err = w.service.List(own, page.Args{}, nil, nil); err != nil || len(list.Edges) != 2 {
		t.Errorf("all contacts: %v, %v", list, err)
	}
	none := role(map[string]string{"contact": "TENANT"})
	_, err = w.service.List(none, page.Args{}, named, nil)
	fixture.Want(t, "without customer:read", err, "filter.customer BAD_REQUEST")
}

// TestPages: every sort key works in both directions, with and without another, page by page from either end; contacts
// without a birthday come last either way.
func TestPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i, name := range []string{"c", "a", "b", "a", "B", "d", "a"} {
		d := contacts.Details{Name: &name, Department: ptr(fmt.Sprint(i % 2)), Gender: ptr(profile.Genders()[i%3]), IsPrimary: ptr(i == 3)}
		if i%3 > 0 {
			d.Birthday = ptr(date.Of(1990, 1, i%2+1))
		}
		_, err := w.service.Create(w.Admin, contacts.Draft{CustomerID: w.alices, Details: d})
		fixture.Want(t, name, err)
	}
	columns := map[listing.Field]string{
		"NAME": contact.FieldName, "GENDER": contact.FieldGender, "DEPARTMENT": contact.FieldDepartment, "JOB_TITLE": contact.FieldJobTitle,
		"IS_PRIMARY": contact.FieldIsPrimary, "BIRTHDAY": contact.FieldBirthday, "CREATED_AT": contact.FieldCreatedAt, "UPDATED_AT": contact.FieldUpdatedAt,
	}
	for field, column := range columns {
		for _, direction := range []listing.Direction{listing.Asc, listing.Desc} {
			for _, second := range []listing.Direction{"", listing.Asc, listing.Desc} {
				sorts := []*listing.Sort{{Field: field, Direction: direction}}
				order := []contact.OrderOption{ordered(column, direction)}
				if second != "" && field != "BIRTHDAY" {
					sorts = append(sorts, &listing.Sort{Field: "BIRTHDAY", Direction: second})
					order = append(order, ordered(contact.FieldBirthday, second))
				}
				want, err := w.Client.Contact.Query().Order(append(order, ordered(contact.FieldID, direction))...).All(w.Acme.Ctx)
				if err != nil {
					t.Fatal(err)
				}
				forwards, backwards := fixture.Walk(t, 2, func(args page.Args) (*contacts.List, error) {
					lists, err := w.service.Of(w.Admin, []publicid.CustomerID{w.alices}, args, nil, sorts)
					if err != nil {
						return nil, err
					}
					return lists[0], nil
				})
				for walk, got := range map[string][]*ent.Contact{"forwards": forwards, "backwards": backwards} {
					if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
						t.Errorf("%s %s %s %s: %s", field, direction, second, walk, diff)
					}
				}
			}
		}
	}
}

// ordered writes the order anew: NULLS LAST both ways.
func ordered(column string, d listing.Direction) contact.OrderOption {
	if d == listing.Desc {
		return sql.OrderByField(column, sql.OrderDesc(), sql.OrderNullsLast()).ToFunc()
	}
	return sql.OrderByField(column, sql.OrderNullsLast()).ToFunc()
}

func ids(rows []*ent.Contact) []string {
	out := make([]string, len(rows))
	for i, c := range rows {
		out[i] = c.ID.String()
	}
	return out
}

func names(rows []*ent.Contact) []string {
	var out []string
	for _, c := range rows {
		out = append(out, c.Name)
	}
	return out
}

// TestOf: each customer gets its own page and total, archived contacts are left out, and customers out of reach have
// none.
func TestOf(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, n := range []string{"a", "b", "c"} {
		w.contact(t, w.Alice, w.alices, n)
	}
	w.contact(t, w.Bob, w.bobs, "d")
	gone := w.contact(t, w.Alice, w.alices, "gone")
	_, err := w.service.Archive(w.Alice, target(gone))
	fixture.Want(t, "gone", err)
	two := 2
	lists, err := w.service.Of(w.Alice, []publicid.CustomerID{w.bobs, w.alices, w.foreign}, page.Args{First: &two}, nil, []*listing.Sort{{Field: "NAME"}})
	fixture.Want(t, "Of", err)
	for i, want := range [][]string{nil, {"a", "b"}, nil} {
		if got := names(lists[i].Nodes()); !slices.Equal(got, want) || lists[i].PageInfo.HasNextPage != (i == 1) {
			t.Errorf("customer %d has %v, %+v", i, got, lists[i].PageInfo)
		}
		if n, err := lists[i].TotalCount(w.Alice); err != nil || n != []int{0, 3, 0}[i] {
			t.Errorf("customer %d has %d in all, %v", i, n, err)
		}
	}
}
