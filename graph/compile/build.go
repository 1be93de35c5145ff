package compile

import (
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"heyue/platform/reading"
)

// Statements are written like this: an object is json_build_array of its values in the order of the fields that have any, an
// object or a list that it leads to is a correlated SELECT among them. Objects have no names in it: the names are the plan's, and
// are written into the answer in Go, with what PostgreSQL cannot make: public ids, sealed cursors, values of the tenant's own.

// statement writes the query as one statement.
func (q *query) statement() (string, []any, error) {
	b := &sql.Builder{}
	b.SetDialect(dialect.Postgres)
	root := q.plan.root
	switch q.plan.kind {
	case one:
		b.Join(q.single(root.below, q.state[root.place].where, func(s *sql.Selector) { s.Where(sql.EQ(s.C("id"), q.ids[0].UUID)) }))
	case anyOf, manyOf:
		q.byIDs(b, root)
	default:
		b.WriteString("SELECT ")
		q.page(b, root, nil)
	}
	text, args := b.Query()
	return text, args, b.Err()
}

// from begins a SELECT of the tenant's rows of a table, under an alias of its own.
func (q *query) from(o *object) rows {
	q.aliases++
	r := rows{alias: fmt.Sprintf("t%d", q.aliases)}
	d := sql.Dialect(dialect.Postgres)
	r.Selector = d.Select().From(d.Table(o.name).As(r.alias))
	r.Where(sql.EQ(r.C("tenant_id"), q.tenant))
	return r
}

// rows are those of a table that a SELECT is about.
type rows struct {
	*sql.Selector
	alias string
}

// single selects one object.
func (q *query) single(sel *selection, reach reading.Where, which func(*sql.Selector)) *sql.Selector {
	s := q.from(sel.object)
	which(s.Selector)
	if reach != nil {
		reach(s.Selector)
	}
	return s.SelectExpr(sql.ExprFunc(func(b *sql.Builder) { q.row(b, sel, s.Selector) }))
}

// row writes the array of an object's values.
func (q *query) row(b *sql.Builder, sel *selection, s *sql.Selector) {
	b.WriteString("json_build_array(")
	first := true
	next := func() {
		if !first {
			b.WriteString(", ")
		}
		first = false
	}
	for _, f := range sel.fields {
		st := &q.state[f.place]
		if st.hidden || st.denied {
			continue
		}
		switch f.kind {
		case scalarOf:
			next()
			b.WriteString(s.C(f.scalar.name))
			if f.scalar.table != "" {
				next()
				b.WriteString(s.C("id"))
			}
		case valueOf:
			for _, name := range f.value.Needs {
				next()
				b.WriteString(s.C(name))
			}
			for _, expr := range f.value.Exprs {
				next()
				b.WriteString(expr(s))
			}
		case one:
			next()
			b.Wrap(func(b *sql.Builder) { b.Join(q.single(f.below, st.where, q.joins(f, s))) })
		case many:
			next()
			q.list(b, f, s)
		case pageOf:
			next()
			q.page(b, f, s)
		}
	}
	b.WriteString(")")
}

// joins narrows to what a field of the object in s leads to.
func (q *query) joins(f *field, s *sql.Selector) func(*sql.Selector) {
	return func(to *sql.Selector) {
		to.Where(sql.ColumnsEQ(to.C(f.target.their), s.C(f.target.own)))
		if d := f.target.declared; d != nil && d.Where != nil {
			d.Where(to)
		}
	}
}

// list writes a list without pages.
func (q *query) list(b *sql.Builder, f *field, s *sql.Selector) {
	rows := q.from(f.below.object)
	q.joins(f, s)(rows.Selector)
	if reach := q.state[f.place].where; reach != nil {
		reach(rows.Selector)
	}
	f.target.declared.Order(rows.Selector)
	q.gather(b, rows, f.below.columns, func(b *sql.Builder) { q.row(b, f.below, rows.Selector) })
}

