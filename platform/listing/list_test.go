package listing_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
)

// TestPagesAreTheList: whatever the rows, sorts and page sizes, walking a list forwards or backwards gives all rows
// once, in the order of the whole list, and each page knows whether there are more.
func TestPagesAreTheList(t *testing.T) {
	t.Parallel()
	s := open(t)
	rapid.Check(t, func(r *rapid.T) {
		rows := drawRows(r, 14)
		tenant := s.put(r, t.Context(), rows)
		sorts := drawSorts(r)
		want := sorted(rows, sorts)
		size := rapid.IntRange(1, 6).Draw(r, "size")
		req := listing.Request{Sort: sorts, Tenant: tenant}

		var forwards []row
		req.Args = page.Args{First: &size}
		for {
			list, err := listing.List(t.Context(), s.lister, s.source(tenant), req)
			if err != nil {
				r.Fatal(err)
			}
			forwards = append(forwards, list.Nodes()...)
			check(r, list.PageInfo.HasNextPage, len(forwards) < len(want), "hasNextPage")
			check(r, list.PageInfo.HasPreviousPage, req.Args.After != nil, "hasPreviousPage")
			if n, err := list.TotalCount(t.Context()); err != nil || n != len(want) {
				r.Fatalf("totalCount is %d, %v", n, err)
			}
			if !list.PageInfo.HasNextPage {
				break
			}
			req.Args.After = list.PageInfo.EndCursor
		}
		compareRows(r, want, forwards)

		var backwards []row
		req.Args = page.Args{Last: &size}
		for {
			list, err := listing.List(t.Context(), s.lister, s.source(tenant), req)
			if err != nil {
				r.Fatal(err)
			}
			backwards = append(list.Nodes(), backwards...)
			check(r, list.PageInfo.HasPreviousPage, len(backwards) < len(want), "hasPreviousPage")
			check(r, list.PageInfo.HasNextPage, req.Args.Before != nil, "hasNextPage")
			if !list.PageInfo.HasPreviousPage {
				break
			}
			req.Args.Before = list.PageInfo.StartCursor
		}
		compareRows(r, want, backwards)
	})
}

func check(t failer, got, want bool, what string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s is %v", what, got)
	}
}

// TestCursorsOutliveTheirRow: a page goes on where a row was that is gone, and shows what came in behind it.
func TestCursorsOutliveTheirRow(t *testing.T) {
	t.Parallel()
	s := open(t)
	rows := []row{{ID: key{1}, Name: "a"}, {ID: key{2}, Name: "b"}, {ID: key{3}, Name: "c"}}
	tenant := s.put(t, t.Context(), rows)
	two := 2
	req := listing.Request{Tenant: tenant, Args: page.Args{First: &two}}
	list, err := listing.List(t.Context(), s.lister, s.source(tenant), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), `UPDATE things SET name = 'bb' WHERE tenant_id = $1 AND name = 'a'`, tenant); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), `DELETE FROM things WHERE tenant_id = $1 AND name = 'b'`, tenant); err != nil {
		t.Fatal(err)
	}
	req.Args.After = list.PageInfo.EndCursor
	list, err = listing.List(t.Context(), s.lister, s.source(tenant), req)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(list.Nodes()); !slices.Equal(got, []string{"bb", "c"}) {
		t.Errorf("behind b come %v", got)
	}
}

func names(rows []row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Name
	}
	return out
}

// TestCursorsBelongToOneList: another tenant's, another noun's, another sort's and another filter's are refused.
func TestCursorsBelongToOneList(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{{ID: key{1}, Name: "a"}, {ID: key{2}, Name: "b"}})
	one := 1
	req := listing.Request{Tenant: tenant, Args: page.Args{First: &one}, Filter: &filter{Size: &listing.Numbers{Min: ptr(0)}}}
	list, err := listing.List(t.Context(), s.lister, s.source(tenant), req)
	if err != nil {
		t.Fatal(err)
	}
	req.Args.After = list.PageInfo.EndCursor
	for name, change := range map[string]func(*listing.Request, *listing.Source[row]){
		"another tenant": func(r *listing.Request, _ *listing.Source[row]) { r.Tenant++ },
		"another noun":   func(_ *listing.Request, s *listing.Source[row]) { s.Noun = "other" },
		"another sort":   func(r *listing.Request, _ *listing.Source[row]) { r.Sort = []*listing.Sort{{Field: "SIZE"}} },
		"another way": func(r *listing.Request, _ *listing.Source[row]) {
			r.Sort = []*listing.Sort{{Field: "NAME", Direction: listing.Desc}}
		},
		"another filter": func(r *listing.Request, _ *listing.Source[row]) {
			r.Filter = &filter{Size: &listing.Numbers{Min: ptr(1)}}
		},
		"no filter": func(r *listing.Request, _ *listing.Source[row]) { r.Filter = nil },
		"no cursor": func(r *listing.Request, _ *listing.Source[row]) { r.Args.After = ptr("x' OR 'a' = 'a") },
	} {
		req, src := req, s.source(tenant)
		change(&req, &src)
		if _, err := listing.List(t.Context(), s.lister, src, req); codeOf(err) != fault.CodeInvalidCursor {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err = listing.List(t.Context(), s.lister, s.source(tenant), req); err != nil || !slices.Equal(names(list.Nodes()), []string{"b"}) {
		t.Errorf("its own list: %v", err)
	}
}

func TestSortsHaveLimits(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, sorts := range map[string][]*listing.Sort{
		"four keys":     {{Field: "NAME"}, {Field: "NOTE"}, {Field: "SIZE"}, {Field: "GRADE"}},
		"the same key":  {{Field: "NAME"}, {Field: "NAME"}},
		"no such key":   {{Field: "SECRET"}},
		"SQL for a key": {{Field: `name"; DROP TABLE things; --`}},
	} {
		_, err := listing.List(t.Context(), s.lister, s.source(1), listing.Request{Tenant: 1, Sort: sorts})
		if codeOf(err) != fault.CodeBadRequest || !slices.Equal(fault.All(err)[0].Field, []string{"sort"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func codeOf(err error) fault.Code {
	if l := fault.All(err); len(l) > 0 {
		return l[0].Code
	}
	return ""
}
