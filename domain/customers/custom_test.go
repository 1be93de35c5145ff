package customers_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/customers"
	"heyue/domain/fields"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customvalue"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// deal is a customer with a value of every type, or without, as the test has given it.
type deal struct {
	customer *ent.Customer
	note     *string
	rate     *money.Decimal
	deposit  *money.Money
	visited  *date.Date
	level    *string
	parent   *publicid.Any
}

// own gives the tenant a field of every type.
func (w world) own(t *testing.T) {
	t.Helper()
	to := custom.ToCustomer
	options := []custom.Option{{Key: "gold", LabelZh: "金", LabelEn: "Gold"}, {Key: "iron", LabelZh: "铁", LabelEn: "Iron"}}
	for _, d := range []fields.Draft{
		{Key: "note", Type: custom.Text}, {Key: "rate", Type: custom.Number}, {Key: "deposit", Type: custom.Money},
		{Key: "visited", Type: custom.Date}, {Key: "level", Type: custom.Choice, Options: options}, {Key: "parent", Type: custom.Reference, Target: &to},
	} {
		d.Noun, d.LabelZh, d.LabelEn = custom.Customer, d.Key, d.Key
		_, err := w.Fields.Define(w.Admin, d)
		fixture.Want(t, "define "+d.Key, err)
	}
}

// deals makes customers that differ in which values they have, and in what they are.
func (w world) deals(t *testing.T, n int) []deal {
	t.Helper()
	w.own(t)
	parents := []publicid.Any{anyID(w.customer(t, w.Admin, "p")), anyID(w.customer(t, w.Admin, "q"))}
	deals := make([]deal, n)
	for i := range deals {
		d := deal{
			note: pick(i, "a", "b", "aB c"), rate: pick(i/2, dec("-1.5"), dec("0"), dec("2.25")),
			deposit: pick(i/3, money.Of(100, "CNY"), money.Of(250, "CNY"), money.Of(100, "USD")),
			visited: pick(i/4, date.MustParse("2026-01-01"), date.MustParse("2026-02-01"), date.MustParse("2027-01-01")),
			level:   pick(i/5, "gold", "iron"), parent: pick(i/6, parents...),
		}
		var err error
		d.customer, err = w.service.Create(w.Admin, customers.Draft{Details: customers.Details{Name: ptr("deal"), Custom: d.inputs()}})
		fixture.Want(t, "a deal", err)
		deals[i] = d
	}
	return deals
}

func dec(s string) money.Decimal { return money.MustDecimal(s) }

func anyID(c *ent.Customer) publicid.Any {
	return publicid.Any{Prefix: publicid.PrefixCustomerID, UUID: c.ID.UUID()}
}

// pick takes the nth of values in turn, every time round with one that is missing.
func pick[T any](n int, values ...T) *T {
	if n %= len(values) + 1; n < len(values) {
		return &values[n]
	}
	return nil
}

func (d deal) inputs() []*custom.Input {
	var in []*custom.Input
	add := func(there bool, i custom.Input) {
		if there {
			in = append(in, &i)
		}
	}
	add(d.note != nil, custom.Input{Key: "note", Text: d.note})
	add(d.rate != nil, custom.Input{Key: "rate", Number: d.rate})
	if d.deposit != nil {
		add(true, custom.Input{Key: "deposit", Money: &money.Input{Amount: d.deposit.Amount(), Currency: d.deposit.Currency()}})
	}
	add(d.visited != nil, custom.Input{Key: "visited", Date: d.visited})
	add(d.level != nil, custom.Input{Key: "level", Choice: d.level})
	add(d.parent != nil, custom.Input{Key: "parent", Reference: d.parent})
	return in
}

