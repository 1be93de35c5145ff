package listing_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
)

// filter is a noun's filter with every kind of field.
type filter struct {
	And []*filter
	Or  []*filter
	Not *filter

	Name     *listing.Text    `column:"name"`
	Note     *listing.Text    `column:"note"`
	Size     *listing.Numbers `column:"size"`
	Grade    *listing.Numbers `column:"grade"`
	Grades   []int            `column:"grade"`
	Names    []string         `column:"name"`
	On       *listing.Dates   `column:"held_on"`
	Open     *bool            `column:"open"`
	Parent   *parentFilter    `relation:"parents,parent_id,id"`
	Ungraded *bool            `filter:"null,grade"`
	Archived *bool            `filter:"archived"`
}

type parentFilter struct {
	Not  *parentFilter
	Name *listing.Text `column:"name"`
}

// holds says of a row in memory what the filter says in SQL.
func (f *filter) holds(r row) bool {
	for _, g := range f.And {
		if !g.holds(r) {
			return false
		}
	}
	if len(f.Or) > 0 && !slices.ContainsFunc(f.Or, func(g *filter) bool { return g.holds(r) }) {
		return false
	}
	return (f.Not == nil || !f.Not.holds(r)) &&
		textHolds(f.Name, &r.Name) && textHolds(f.Note, r.Note) &&
		numberHolds(f.Size, &r.Size) && numberHolds(f.Grade, r.Grade) && dateHolds(f.On, r.On) &&
		(f.Grades == nil || r.Grade != nil && slices.Contains(f.Grades, *r.Grade)) &&
		(f.Ungraded == nil || *f.Ungraded == (r.Grade == nil)) && (f.Names == nil || slices.Contains(f.Names, r.Name)) && (f.Open == nil || *f.Open == r.Open)
}

func textHolds(f *listing.Text, v *string) bool {
	if f == nil {
		return true
	}
	if f.IsEmpty != nil && *f.IsEmpty != (v == nil || *v == "") {
		return false
	}
	if v == nil {
		return f.Eq == nil && f.In == nil && f.Contains == nil && f.StartsWith == nil
	}
	lower := strings.ToLower(*v)
	return (f.Eq == nil || *f.Eq == *v) && (f.In == nil || slices.Contains(f.In, *v)) &&
		(f.Contains == nil || strings.Contains(lower, strings.ToLower(*f.Contains))) &&
		(f.StartsWith == nil || strings.HasPrefix(lower, strings.ToLower(*f.StartsWith)))
}

func numberHolds(f *listing.Numbers, v *int) bool {
	if f == nil {
		return true
	}
	if f.IsNull != nil && *f.IsNull != (v == nil) {
		return false
	}
	if v == nil {
		return f.Eq == nil && f.In == nil && f.Min == nil && f.Max == nil
	}
	return (f.Eq == nil || *f.Eq == *v) && (f.In == nil || slices.Contains(f.In, *v)) && (f.Min == nil || *v >= *f.Min) && (f.Max == nil || *v <= *f.Max)
}

func dateHolds(f *listing.Dates, v *date.Date) bool {
	if f == nil {
		return true
	}
	if f.IsNull != nil && *f.IsNull != (v == nil) {
		return false
	}
	if v == nil {
		return f.Eq == nil && f.From == nil && f.To == nil
	}
	return (f.Eq == nil || *f.Eq == *v) && (f.From == nil || !v.Before(*f.From)) && (f.To == nil || !v.After(*f.To))
}

