package service_test

import (
	"context"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/customers/criteria"
	"heyue/domain/service"
	"heyue/ent"
	"heyue/ent/servicerecord"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tests/fixture"
)

// TestListAndLookupAgree: whoever owns a record, in whatever department, a caller finds it in the list exactly when they
// can look it up, alone, among others or below the customer, and exactly when their permission covers it.
func TestListAndLookupAgree(t *testing.T) {
	t.Parallel()
	w := open(t)
	callers := []context.Context{w.Admin, w.Manager, w.Alice, w.Bob, w.Service, w.Stranger}
	owners := []publicid.UserID{w.aliceID, w.bobID, fixture.Caller(t, w.Manager).UserID, fixture.Caller(t, w.Service).UserID}
	departments := []publicid.DepartmentID{w.Acme.Root, w.North, w.City, w.South}
	rapid.Check(t, func(r *rapid.T) {
		owner := rapid.Ptr(rapid.SampledFrom(owners), true).Draw(r, "owner")
		department := rapid.Ptr(rapid.SampledFrom(departments), true).Draw(r, "department")
		of := w.party(t, w.Acme, "c", nil, nil)
		var row *ent.ServiceRecord
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) (err error) {
			row, err = tx.ServiceRecord.Create().SetCustomerID(of.customer).SetServiceType("ON_SITE").SetServedOn(*day("2026-01-01")).SetContent("x").
				SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(w.Acme.Ctx)
			return err
		})
		ctx := rapid.SampledFrom(callers).Draw(r, "caller")
		access, err := w.Policies.Require(ctx, policies.ServiceRecordRead)
		if err != nil {
			r.Fatal(err)
		}
		want := fixture.Caller(t, ctx).TenantID == w.Acme.ID && access.Covers(owner, department)
		looked, err := w.service.Lookup(ctx, row.ID)
		if err != nil {
			r.Fatal(err)
		}
		found, err := w.service.ByIDs(ctx, []publicid.ServiceRecordID{row.ID, publicid.NewServiceRecordID()})
		if err != nil {
			r.Fatal(err)
		}
		list, err := w.service.List(ctx, page.Args{}, &service.Filter{CustomerID: []publicid.CustomerID{of.customer}}, nil)
		if err != nil {
			r.Fatal(err)
		}
		below, err := w.service.Of(ctx, []publicid.CustomerID{w.alices.customer, of.customer}, page.Args{}, nil, nil)
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
	r := w.record(t, w.Alice, details(w.alices))
	for _, ctx := range []context.Context{w.Nobody, w.Finance} {
		_, err := w.service.Lookup(ctx, r.ID)
		fixture.Want(t, "lookup", err, "FORBIDDEN")
		_, err = w.service.List(ctx, page.Args{}, nil, nil)
		fixture.Want(t, "list", err, "FORBIDDEN")
		_, err = w.service.Of(ctx, []publicid.CustomerID{w.alices.customer}, page.Args{}, nil, nil)
		fixture.Want(t, "list below customers", err, "FORBIDDEN")
		if found, err := w.service.ByIDs(ctx, []publicid.ServiceRecordID{r.ID}); err != nil || len(found) != 0 {
			t.Errorf("an edge shows %v, %v", found, err)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := details(w.alices)
	d.ContactID, d.ContractID, d.ServiceType, d.ServedOn, d.Satisfaction = &w.alices.contact, &w.alices.contract, ptr("TRAINING"), day("2026-05-05"), ptr(4)
	d.Content, d.Feedback, d.OwnerID, d.DepartmentID = ptr("first"), ptr("good"), &w.aliceID, &w.South
	w.record(t, w.Admin, d)
	d = details(w.bobs)
	d.Content = ptr("second")
	w.record(t, w.Bob, d)
	d.Content = ptr("gone")
	gone := w.record(t, w.Admin, d)
	_, err := w.service.Archive(w.Admin, target(gone))
	fixture.Want(t, "gone", err)
	text := func(s string) *listing.Text { return &listing.Text{Contains: &s} }
	first, both := []string{"first"}, []string{"second", "first"} // the last served first
	for name, c := range map[string]struct {
		filter *service.Filter
		want   []string
	}{
		"nothing":         {nil, both},
		"customerId":      {&service.Filter{CustomerID: []publicid.CustomerID{w.alices.customer}}, first},
		"customer":        {&service.Filter{Customer: &criteria.Filter{Name: text("ALICE")}}, first},
		"not the other":   {&service.Filter{Not: &service.Filter{Customer: &criteria.Filter{Name: text("BOB")}}}, first},
		"contactId":       {&service.Filter{ContactID: []publicid.ContactID{w.alices.contact}}, first},
		"contractId":      {&service.Filter{ContractID: []publicid.ContractID{w.alices.contract}}, first},
		"serviceType":     {&service.Filter{ServiceType: []string{"TRAINING"}}, first},
		"servedOn":        {&service.Filter{ServedOn: &listing.Dates{From: day("2026-05-05"), To: day("2026-05-05")}}, first},
		"since":           {&service.Filter{ServedOn: &listing.Dates{From: day("2026-05-06")}}, []string{"second"}},
		"content":         {&service.Filter{Content: text("IRS")}, first},
		"satisfaction":    {&service.Filter{Satisfaction: &listing.Numbers{Min: ptr(4), Max: ptr(5)}}, first},
		"not satisfied":   {&service.Filter{Not: &service.Filter{Satisfaction: &listing.Numbers{Min: ptr(4)}}}, []string{"second"}},
		"no satisfaction": {&service.Filter{Satisfaction: &listing.Numbers{IsNull: ptr(true)}}, []string{"second"}},
		"feedback":        {&service.Filter{Feedback: text("GOO")}, first},
		"ownerId":         {&service.Filter{OwnerID: []publicid.UserID{w.aliceID}}, first},
		"departmentId":    {&service.Filter{DepartmentID: []publicid.DepartmentID{w.South}}, first},
		"archived":        {&service.Filter{Archived: ptr(true)}, []string{"gone"}},
		"a foreign id":    {&service.Filter{CustomerID: []publicid.CustomerID{w.foreign.customer}}, nil},
	} {
		list, err := w.service.List(w.Admin, page.Args{}, c.filter, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, r := range list.Nodes() {
			got = append(got, r.Content)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestTheCustomersFilterIsNoOracle: Alice owns a record about a customer of Bob's, whose name must not decide.
func TestTheCustomersFilterIsNoOracle(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := details(w.bobs)
	d.OwnerID = &w.aliceID
	w.record(t, w.Admin, d)
	named := &service.Filter{Customer: &criteria.Filter{Name: &listing.Text{StartsWith: ptr("B")}}}
	if list, err := w.service.List(w.Alice, page.Args{}, named, nil); err != nil || len(list.Edges) != 0 {
		t.Errorf("a hidden customer's name decides: %v, %v", list, err)
	}
	if list, err := w.service.List(w.Alice, page.Args{}, nil, nil); err != nil || len(list.Edges) != 1 {
		t.Errorf("her own record: %v, %v", list, err)
	}
}

// TestPages: every sort key works in both directions, with and without another, page by page from either end; records
// without a satisfaction come last either way.
func TestPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i := range 8 {
		d := details(w.alices)
		d.ServedOn, d.ServiceType = ptr(day("2026-06-01").AddDays(i%2)), ptr([]string{"ON_SITE", "TRAINING"}[i/4])
		if i%3 > 0 {
			d.Satisfaction = ptr(1 + i%4)
		}
		w.record(t, w.Admin, d)
	}
	columns := map[listing.Field]string{
		"SERVED_ON": servicerecord.FieldServedOn, "SERVICE_TYPE": servicerecord.FieldServiceType, "SATISFACTION": servicerecord.FieldSatisfaction,
		"CREATED_AT": servicerecord.FieldCreatedAt, "UPDATED_AT": servicerecord.FieldUpdatedAt,
	}
	for field, column := range columns {
		for _, direction := range []listing.Direction{listing.Asc, listing.Desc} {
			for _, second := range []listing.Direction{"", listing.Asc, listing.Desc} {
				sorts := []*listing.Sort{{Field: field, Direction: direction}}
				order := []servicerecord.OrderOption{ordered(column, direction)}
				if second != "" && field != "SATISFACTION" {
					sorts = append(sorts, &listing.Sort{Field: "SATISFACTION", Direction: second})
					order = append(order, ordered(servicerecord.FieldSatisfaction, second))
				}
				want, err := w.Client.ServiceRecord.Query().Order(append(order, ordered(servicerecord.FieldID, direction))...).All(w.Acme.Ctx)
				if err != nil {
					t.Fatal(err)
				}
				forwards, backwards := fixture.Walk(t, 3, func(args page.Args) (*service.List, error) {
					return w.service.List(w.Admin, args, nil, sorts)
				})
				for walk, got := range map[string][]*ent.ServiceRecord{"forwards": forwards, "backwards": backwards} {
					if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
						t.Errorf("%s %s %s %s: %s", field, direction, second, walk, diff)
					}
				}
			}
		}
	}
}

// ordered writes the order anew: NULLS LAST both ways.
func ordered(column string, d listing.Direction) servicerecord.OrderOption {
	if d == listing.Desc {
		return sql.OrderByField(column, sql.OrderDesc(), sql.OrderNullsLast()).ToFunc()
	}
	return sql.OrderByField(column, sql.OrderNullsLast()).ToFunc()
}

func ids(rows []*ent.ServiceRecord) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.ID.String()
	}
	return out
}