// drawCustom draws conditions on a field of a type.
func drawCustom(r *rapid.T, parents []publicid.Any) *listing.Custom {
	f := &listing.Custom{Key: rapid.SampledFrom([]string{"note", "rate", "deposit", "visited", "level", "parent"}).Draw(r, "key")}
	f.IsSet = maybe(r, "set", true, false)
	rates := []money.Decimal{dec("-1.5"), dec("-1"), dec("0"), dec("2.25"), dec("3")}
	days := []date.Date{date.MustParse("2026-01-01"), date.MustParse("2026-01-31"), date.MustParse("2026-02-01"), date.MustParse("2027-01-01")}
	sums := []money.Decimal{dec("1"), dec("1.5"), dec("2.5")}
	if !rapid.Bool().Draw(r, "typed") {
		return f
	}
	switch f.Key {
	case "note":
		f.Text = &listing.Text{Eq: maybe(r, "eq", "a", "A"), Contains: maybe(r, "contains", "B", "c"), StartsWith: maybe(r, "starts", "A", "b"), IsEmpty: maybe(r, "empty", true, false)}
		if rapid.Bool().Draw(r, "in") {
			f.Text.In = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "aB c"}), 0, 2).Draw(r, "texts")
		}
	case "rate":
		f.Number = &listing.Decimals{Eq: maybe(r, "eq", rates...), Min: maybe(r, "min", rates...), Max: maybe(r, "max", rates...)}
		if rapid.Bool().Draw(r, "in") {
			f.Number.In = rapid.SliceOfN(rapid.SampledFrom(rates), 0, 2).Draw(r, "numbers")
		}
	case "deposit":
		currency := rapid.SampledFrom([]money.Currency{"CNY", "USD", "EUR"}).Draw(r, "currency")
		f.Money = &listing.Sums{Currency: currency, Eq: maybe(r, "eq", sums...), Min: maybe(r, "min", sums...), Max: maybe(r, "max", sums...)}
	case "visited":
		f.Date = &listing.Dates{Eq: maybe(r, "eq", days...), From: maybe(r, "from", days...), To: maybe(r, "to", days...), IsNull: maybe(r, "null", true, false)}
	case "level":
		f.Choice = rapid.SliceOfN(rapid.SampledFrom([]string{"gold", "iron", "none"}), 0, 2).Draw(r, "choices")
	default:
		f.Reference = rapid.SliceOfN(rapid.SampledFrom(parents), 0, 2).Draw(r, "references")
	}
	return f
}

// maybe draws nothing as often as one of values.
func maybe[T any](r *rapid.T, label string, values ...T) *T {
	if !rapid.Bool().Draw(r, label+" given") {
		return nil
	}
	return ptr(rapid.SampledFrom(values).Draw(r, label))
}

// holds is the filter once more, written down in Go.
func (d deal) holds(f *listing.Custom) bool {
	there := map[string]bool{"note": d.note != nil, "rate": d.rate != nil, "deposit": d.deposit != nil, "visited": d.visited != nil, "level": d.level != nil, "parent": d.parent != nil}[f.Key]
	ok := f.IsSet == nil || *f.IsSet == there
	if t := f.Text; t != nil {
		bare := t.Eq == nil && t.In == nil && t.Contains == nil && t.StartsWith == nil
		ok = ok && (t.IsEmpty == nil || *t.IsEmpty == !there) && (bare || there && textHolds(t, *d.note))
	}
	if n := f.Number; n != nil {
		in := n.In == nil || there && slices.ContainsFunc(n.In, d.rate.Equal)
		ok = ok && there && in && within(d.rate, n.Eq, n.Min, n.Max)
	}
	if m := f.Money; m != nil {
		ok = ok && there && d.deposit.Currency() == m.Currency && within(ptr(d.deposit.Amount()), m.Eq, m.Min, m.Max)
	}
	if v := f.Date; v != nil {
		bare := v.Eq == nil && v.From == nil && v.To == nil
		ok = ok && (v.IsNull == nil || *v.IsNull == !there) && (bare || there && dayHolds(v, *d.visited))
	}
	if f.Choice != nil {
		ok = ok && there && slices.Contains(f.Choice, *d.level)
	}
	if f.Reference != nil {
		ok = ok && there && slices.Contains(f.Reference, *d.parent)
	}
	return ok
}

func textHolds(t *listing.Text, v string) bool {
	fold := strings.ToLower
	return (t.Eq == nil || *t.Eq == v) && (t.In == nil || slices.Contains(t.In, v)) &&
		(t.Contains == nil || strings.Contains(fold(v), fold(*t.Contains))) && (t.StartsWith == nil || strings.HasPrefix(fold(v), fold(*t.StartsWith)))
}

func dayHolds(f *listing.Dates, v date.Date) bool {
	return (f.Eq == nil || *f.Eq == v) && (f.From == nil || !v.Before(*f.From)) && (f.To == nil || !v.After(*f.To))
}

func within(v, eq, lo, hi *money.Decimal) bool {
	return (eq == nil || v.Equal(*eq)) && (lo == nil || v.Cmp(*lo) >= 0) && (hi == nil || v.Cmp(*hi) <= 0)
}

