package listing

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/platform/page"
)

// Parents says which rows the lists of [Each] belong to.
type Parents[T any, K Key] struct {
	Column string // what refers to the parent
	IDs    []K
	Of     func(T) K // the parent of a row
	// Count counts the rows of each parent; those without rows may be left out.
	Count func(ctx context.Context, where func(*sql.Selector)) (map[K]int, error)
}

// Key is a typed id.
type Key interface {
	comparable
	UUID() uuid.UUID
}

// Each reads the same page of one list per parent, in the order of the parents: the first five contacts of each of
// twenty customers. It takes one query however many parents there are, and one more when totals are asked for. A
// cursor belongs to one parent's list, so a request with a cursor is read parent by parent and is INVALID_CURSOR for
// all when it is another one's. Faults are those of [List].
func Each[T any, K Key](ctx context.Context, l Lister, src Source[T], req Request, parents Parents[T, K]) ([]*page.Connection[T], error) {
	if req.Args.After != nil || req.Args.Before != nil {
		return oneByOne(ctx, l, src, req, parents)
	}
	q, err := prepare(l, src, req)
	if err != nil {
		return nil, err
	}
	among := func(s *sql.Selector) { q.where(s); AnyOf(parents.Column, parents.IDs)(s) }
	top := func(s *sql.Selector) { s.Where(ranked(s, among, q.keys, parents.Column, req.Tenant, q.window)) }
	rows, err := src.Fetch(ctx, top, order(q.keys, q.window.Backward), len(parents.IDs)*(q.window.Size+1))
	if err != nil {
		return nil, err
	}
	byParent := map[K][]T{}
	for _, row := range rows {
		byParent[parents.Of(row)] = append(byParent[parents.Of(row)], row)
	}
	totals := newTotals(parents, among)
	lists := make([]*page.Connection[T], len(parents.IDs))
	for i, id := range parents.IDs {
		binding := page.Binding{Tenant: req.Tenant, Purpose: purpose(child(src.Noun, id), q.Request)}
		lists[i], err = connection(l, src, q.keys, binding, q.window, byParent[id], totals.of(id))
		if err != nil {
			return nil, err
		}
	}
	page.Join(lists...)
	return lists, nil
}

func oneByOne[T any, K Key](ctx context.Context, l Lister, src Source[T], req Request, parents Parents[T, K]) ([]*page.Connection[T], error) {
	lists := make([]*page.Connection[T], len(parents.IDs))
	noun, scope := src.Noun, req.Scope
	for i, id := range parents.IDs {
		src.Noun = child(noun, id)
		req.Scope = func(s *sql.Selector) {
			if scope != nil {
				scope(s)
			}
			s.Where(sql.EQ(s.C(parents.Column), id.UUID()))
		}
		var err error
		if lists[i], err = List(ctx, l, src, req); err != nil {
			return nil, err
		}
	}
	page.Join(lists...)
	return lists, nil
}

// child names the list of one parent, so that a cursor of another one's is refused.
func child(noun string, parent interface{ UUID() uuid.UUID }) string {
	return fmt.Sprintf("%s of %s", noun, parent.UUID())
}

// ranked holds for the rows that come first within their parent: id IN (SELECT id FROM (SELECT id, row_number() over
// the parent's rows …) WHERE the number is small). One row more than the page tells whether there are more.
func ranked[T any](s *sql.Selector, where func(*sql.Selector), keys []key[T], column string, tenant int64, w page.Window) *sql.Predicate {
	t := sql.Dialect(s.Dialect()).Table(s.TableName())
	numbered := sql.Dialect(s.Dialect()).Select(t.C("id")).From(t).Where(sql.EQ(t.C("tenant_id"), tenant))
	numbered.AppendSelectExprAs(sql.RowNumber().PartitionBy(t.C(column)).OrderExpr(terms(numbered, keys, w.Backward)...), "place")
	where(numbered)
	// The alias is written by hand: after As, conditions that are already in the query would name their columns by it.
	inner := sql.ExprFunc(func(b *sql.Builder) {
		b.Wrap(func(b *sql.Builder) { b.Join(numbered) }).WriteString(" AS ").Ident("ranked")
	})
	first := sql.Dialect(s.Dialect()).Select("id").FromExpr(inner).Where(sql.LTE("place", w.Size+1))
	return sql.In(s.C("id"), first)
}

// totals counts the rows of all parents when the first of them wants to know.
type totals[K Key] struct {
	count func(ctx context.Context) (map[K]int, error)
	once  sync.Once
	rows  map[K]int
	err   error
}

func newTotals[T any, K Key](parents Parents[T, K], where func(*sql.Selector)) *totals[K] {
	return &totals[K]{count: func(ctx context.Context) (map[K]int, error) { return parents.Count(ctx, where) }}
}

func (t *totals[K]) of(id K) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		t.once.Do(func() { t.rows, t.err = t.count(ctx) })
		return t.rows[id], t.err
	}
}

// AnyOf narrows a query to rows whose column is one of ids. They travel as one parameter, so that the statement's text
// does not depend on how many there are and stays prepared.
func AnyOf[K Key](column string, ids []K) func(*sql.Selector) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	return func(s *sql.Selector) {
		column := s.C(column)
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(column).WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString("::uuid[])")
		}))
	}
}
