package listing

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	"heyue/domain/fields/custom"
	"heyue/platform/date"
)

// Limits of a filter (graphql.md 4.6).
const (
	MaxDepth  = 3   // and, or and not inside each other
	MaxIn     = 100 // values of one list
	MaxNeedle = 200 // characters searched for
)

// Text filters a text column; all given conditions must hold. Contains and StartsWith ignore case.
type Text struct {
	Eq         *string
	In         []string
	Contains   *string
	StartsWith *string
	IsEmpty    *bool
}

// Dates filters a date column; both ends are inclusive.
type Dates struct {
	Eq     *date.Date
	From   *date.Date
	To     *date.Date
	IsNull *bool
}

// Numbers filters a whole-number column; both ends are inclusive.
type Numbers struct {
	Eq     *int
	In     []int
	Min    *int
	Max    *int
	IsNull *bool
}

// Times filters a column of instants: From is inside, Before is not, so that ranges lie side by side.
type Times struct {
	From   *time.Time
	Before *time.Time
}

// A noun's filter is a struct whose fields carry one of these tags:
//
//	column:"name"                 the field filters that column: *Text, *Dates, *Times, *Numbers, *bool, or a slice (any of)
//	blind:"contacts.phone"        *Exact: the field filters that column by the blind one beside it
//	relation:"contacts,id,customer_id"  the field is another noun's filter; its table, our column, its column
//	filter:"archived"             *bool: whether archived_at is set
//	filter:"null,owner_id"        *bool: whether that column has no value
//	custom:"CUSTOMER"             []*Custom: fields of the tenant's own; see [Custom]
//
// And, Or and Not of the struct's own type combine conditions.
func compile(req Request) (func(*sql.Selector), error) {
	v := reflect.ValueOf(req.Filter)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return func(*sql.Selector) {}, nil
	}
	c := compiler{req: req}
	build := c.group(v, "filter", 0)
	if c.err != nil {
		return nil, c.err
	}
	return func(s *sql.Selector) {
		if p := build(s); p != nil {
			s.Where(p)
		}
	}, nil
}

// predicate writes a condition over a selector's table, or returns nil when it always holds.
type predicate func(*sql.Selector) *sql.Predicate

type compiler struct {
	req Request
	err error
}

func (c *compiler) fail(path, format string, args ...any) predicate {
	if c.err == nil {
		c.err = refuse(path, format, args...)
	}
	return nil
}

func (c *compiler) group(v reflect.Value, path string, depth int) predicate {
	if depth > MaxDepth {
		return c.fail(path, "filters may be nested %d deep", MaxDepth)
	}
	v = reflect.Indirect(v)
	var all []predicate
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		if value.IsZero() {
			continue
		}
		if p := c.field(f, value, path+"."+lowerFirst(f.Name), depth); p != nil {
			all = append(all, p)
		}
	}
	return join(all, sql.And)
}

func (c *compiler) field(f reflect.StructField, v reflect.Value, path string, depth int) predicate {
	switch f.Name {
	case "And":
		return join(c.each(v, path, depth+1), sql.And)
	case "Or":
		if v.Len() == 0 {
			return nil
		}
		return either(c.each(v, path, depth+1))
	case "Not":
		inner := c.group(v, path, depth+1)
		return func(s *sql.Selector) *sql.Predicate {
			p := inner(s)
			if p == nil {
				return sql.False()
			}
			return untrue(p)
		}
	}
	if noun, ok := f.Tag.Lookup("custom"); ok {
		return c.customs(custom.Noun(noun), v.Interface().([]*Custom), path)
	}
	if rel, ok := f.Tag.Lookup("relation"); ok {
		return c.relation(strings.Split(rel, ","), v, path, depth)
	}
	if f.Tag.Get("filter") == "archived" {
		return null("archived_at", !v.Elem().Bool())
	}
	if column, ok := strings.CutPrefix(f.Tag.Get("filter"), "null,"); ok {
		return null(column, v.Elem().Bool())
	}
	if sealed, ok := f.Tag.Lookup("blind"); ok {
		table, column, _ := strings.Cut(sealed, ".")
		return c.exact(table, column, v.Interface().(*Exact), path)
	}
	column, ok := f.Tag.Lookup("column")
	if !ok {
		panic(fmt.Sprintf("listing: field %s of %s has no tag", f.Name, path))
	}
	return c.column(column, v, path)
}

func (c *compiler) each(v reflect.Value, path string, depth int) []predicate {
	if v.Len() > MaxIn {
		c.fail(path, "%s has %d entries, at most %d are allowed", path, v.Len(), MaxIn)
		return nil
	}
	ps := make([]predicate, 0, v.Len())
	for i := range v.Len() {
		ps = append(ps, c.group(v.Index(i), fmt.Sprintf("%s.%d", path, i), depth))
	}
	return ps
}

// relation reaches into another noun's table: our column IN (SELECT its column … WHERE its filter AND its scope). The
// tenant is compared there too, and only rows the caller may see can decide, so no filter is an oracle.
func (c *compiler) relation(parts []string, v reflect.Value, path string, depth int) predicate {
	table, own, theirs := parts[0], parts[1], parts[2]
	scope, ok := c.req.Related[table]
	if !ok {
		return c.fail(path, "you may not filter by %s", table)
	}
	inner := c.group(v, path, depth+1)
	if inner == nil {
		return nil
	}
	return func(s *sql.Selector) *sql.Predicate {
		t := sql.Table(table)
		sub := sql.Select(t.C(theirs)).From(t).Where(sql.EQ(t.C("tenant_id"), c.req.Tenant))
		sub.SetDialect(s.Dialect())
		if scope != nil {
			scope(sub)
		}
		if p := inner(sub); p != nil {
			sub.Where(p)
		}
		return sql.In(s.C(own), sub)
	}
}