// TestCustomFilters: whatever is asked of the tenant's own fields, a list answers what picking in Go does.
func TestCustomFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	deals := w.deals(t, 25)
	var parents []publicid.Any
	for _, d := range deals {
		if d.parent != nil && !slices.Contains(parents, *d.parent) {
			parents = append(parents, *d.parent)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		asked := []*listing.Custom{drawCustom(r, parents)}
		if rapid.Bool().Draw(r, "two") {
			asked = append(asked, drawCustom(r, parents))
		}
		filter := &customers.Filter{Custom: asked}
		not := rapid.Bool().Draw(r, "not")
		if not {
			filter = &customers.Filter{Not: filter}
		}
		filter.Name = &listing.Text{Eq: ptr("deal")}
		list, err := w.service.List(w.Admin, page.Args{First: ptr(100)}, filter, []*listing.Sort{{Field: "CODE", Direction: listing.Asc}})
		if err != nil {
			r.Fatal(err)
		}
		want := []string{}
		for _, d := range deals {
			if (d.holds(asked[0]) && d.holds(asked[len(asked)-1])) != not {
				want = append(want, d.customer.ID.String())
			}
		}
		if diff := gocmp.Diff(want, ids(list.Nodes())); diff != "" {
			r.Fatal(diff)
		}
		if n, err := list.TotalCount(w.Admin); err != nil || n != len(want) {
			r.Fatalf("%d in all, want %d (%v)", n, len(want), err)
		}
	})
}

// TestCustomSorts: lists sorted by any of the tenant's own fields, alone and before another key, are walked page by page
// in both directions; what has no value comes last.
func TestCustomSorts(t *testing.T) {
	t.Parallel()
	w := open(t)
	deals := w.deals(t, 13)
	filter := &customers.Filter{Name: &listing.Text{Eq: ptr("deal")}}
	for key, compare := range map[string]func(a, b deal) (int, bool){
		"note":    func(a, b deal) (int, bool) { return ordered2(a.note, b.note, strings.Compare) },
		"rate":    func(a, b deal) (int, bool) { return ordered2(a.rate, b.rate, money.Decimal.Cmp) },
		"deposit": func(a, b deal) (int, bool) { return ordered2(a.deposit, b.deposit, bySum) },
		"visited": func(a, b deal) (int, bool) {
			return ordered2(a.visited, b.visited, func(a, b date.Date) int { return strings.Compare(a.String(), b.String()) })
		},
		"level": func(a, b deal) (int, bool) { return ordered2(a.level, b.level, strings.Compare) },
		"parent": func(a, b deal) (int, bool) {
			return ordered2(a.parent, b.parent, func(a, b publicid.Any) int { return strings.Compare(a.String(), b.String()) })
		},
	} {
		for _, direction := range []listing.Direction{listing.Asc, listing.Desc} {
			sign := map[listing.Direction]int{listing.Asc: 1, listing.Desc: -1}[direction]
			want := slices.Clone(deals)
			slices.SortFunc(want, func(a, b deal) int {
				n, missing := compare(a, b)
				if !missing {
					n *= sign
				}
				return cmp.Or(n, sign*bytes.Compare(id(a), id(b)))
			})
			sorts := []*listing.Sort{{Field: listing.ByCustom, Custom: &key, Direction: direction}}
			forwards, backwards := fixture.Walk(t, 3, func(args page.Args) (*customers.List, error) { return w.service.List(w.Admin, args, filter, sorts) })
			wanted := make([]*ent.Customer, len(want))
			for i, d := range want {
				wanted[i] = d.customer
			}
			if diff := gocmp.Diff(ids(wanted), ids(forwards)); diff != "" {
				t.Errorf("by %s %s forwards: %s", key, direction, diff)
			}
			if diff := gocmp.Diff(ids(wanted), ids(backwards)); diff != "" {
				t.Errorf("by %s %s backwards: %s", key, direction, diff)
			}
		}
	}
}

func id(d deal) []byte { u := d.customer.ID.UUID(); return u[:] }

// ordered2 compares two values; one that is missing is behind, whichever way the list is sorted.
func ordered2[T any](a, b *T, compare func(a, b T) int) (n int, missing bool) {
	switch {
	case a == nil && b == nil:
		return 0, true
	case a == nil:
		return 1, true
	case b == nil:
		return -1, true
	}
	return compare(*a, *b), false
}

func bySum(a, b money.Money) int {
	return cmp.Or(strings.Compare(string(a.Currency()), string(b.Currency())), cmp.Compare(a.Minor(), b.Minor()))
}

