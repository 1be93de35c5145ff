package listing_test

import (
	"context"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
)

func (s *store) parents(tenant int64, ids []key, counts *int) listing.Parents[row, key] {
	return listing.Parents[row, key]{
		Column: "parent_id", IDs: ids, Of: func(r row) key { return r.Parent },
		Count: func(ctx context.Context, where func(*sql.Selector)) (map[key]int, error) {
			*counts++
			sel := s.selector(tenant, "parent_id", sql.Count("*"))
			where(sel)
			query, args := sel.GroupBy("parent_id").Query()
			rows, err := s.db.QueryContext(ctx, query, args...)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			out := map[key]int{}
			for rows.Next() {
				var id uuid.UUID
				var n int
				if err := rows.Scan(&id, &n); err != nil {
					return nil, err
				}
				out[key(id)] = n
			}
			return out, rows.Err()
		},
	}
}

// TestEachIsAListPerParent: one query for all parents gives what a list for each of them gives, and its cursors go on.
func TestEachIsAListPerParent(t *testing.T) {
	t.Parallel()
	s := open(t)
	rapid.Check(t, func(r *rapid.T) {
		ids := []key{{1}, {2}, {3}, {4}}
		rows := drawRows(r, 16, ids...)
		tenant := s.put(r, t.Context(), rows)
		sorts, f := drawSorts(r), drawFilter(r, 2)
		asked := rapid.Permutation(ids).Draw(r, "asked")[:rapid.IntRange(0, 3).Draw(r, "parents")]
		size := rapid.IntRange(1, 5).Draw(r, "size")
		req := listing.Request{Tenant: tenant, Sort: sorts, Filter: f, Args: page.Args{First: &size}}
		if rapid.Bool().Draw(r, "backwards") {
			req.Args = page.Args{Last: &size}
		}
		fetches, counts := 0, 0
		src := s.source(tenant)
		fetch := src.Fetch
		src.Fetch = func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]row, error) {
			fetches++
			return fetch(ctx, where, order, limit)
		}
		lists, err := listing.Each(t.Context(), s.lister, src, req, s.parents(tenant, asked, &counts))
		if err != nil {
			r.Fatal(err)
		}
		if len(lists) != len(asked) || fetches != 1 {
			r.Fatalf("%d lists of %d parents in %d queries", len(lists), len(asked), fetches)
		}
		for i, id := range asked {
			var all []row
			for _, row := range sorted(rows, sorts) {
				if row.Parent == id && f.holds(row) {
					all = append(all, row)
				}
			}
			want, rest := all[:min(size, len(all))], all[min(size, len(all)):]
			if req.Args.Last != nil {
				cut := max(0, len(all)-size)
				want, rest = all[cut:], all[:cut]
			}
			compareRows(r, want, lists[i].Nodes())
			if n, err := lists[i].TotalCount(t.Context()); err != nil || n != len(all) {
				r.Fatalf("parent %d has %d rows, want %d (%v)", i, n, len(all), err)
			}
			check(r, lists[i].PageInfo.HasNextPage || lists[i].PageInfo.HasPreviousPage, len(rest) > 0, "more")
			if len(want) == 0 {
				continue
			}
			on := req
			on.Args = page.Args{First: ptr(100), After: lists[i].PageInfo.EndCursor}
			if req.Args.Last != nil {
				on.Args = page.Args{Last: ptr(100), Before: lists[i].PageInfo.StartCursor}
			}
			further, err := listing.Each(t.Context(), s.lister, src, on, s.parents(tenant, []key{id}, &counts))
			if err != nil {
				r.Fatal(err)
			}
			compareRows(r, rest, further[0].Nodes())
		}
		if counts > 1 {
			r.Fatalf("the totals of %d parents took %d queries", len(asked), counts)
		}
	})
}

func compareRows(t failer, want, got []row) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

// TestKinAreEveryNodeOfAllParents: connections that were read together share their nodes and what is done for them.
func TestKinAreEveryNodeOfAllParents(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{{ID: key{1}, Parent: key{8}, Name: "a"}, {ID: key{2}, Parent: key{9}, Name: "b"}})
	counts := 0
	lists, err := listing.Each(t.Context(), s.lister, s.source(tenant), listing.Request{Tenant: tenant}, s.parents(tenant, []key{{8}, {9}, {10}}, &counts))
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lists {
		if got := names(l.Kin()); !slices.Equal(got, []string{"a", "b"}) || l.Memo() != lists[0].Memo() {
			t.Errorf("list %d has the kin %v", i, got)
		}
	}
}

// TestACursorOfAnotherParentIsRefused, also among several parents.
func TestACursorOfAnotherParentIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{{ID: key{1}, Parent: key{8}, Name: "a"}, {ID: key{2}, Parent: key{9}, Name: "b"}})
	counts := 0
	lists, err := listing.Each(t.Context(), s.lister, s.source(tenant), listing.Request{Tenant: tenant}, s.parents(tenant, []key{{8}, {9}}, &counts))
	if err != nil {
		t.Fatal(err)
	}
	req := listing.Request{Tenant: tenant, Args: page.Args{After: lists[0].PageInfo.EndCursor}}
	for _, ids := range [][]key{{{9}}, {{8}, {9}}} {
		if _, err := listing.Each(t.Context(), s.lister, s.source(tenant), req, s.parents(tenant, ids, &counts)); codeOf(err) != fault.CodeInvalidCursor {
			t.Errorf("for %v: %v", ids, err)
		}
	}
	for _, args := range []page.Args{{First: ptr(0)}, {First: ptr(101)}} {
		if _, err := listing.Each(t.Context(), s.lister, s.source(tenant), listing.Request{Tenant: tenant, Args: args}, s.parents(tenant, []key{{8}}, &counts)); codeOf(err) != fault.CodeBadRequest {
			t.Errorf("a page of %d: %v", *args.First, err)
		}
	}
}