func drawFilter(t *rapid.T, depth int) *filter {
	maybe := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	f := &filter{}
	text := func() *listing.Text {
		x := &listing.Text{}
		word := drawText(t, "needle")
		switch rapid.IntRange(0, 4).Draw(t, "operator") {
		case 0:
			x.Eq = &word
		case 1:
			x.In = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawText(t, "value") }), 0, 3).Draw(t, "in")
		case 2:
			x.Contains = &word
		case 3:
			x.StartsWith = &word
		case 4:
			x.IsEmpty = ptr(rapid.Bool().Draw(t, "empty"))
		}
		return x
	}
	number := func() *listing.Numbers {
		n := rapid.IntRange(-1, 3)
		return rapid.SampledFrom([]*listing.Numbers{
			{Eq: ptr(n.Draw(t, "eq"))}, {In: []int{n.Draw(t, "in"), 2}}, {Min: ptr(n.Draw(t, "min"))}, {Max: ptr(n.Draw(t, "max"))},
			{Min: ptr(0), Max: ptr(2)}, {IsNull: ptr(true)}, {IsNull: ptr(false)}, {},
		}).Draw(t, "numbers")
	}
	if maybe("name") {
		f.Name = text()
	}
	if maybe("note") {
		f.Note = text()
	}
	if maybe("size") {
		f.Size = number()
	}
	if maybe("grade") {
		f.Grade = number()
	}
	if maybe("ungraded") {
		f.Ungraded = ptr(rapid.Bool().Draw(t, "without a grade"))
	}
	if maybe("grades") {
		f.Grades = rapid.SliceOfN(rapid.IntRange(1, 3), 0, 2).Draw(t, "grades")
	}
	if maybe("names") {
		f.Names = []string{drawText(t, "one"), drawText(t, "other")}
	}
	if maybe("on") {
		d := date.Of(2026, 1, rapid.IntRange(1, 3).Draw(t, "day"))
		f.On = rapid.SampledFrom([]*listing.Dates{{Eq: &d}, {From: &d}, {To: &d}, {From: &d, To: &d}, {IsNull: ptr(true)}, {IsNull: ptr(false)}}).Draw(t, "dates")
	}
	if maybe("open") {
		f.Open = ptr(rapid.Bool().Draw(t, "isOpen"))
	}
	if depth < listing.MaxDepth {
		for range rapid.IntRange(0, 2).Draw(t, "ands") {
			f.And = append(f.And, drawFilter(t, depth+1))
		}
		for range rapid.IntRange(0, 2).Draw(t, "ors") {
			f.Or = append(f.Or, drawFilter(t, depth+1))
		}
		if maybe("not") {
			f.Not = drawFilter(t, depth+1)
		}
	}
	return f
}

// TestFiltersSayTheSameInSQL: any combination of conditions selects the rows it would select in memory, where a row
// without a value does not have it and a value is never syntax.
func TestFiltersSayTheSameInSQL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, sameInSQL(t.Context(), open(t)))
}

// FuzzFilters is TestFiltersSayTheSameInSQL on what the fuzzer thinks of.
func FuzzFilters(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	check := sameInSQL(f.Context(), open(f))
	f.Fuzz(rapid.MakeFuzz(check))
}

func sameInSQL(ctx context.Context, s *store) func(*rapid.T) {
	sorts := []*listing.Sort{{Field: "NAME", Direction: listing.Asc}}
	return func(r *rapid.T) {
		rows := drawRows(r, 12)
		tenant := s.put(r, ctx, rows)
		f := drawFilter(r, 0)
		var want []row
		for _, row := range sorted(rows, sorts) {
			if f.holds(row) {
				want = append(want, row)
			}
		}
		list, err := listing.List(ctx, s.lister, s.source(tenant), listing.Request{Tenant: tenant, Filter: f, Sort: sorts})
		if err != nil {
			r.Fatal(err)
		}
		compareRows(r, want, list.Nodes())
	}
}

// TestFiltersStayWithinTheScope: whatever a filter consists of, it narrows what the caller may see and the conditions
// beside it; an alternative that stands alone and is made of alternatives itself once did not.
func TestFiltersStayWithinTheScope(t *testing.T) {
	t.Parallel()
	s := open(t)
	seen := row{ID: key{1}, Name: "seen", Open: true}
	tenant := s.put(t, t.Context(), []row{seen, {ID: key{2}, Name: "unseen"}, {ID: key{3}, Name: "unseen", Note: ptr("")}})
	unnoted := &filter{Note: &listing.Text{IsEmpty: ptr(true)}}
	for name, f := range map[string]*filter{
		"a condition":             unnoted,
		"one alternative":         {Or: []*filter{unnoted}},
		"one within one":          {Or: []*filter{{Or: []*filter{unnoted}}}},
		"one beside a condition":  {Or: []*filter{unnoted}, Open: ptr(true)},
		"one that is all of one":  {Or: []*filter{{And: []*filter{unnoted}}}},
		"two alternatives":        {Or: []*filter{unnoted, {Name: &listing.Text{Eq: ptr("unseen")}}}},
		"none of one alternative": {Not: &filter{Or: []*filter{{Note: &listing.Text{IsEmpty: ptr(false)}}}}},
	} {
		list, err := listing.List(t.Context(), s.lister, s.source(tenant), listing.Request{
			Tenant: tenant, Filter: f, Scope: func(s *sql.Selector) { s.Where(sql.EQ(s.C("open"), true)) },
		})
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff([]row{seen}, list.Nodes()); diff != "" {
			t.Errorf("%s (-within the scope +got):\n%s", name, diff)
		}
	}
}