// gather writes (SELECT json_agg(each) FROM (rows)): columns are what each takes of the rows, so that no more is sorted.
func (q *query) gather(b *sql.Builder, rows rows, columns []string, each func(*sql.Builder)) {
	b.WriteString("(SELECT coalesce(json_agg(")
	each(b)
	b.WriteString("), '[]'::json) FROM (")
	if len(columns) == 0 {
		columns = []string{"id"}
	}
	b.Join(rows.Select(rows.Columns(columns...)...))
	b.WriteString(") AS ").Ident(rows.alias).WriteString(")")
}

// page writes a connection: how many there are, the rows, and whose they are when cursors need it.
func (q *query) page(b *sql.Builder, f *field, of *sql.Selector) {
	st, o := &q.state[f.place], q.catalogue.objects[f.target.target]
	narrow := func(s *sql.Selector) {
		if of != nil {
			q.joins(f, of)(s)
		}
		st.list.Where(s)
	}
	b.WriteString("json_build_array(")
	if f.counts() {
		count := q.from(o)
		narrow(count.Selector)
		b.Wrap(func(b *sql.Builder) { b.Join(count.Count()) })
	} else {
		b.WriteString("NULL")
	}
	b.WriteString(", ")
	if of != nil && f.seals() {
		b.WriteString(of.C(f.target.own))
	} else {
		b.WriteString("NULL")
	}
	b.WriteString(", ")
	if f.needsRows() {
		q.rows(b, f, o, narrow)
	} else {
		b.WriteString("NULL")
	}
	b.WriteString(")")
}

func (q *query) rows(b *sql.Builder, f *field, o *object, narrow func(*sql.Selector)) {
	st := &q.state[f.place]
	rows := q.from(o)
	narrow(rows.Selector)
	st.seek(rows.Selector)
	st.list.Order(rows.Selector)
	limit := st.list.Window.Size
	if f.needsMore() {
		limit++
	}
	rows.Limit(limit)
	var columns []string
	for _, sel := range f.takes() {
		columns = append(columns, sel.columns...)
	}
	if f.seals() {
		columns = append(append(columns, st.list.Columns...), "id")
	}
	if f.bare() {
		q.gather(b, rows, unique(columns), func(b *sql.Builder) { q.row(b, f.takes()[0], rows.Selector) })
		return
	}
	q.gather(b, rows, unique(columns), func(b *sql.Builder) { q.wholeRow(b, f, rows.Selector) })
}

// wholeRow writes what a connection takes of a row for each of its parts, and what cursors are made of.
func (q *query) wholeRow(b *sql.Builder, f *field, rows *sql.Selector) {
	b.WriteString("json_build_array(")
	var keys []string
	if f.seals() {
		keys = append(append(keys, "id"), q.state[f.place].list.Columns...)
	}
	for i, name := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(rows.C(name))
	}
	for i, sel := range f.takes() {
		if i > 0 || len(keys) > 0 {
			b.WriteString(", ")
		}
		q.row(b, sel, rows)
	}
	b.WriteString(")")
}

// byIDs writes the objects of node and nodes: a list of [id, object] for each type.
func (q *query) byIDs(b *sql.Builder, root *field) {
	b.WriteString("SELECT json_build_array(")
	first := true
	for _, prefix := range q.prefixes() {
		o, r := q.catalogue.ids[prefix], q.reached[q.catalogue.ids[prefix].object]
		if r.denied {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		rows, sel := q.from(o), root.types[prefix]
		rows.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(rows.C("id")).WriteString(" = ANY(").Arg(pq.Array(q.of(prefix))).WriteString("::uuid[])")
		}))
		r.where(rows.Selector)
		q.gather(b, rows, unique(append([]string{"id"}, sel.columns...)), func(b *sql.Builder) {
			b.WriteString("json_build_array(").WriteString(rows.C("id")).WriteString(", ")
			q.row(b, sel, rows.Selector)
			b.WriteString(")")
		})
	}
	b.WriteString(")")
}

// prefixes are those of the ids asked for, each once, in their order.
func (q *query) prefixes() (out []string) {
	for _, id := range q.ids {
		out = append(out, id.Prefix)
	}
	return unique(out)
}

func (q *query) of(prefix string) (ids []string) {
	for _, id := range q.ids {
		if id.Prefix == prefix {
			ids = append(ids, id.UUID.String())
		}
	}
	return ids
}

func unique(names []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