func (c *compiler) column(name string, v reflect.Value, path string) predicate {
	switch f := v.Interface().(type) {
	case *Text:
		return c.text(name, f, path)
	case *Dates:
		return join([]predicate{
			when(f.Eq, func(d date.Date) predicate { return eq(name, d) }),
			when(f.From, func(d date.Date) predicate { return cmp(name, d, sql.GTE) }),
			when(f.To, func(d date.Date) predicate { return cmp(name, d, sql.LTE) }),
			when(f.IsNull, func(b bool) predicate { return null(name, b) }),
		}, sql.And)
	case *Times:
		return join([]predicate{
			when(f.From, func(t time.Time) predicate { return cmp(name, t, sql.GTE) }),
			when(f.Before, func(t time.Time) predicate { return cmp(name, t, sql.LT) }),
		}, sql.And)
	case *Numbers:
		return join([]predicate{
			when(f.Eq, func(n int) predicate { return eq(name, n) }),
			c.in(name, reflect.ValueOf(f.In), path),
			when(f.Min, func(n int) predicate { return cmp(name, n, sql.GTE) }),
			when(f.Max, func(n int) predicate { return cmp(name, n, sql.LTE) }),
			when(f.IsNull, func(b bool) predicate { return null(name, b) }),
		}, sql.And)
	case *bool:
		return eq(name, *f)
	}
	if v.Kind() == reflect.Slice {
		return c.in(name, v, path)
	}
	panic(fmt.Sprintf("listing: %s has type %s, which no filter knows", path, v.Type()))
}

func (c *compiler) text(name string, f *Text, path string) predicate {
	for _, n := range []*string{f.Eq, f.Contains, f.StartsWith} {
		if n != nil && !c.searchable(*n, path) {
			return nil
		}
	}
	return join([]predicate{
		when(f.Eq, func(s string) predicate { return eq(name, s) }),
		c.in(name, reflect.ValueOf(f.In), path),
		when(f.Contains, func(needle string) predicate {
			return func(s *sql.Selector) *sql.Predicate { return sql.ContainsFold(s.C(name), needle) }
		}),
		when(f.StartsWith, func(needle string) predicate {
			return func(s *sql.Selector) *sql.Predicate { return sql.HasPrefixFold(s.C(name), needle) }
		}),
		when(f.IsEmpty, func(b bool) predicate { return empty(name, b) }),
	}, sql.And)
}

func (c *compiler) in(name string, v reflect.Value, path string) predicate {
	if v.IsNil() {
		return nil
	}
	if v.Len() > MaxIn {
		return c.fail(path, "%s has %d values, at most %d are allowed", path, v.Len(), MaxIn)
	}
	args := make([]any, v.Len())
	for i := range args {
		if e := v.Index(i); e.Kind() == reflect.String && !c.searchable(e.String(), path) {
			return nil
		}
		args[i] = v.Index(i).Interface()
	}
	return func(s *sql.Selector) *sql.Predicate {
		if len(args) == 0 {
			return sql.False()
		}
		return sql.In(s.C(name), args...)
	}
}

// searchable refuses texts that are too long and those that no text in PostgreSQL can hold.
func (c *compiler) searchable(s, path string) bool {
	switch {
	case utf8.RuneCountInString(s) > MaxNeedle:
		c.fail(path, "%s is longer than %d characters", path, MaxNeedle)
	case strings.ContainsRune(s, 0) || !utf8.ValidString(s):
		c.fail(path, "%s is not valid text", path)
	}
	return c.err == nil
}

func eq(name string, v any) predicate { return cmp(name, v, sql.EQ) }

func cmp(name string, v any, op func(string, any) *sql.Predicate) predicate {
	return func(s *sql.Selector) *sql.Predicate { return op(s.C(name), v) }
}

func null(name string, want bool) predicate {
	return func(s *sql.Selector) *sql.Predicate {
		if want {
			return sql.IsNull(s.C(name))
		}
		return sql.NotNull(s.C(name))
	}
}

// empty holds for NULL and for "": users do not tell the two apart.
func empty(name string, want bool) predicate {
	return func(s *sql.Selector) *sql.Predicate {
		p := sql.Or(sql.IsNull(s.C(name)), sql.EQ(s.C(name), ""))
		if want {
			return p
		}
		return sql.Not(p)
	}
}

func when[T any](v *T, f func(T) predicate) predicate {
	if v == nil {
		return nil
	}
	return f(*v)
}

func join(ps []predicate, op func(...*sql.Predicate) *sql.Predicate) predicate {
	return func(s *sql.Selector) *sql.Predicate {
		var out []*sql.Predicate
		for _, p := range ps {
			if p == nil {
				continue
			}
			if q := p(s); q != nil {
				out = append(out, q)
			}
		}
		switch len(out) {
		case 0:
			return nil
		case 1:
			return out[0]
		}
		return op(out...)
	}
}

// either holds where one of ps does; an alternative without conditions always does.
func either(ps []predicate) predicate {
	return func(s *sql.Selector) *sql.Predicate {
		out := make([]*sql.Predicate, len(ps))
		for i, p := range ps {
			if out[i] = p(s); out[i] == nil {
				return nil
			}
		}
		if len(out) == 1 {
			return out[0] // sql.Or would forget the brackets of one that is an OR itself, and with them the scope in front
		}
		return sql.Or(out...)
	}
}

// untrue holds wherever p does not: also where a missing value leaves p undecided, since a row without a value does not
// have the value that was ruled out.
func untrue(p *sql.Predicate) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.Wrap(func(b *sql.Builder) { b.Join(p) }).WriteString(" IS NOT TRUE")
	})
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