// TestValuesAreData: what an attacker would write is searched for like any other text, and the tables survive it.
func TestValuesAreData(t *testing.T) {
	t.Parallel()
	s := open(t)
	attacks := []string{`'; DROP TABLE things; --`, `" OR ""="`, `%' OR 1=1 --`, `\'; --`, `$1`, `%`, `_`, `\`, `E'\x27`, "a\nb", `{"x":1}`}
	var rows []row
	for i, a := range attacks {
		rows = append(rows, row{ID: key{byte(i + 1)}, Name: a})
	}
	rows = append(rows, row{ID: key{200}, Name: "innocent"})
	tenant := s.put(t, t.Context(), rows)
	for _, a := range attacks {
		for name, f := range map[string]*filter{
			"eq": {Name: &listing.Text{Eq: &a}}, "in": {Name: &listing.Text{In: []string{a}}}, "names": {Names: []string{a}},
			"contains": {Name: &listing.Text{Contains: &a}}, "startsWith": {Name: &listing.Text{StartsWith: &a}},
		} {
			list, err := listing.List(t.Context(), s.lister, s.source(tenant), listing.Request{Tenant: tenant, Filter: f})
			if err != nil {
				t.Fatalf("%s %q: %v", name, a, err)
			}
			got := names(list.Nodes())
			if !slices.Contains(got, a) || slices.Contains(got, "innocent") {
				t.Errorf("%s %q finds %q", name, a, got)
			}
		}
	}
}

func TestFiltersHaveLimits(t *testing.T) {
	t.Parallel()
	s := open(t)
	long := strings.Repeat("字", listing.MaxNeedle+1)
	many := make([]string, listing.MaxIn+1)
	deep := func(levels int) *filter {
		f := &filter{Open: ptr(true)}
		for range levels {
			f = &filter{Not: f}
		}
		return f
	}
	for name, c := range map[string]struct {
		filter *filter
		field  string
	}{
		"too deep":           {deep(listing.MaxDepth + 1), "filter.not.not.not.not"},
		"too deep a parent":  {&filter{And: []*filter{{Or: []*filter{{Not: &filter{Parent: &parentFilter{Name: &listing.Text{}}}}}}}}, "filter.and.0.or.0.not.parent"},
		"a long needle":      {&filter{Name: &listing.Text{Contains: &long}}, "filter.name"},
		"a long prefix":      {&filter{Name: &listing.Text{StartsWith: &long}}, "filter.name"},
		"a long text":        {&filter{Name: &listing.Text{Eq: &long}}, "filter.name"},
		"a long value":       {&filter{Name: &listing.Text{In: []string{"a", long}}}, "filter.name"},
		"no text":            {&filter{Note: &listing.Text{Contains: ptr("a\x00b")}}, "filter.note"},
		"no UTF-8":           {&filter{Names: []string{"\xff"}}, "filter.names"},
		"many values":        {&filter{Name: &listing.Text{In: many}}, "filter.name"},
		"many codes":         {&filter{Names: many}, "filter.names"},
		"many numbers":       {&filter{Size: &listing.Numbers{In: make([]int, listing.MaxIn+1)}}, "filter.size"},
		"many alternatives":  {&filter{Or: make([]*filter, listing.MaxIn+1)}, "filter.or"},
		"an unseen relation": {&filter{Or: []*filter{{Parent: &parentFilter{Name: &listing.Text{Eq: ptr("a")}}}}}, "filter.or.0.parent"},
	} {
		_, err := listing.List(t.Context(), s.lister, s.source(1), listing.Request{Tenant: 1, Filter: c.filter})
		if codeOf(err) != fault.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(fault.All(err)[0].Field, "."); got != c.field {
			t.Errorf("%s is found at %s, want %s", name, got, c.field)
		}
	}
	for name, f := range map[string]*filter{
		"at the depth": deep(listing.MaxDepth), "no filter": nil, "an empty one": {}, "a text at the limit": {Name: &listing.Text{Contains: ptr(long[:3*listing.MaxNeedle])}},
		"values at the limit": {Names: many[:listing.MaxIn]},
	} {
		if _, err := listing.List(t.Context(), s.lister, s.source(1), listing.Request{Tenant: 1, Filter: f}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoRelationIsAnOracle: a condition on a parent says nothing of parents out of reach, be it asked plainly or
// negated, nor of another tenant's parent under the same id.
func TestNoRelationIsAnOracle(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{{ID: key{1}, Parent: key{11}, Name: "of seen"}, {ID: key{2}, Parent: key{12}, Name: "of hidden"}, {ID: key{3}, Parent: key{13}, Name: "of none"}})
	_, err := s.db.ExecContext(t.Context(), `INSERT INTO parents VALUES ($1, $2, 'seen', false), ($1, $3, 'hidden', true), ($4, $5, 'foreign', false)`,
		tenant, key{11}.UUID(), key{12}.UUID(), tenant+1000, key{13}.UUID())
	if err != nil {
		t.Fatal(err)
	}
	visible := func(q *sql.Selector) { q.Where(sql.EQ(q.C("hidden"), false)) }
	ask := func(f *filter, scope func(*sql.Selector)) []string {
		list, err := listing.List(t.Context(), s.lister, s.source(tenant), listing.Request{
			Tenant: tenant, Filter: f, Related: map[string]func(*sql.Selector){"parents": scope},
		})
		if err != nil {
			t.Fatal(err)
		}
		return names(list.Nodes())
	}
	named := func(name string) *parentFilter { return &parentFilter{Name: &listing.Text{Eq: &name}} }
	for name, c := range map[string]struct {
		filter *filter
		scope  func(*sql.Selector)
		want   []string
	}{
		"in reach":              {&filter{Parent: named("seen")}, visible, []string{"of seen"}},
		"out of reach":          {&filter{Parent: named("hidden")}, visible, []string{}},
		"not, out of reach":     {&filter{Parent: &parentFilter{Not: named("x")}}, visible, []string{"of seen"}},
		"another tenant's":      {&filter{Parent: named("foreign")}, nil, []string{}},
		"not another tenant's":  {&filter{Parent: &parentFilter{Not: named("x")}}, nil, []string{"of hidden", "of seen"}},
		"no parent of a kind":   {&filter{Not: &filter{Parent: named("seen")}}, visible, []string{"of hidden", "of none"}},
		"hidden ones look none": {&filter{Not: &filter{Parent: named("hidden")}}, visible, []string{"of hidden", "of none", "of seen"}},
	} {
		if got := ask(c.filter, c.scope); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestArchivedRowsAreLeftOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{{ID: key{1}, Name: "old"}, {ID: key{2}, Name: "new"}})
	if _, err := s.db.ExecContext(t.Context(), `UPDATE things SET archived_at = now() WHERE tenant_id = $1 AND name = 'old'`, tenant); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		archived *bool
		want     []string
	}{{nil, []string{"new"}}, {ptr(true), []string{"old"}}, {ptr(false), []string{"new"}}} {
		list, err := listing.List(t.Context(), s.lister, s.source(tenant), listing.Request{
			Tenant: tenant, Filter: &filter{Archived: c.archived}, Scope: listing.HideArchived(func(*sql.Selector) {}, c.archived != nil),
		})
		if err != nil || !slices.Equal(names(list.Nodes()), c.want) {
			t.Errorf("archived %v: %v", c.archived, err)
		}
	}
}

// TestConditionsThatRandomRowsRarelyMeet: missing values under not, and conditions that always or never hold.
func TestConditionsThatRandomRowsRarelyMeet(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := s.put(t, t.Context(), []row{
		{ID: key{1}, Name: "graded", Grade: ptr(4), Note: ptr("x")}, {ID: key{2}, Name: "low", Grade: ptr(1), Note: ptr("")}, {ID: key{3}, Name: "missing"},
	})
	all := []string{"graded", "low", "missing"}
	for name, c := range map[string]struct {
		filter *filter
		want   []string
	}{
		"not at least 3":         {&filter{Not: &filter{Grade: &listing.Numbers{Min: ptr(3)}}}, []string{"low", "missing"}},
		"not one of":             {&filter{Not: &filter{Grades: []int{1}}}, []string{"graded", "missing"}},
		"not containing":         {&filter{Not: &filter{Note: &listing.Text{Contains: ptr("x")}}}, []string{"low", "missing"}},
		"not not":                {&filter{Not: &filter{Not: &filter{Grade: &listing.Numbers{Min: ptr(3)}}}}, []string{"graded"}},
		"empty":                  {&filter{Note: &listing.Text{IsEmpty: ptr(true)}}, []string{"low", "missing"}},
		"not empty":              {&filter{Not: &filter{Note: &listing.Text{IsEmpty: ptr(true)}}}, []string{"graded"}},
		"or nothing in it":       {&filter{Or: []*filter{}}, all},
		"or something or all":    {&filter{Or: []*filter{{Names: []string{"low"}}, {}}}, all},
		"or one":                 {&filter{Or: []*filter{{Names: []string{"low"}}}}, []string{"low"}},
		"not everything":         {&filter{Not: &filter{}}, []string{}},
		"and of two ors":         {&filter{And: []*filter{{Or: []*filter{{Names: []string{"low"}}, {Grades: []int{4}}}}, {Or: []*filter{{Grades: []int{4}}, {Names: []string{"missing"}}}}}}, []string{"graded"}},
		"none of none":           {&filter{Names: []string{}}, []string{}},
		"with and without grade": {&filter{Or: []*filter{{Grade: &listing.Numbers{IsNull: ptr(true)}}, {Grade: &listing.Numbers{IsNull: ptr(false)}}}}, all},
	} {
		list, err := listing.List(t.Context(), s.lister, s.source(tenant), listing.Request{Tenant: tenant, Filter: c.filter})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := names(list.Nodes()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
