package listing

import (
	"fmt"
	"reflect"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Custom filters by a field that the tenant has defined itself: by the part that is named like the field's type, and by
// whether there is a value. All given conditions must hold. A filter struct has it as a slice with the tag
//
//	custom:"CUSTOMER"  the noun whose fields they are; the struct's table holds its records
type Custom struct {
	Key       string
	Text      *Text
	Number    *Decimals
	Money     *Sums
	Date      *Dates
	Choice    []string
	Reference []publicid.Any
	IsSet     *bool
}

// Decimals filters a NUMBER; both ends are inclusive.
type Decimals struct {
	Eq  *money.Decimal
	In  []money.Decimal
	Min *money.Decimal
	Max *money.Decimal
}

// Sums filters a MONEY: those in Currency, both ends inclusive.
type Sums struct {
	Currency money.Currency
	Eq       *money.Decimal
	Min      *money.Decimal
	Max      *money.Decimal
}

// CustomField is what a list must know of a field.
type CustomField struct {
	ID uuid.UUID
	custom.Definition
}

// CustomFields finds the field of a noun by its key; false when there is none.
type CustomFields func(noun custom.Noun, key string) (CustomField, bool, error)

// values is the table with the values of all custom fields, a row for each: see ent/schema.
const values = "custom_values"

func (c *compiler) customs(noun custom.Noun, filters []*Custom, path string) predicate {
	if len(filters) > MaxIn {
		return c.fail(path, "%s has %d entries, at most %d are allowed", path, len(filters), MaxIn)
	}
	var all []predicate
	for i, f := range filters {
		all = append(all, c.custom(noun, f, fmt.Sprintf("%s.%d", path, i)))
	}
	return join(all, sql.And)
}

func (c *compiler) custom(noun custom.Noun, f *Custom, path string) predicate {
	if c.req.Custom == nil {
		return c.fail(path, "you cannot filter by custom fields here")
	}
	field, ok, err := c.req.Custom(noun, f.Key)
	switch {
	case err != nil:
		c.err = err
		return nil
	case !ok:
		return c.fail(path, "there is no custom field %.40q", f.Key)
	}
	for t, given := range f.given() {
		if given && t != field.Type {
			return c.fail(path, "the custom field %s is a %s; filter it by %s", f.Key, field.Type, strings.ToLower(string(field.Type)))
		}
	}
	set := []*bool{f.IsSet}
	inside := c.inside(f, &set, path+"."+strings.ToLower(string(field.Type)))
	var all []predicate
	if f.given()[field.Type] && inside != nil {
		all = append(all, c.exists(field.ID, inside, true))
	}
	for _, want := range set {
		if want != nil {
			all = append(all, c.exists(field.ID, nil, *want))
		}
	}
	return join(all, sql.And)
}

func (f *Custom) given() map[custom.Type]bool {
	return map[custom.Type]bool{
		custom.Text: f.Text != nil, custom.Number: f.Number != nil, custom.Money: f.Money != nil, custom.Date: f.Date != nil,
		custom.Choice: f.Choice != nil, custom.Reference: f.Reference != nil,
	}
}

// inside is what must hold of the row with the value; nil for nothing. Conditions on whether there is one go to set.
func (c *compiler) inside(f *Custom, set *[]*bool, path string) predicate {
	switch {
	case f.Text != nil:
		t := *f.Text
		*set, t.IsEmpty = append(*set, opposite(t.IsEmpty)), nil
		if reflect.ValueOf(t).IsZero() {
			return nil
		}
		return c.text("text", &t, path)
	case f.Date != nil:
		d := *f.Date
		*set, d.IsNull = append(*set, opposite(d.IsNull)), nil
		if d == (Dates{}) {
			return nil
		}
		return c.column("day", reflect.ValueOf(&d), path)
	case f.Number != nil:
		return c.decimals(f.Number, path)
	case f.Money != nil:
		return c.sums(f.Money, path)
	case f.Choice != nil:
		return c.in("text", reflect.ValueOf(f.Choice), path)
	case f.Reference != nil:
		ids := make([]string, len(f.Reference))
		for i, id := range f.Reference {
			ids[i] = id.String()
		}
		return c.in("text", reflect.ValueOf(ids), path)
	}
	return nil
}

func opposite(b *bool) *bool {
	if b == nil {
		return nil
	}
	not := !*b
	return &not
}

func (c *compiler) decimals(f *Decimals, path string) predicate {
	var in []int64
	for _, d := range f.In {
		in = append(in, custom.TenThousandths(d))
	}
	if f.In != nil && in == nil {
		in = []int64{}
	}
	at := func(op func(string, any) *sql.Predicate) func(money.Decimal) predicate {
		return func(d money.Decimal) predicate { return cmp("number", custom.TenThousandths(d), op) }
	}
	return join([]predicate{
		when(f.Eq, at(sql.EQ)), c.in("number", reflect.ValueOf(in), path), when(f.Min, at(sql.GTE)), when(f.Max, at(sql.LTE)),
	}, sql.And)
}

func (c *compiler) sums(f *Sums, path string) predicate {
	all := []predicate{eq("text", string(f.Currency))}
	for _, bound := range []struct {
		sum *money.Decimal
		op  func(string, any) *sql.Predicate
	}{{f.Eq, sql.EQ}, {f.Min, sql.GTE}, {f.Max, sql.LTE}} {
		if bound.sum == nil {
			continue
		}
		m, err := money.FromDecimal(*bound.sum, f.Currency)
		if err != nil {
			return c.fail(path, "%s: %s is not a sum in %s", path, bound.sum, f.Currency)
		}
		all = append(all, cmp("number", m.Minor(), bound.op))
	}
	return join(all, sql.And)
}

// exists holds for the records with a value of the field for which inside holds, or, unless want, for those without.
func (c *compiler) exists(field uuid.UUID, inside predicate, want bool) predicate {
	return func(s *sql.Selector) *sql.Predicate {
		t := sql.Table(values)
		sub := sql.Select(t.C("subject_id")).From(t)
		sub.SetDialect(s.Dialect())
		sub.Where(sql.And(sql.EQ(t.C("tenant_id"), c.req.Tenant), sql.EQ(t.C("field_id"), field), sql.ColumnsEQ(t.C("subject_id"), s.C("id"))))
		if inside != nil {
			if p := inside(sub); p != nil {
				sub.Where(p)
			}
		}
		if want {
			return sql.Exists(sub)
		}
		return sql.NotExists(sub)
	}
}

// ByCustom is the sort field that every noun with fields of the tenant's own has; the sort's Custom names the field.
const ByCustom Field = "CUSTOM"

// joined is a sort key that stands in the table of values.
type joined struct {
	tenant int64
	field  uuid.UUID
	alias  string
}

// at joins the value of each row to the query, once, and names the column. Records without a value stay, with NULL.
func (j joined) at(s *sql.Selector, column string) string {
	if t, ok := s.JoinedTableView(j.alias); ok {
		return t.C(column)
	}
	t := sql.Dialect(s.Dialect()).Table(values).As(j.alias)
	s.LeftJoin(t).OnP(sql.And(sql.EQ(t.C("tenant_id"), j.tenant), sql.EQ(t.C("field_id"), j.field), sql.ColumnsEQ(t.C("subject_id"), s.C("id"))))
	return t.C(column)
}

// customKeys are the keys that sort by one of the tenant's own fields: a MONEY by its currency and then its sum, a CHOICE
// by the key of the option, a REFERENCE by the id, everything else by its value.
func customKeys[T any](src Source[T], req Request, sort *Sort, alias string) ([]key[T], error) {
	if sort.Custom == nil || src.Custom == nil || req.Custom == nil {
		return nil, refuse("sort", "cannot sort by %q without custom, the key of a field", sort.Field)
	}
	field, ok, err := req.Custom(src.CustomNoun, *sort.Custom)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse("sort", "there is no custom field %.40q to sort by", *sort.Custom)
	}
	columns := map[custom.Type][]string{custom.Number: {"number"}, custom.Money: {"text", "number"}, custom.Date: {"day"}}[field.Type]
	if columns == nil {
		columns = []string{"text"}
	}
	j := &joined{tenant: req.Tenant, field: field.ID, alias: alias}
	keys := make([]key[T], len(columns))
	for i, name := range columns {
		value := func(row T) any { return cursorValue(field.Definition, src.Custom(row), name) }
		keys[i] = key[T]{Column: Column[T]{Name: name, Nullable: true, Value: value}, desc: sort.Direction == Desc, joined: j}
	}
	return keys, nil
}

// cursorValue is what the column holds for a record with these values.
func cursorValue(d custom.Definition, set custom.Set, column string) any {
	v, ok := custom.Values([]custom.Definition{d}, set)[d.Key]
	if !ok {
		return nil
	}
	switch held := v.Column(); column {
	case "number":
		return *held.Number
	case "day":
		return held.Day.String()
	default:
		return *held.Text
	}
}