// TestCustomListsRefuse: keys that there are not and parts of other types are told at their place.
func TestCustomListsRefuse(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.own(t)
	for name, c := range map[string]struct {
		filter *listing.Custom
		sorts  []*listing.Sort
		fault  string
	}{
		"no such field":      {filter: &listing.Custom{Key: "nothing"}, fault: "filter.custom.0 BAD_REQUEST"},
		"another type":       {filter: &listing.Custom{Key: "rate", Text: &listing.Text{}}, fault: "filter.custom.0 BAD_REQUEST"},
		"too exact a sum":    {filter: &listing.Custom{Key: "deposit", Money: &listing.Sums{Currency: "JPY", Min: ptr(dec("0.5"))}}, fault: "filter.custom.0.money BAD_REQUEST"},
		"too many choices":   {filter: &listing.Custom{Key: "level", Choice: make([]string, listing.MaxIn+1)}, fault: "filter.custom.0.choice BAD_REQUEST"},
		"a sort by nothing":  {sorts: []*listing.Sort{{Field: listing.ByCustom}}, fault: "sort BAD_REQUEST"},
		"a sort by no field": {sorts: []*listing.Sort{{Field: listing.ByCustom, Custom: ptr("nothing")}}, fault: "sort BAD_REQUEST"},
		"a field with a key": {sorts: []*listing.Sort{{Field: "NAME", Custom: ptr("rate")}}, fault: "sort BAD_REQUEST"},
		"a field twice":      {sorts: []*listing.Sort{{Field: listing.ByCustom, Custom: ptr("rate")}, {Field: listing.ByCustom, Custom: ptr("rate")}}, fault: "sort BAD_REQUEST"},
	} {
		var filter *customers.Filter
		if c.filter != nil {
			filter = &customers.Filter{Custom: []*listing.Custom{c.filter}}
		}
		_, err := w.service.List(w.Admin, page.Args{}, filter, c.sorts)
		fixture.Want(t, name, err, c.fault)
	}
	_, err := w.service.List(w.Stranger, page.Args{}, &customers.Filter{Custom: []*listing.Custom{{Key: "rate"}}}, nil)
	fixture.Want(t, "another tenant's field", err, "filter.custom.0 BAD_REQUEST")
}

// TestCustomValuesFollow: the columns hold what the record says after every change, and nothing of what was refused.
func TestCustomValuesFollow(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.deals(t, 1)[0]
	change := func(c *ent.Customer, in ...*custom.Input) (*ent.Customer, error) {
		return w.service.Update(w.Admin, customers.Change{ID: c.ID, ExpectedVersion: c.Version, Details: customers.Details{Custom: in}})
	}
	now, err := change(d.customer, &custom.Input{Key: "rate", Number: ptr(dec("7"))}, &custom.Input{Key: "note"}, &custom.Input{Key: "level", Choice: ptr("iron")})
	fixture.Want(t, "a change", err)
	_, err = change(now, &custom.Input{Key: "rate", Number: ptr(dec("8"))}, &custom.Input{Key: "level", Choice: ptr("tin")})
	fixture.Want(t, "an option that is none", err, "custom.1.choice UNKNOWN_VALUE")
	reader, err := w.Fields.Reader(w.Acme.Ctx, custom.Customer)
	fixture.Want(t, "the fields", err)
	rows, err := w.Client.CustomValue.Query().Where(customvalue.SubjectID(now.ID.UUID())).WithDefinition().All(w.Acme.Ctx)
	fixture.Want(t, "the columns", err)
	held := map[string]custom.Column{}
	for _, r := range rows {
		held[r.Edges.Definition.Key] = custom.Column{Text: r.Text, Number: r.Number, Day: r.Day}
	}
	seven, parent := int64(70000), d.parent.String()
	want := map[string]custom.Column{
		"rate": {Number: &seven}, "level": {Text: ptr("iron")}, "visited": {Day: d.visited}, "parent": {Text: &parent},
		"deposit": {Text: ptr("CNY"), Number: ptr(int64(100))},
	}
	if diff := gocmp.Diff(want, held); diff != "" {
		t.Error(diff)
	}
	if shown := reader.Values(now.Custom); len(shown) != len(want) || shown[0].Key() != "rate" || !shown[0].Number.Equal(dec("7")) {
		t.Errorf("shown are %v", shown)
	}
	if w.audited(t, now, "update") != 1 {
		t.Error("the change is not on record once")
	}
}
