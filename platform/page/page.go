// Package page holds the parts of Relay connections that know no SQL: arguments with their limits, connections,
// and cursors sealed so that a caller can neither read nor forge one (graphql.md 4.6).
package page

import (
	"context"

	"heyue/platform/fault"
)

// Limits is how many edges a page has when the caller names no number, and how many at most (HEYUE_PAGE_DEFAULT,
// HEYUE_PAGE_MAX).
type Limits struct{ Default, Max int }

// Args are the arguments of a connection as they came in. Use either First with After or Last with Before.
type Args struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// Window is Args checked: how many edges to read, from where, and in which direction.
type Window struct {
	Size     int
	Backward bool
	Cursor   string // sealed; "" starts at the end of the list that Backward names
}

// Window checks the arguments. It fails with BAD_REQUEST on a size outside 1 to limits.Max and on mixed directions.
func (a Args) Window(limits Limits) (Window, error) {
	if (a.First != nil || a.After != nil) && (a.Last != nil || a.Before != nil) {
		return Window{}, refuse("first", "first and after cannot be combined with last and before")
	}
	w := Window{Size: limits.Default, Backward: a.Last != nil || a.Before != nil}
	size, cursor, name := a.First, a.After, "first"
	if w.Backward {
		size, cursor, name = a.Last, a.Before, "last"
	}
	if size != nil {
		if *size < 1 || *size > limits.Max {
			return Window{}, refuse(name, "%s is %d; it must be from 1 to %d", name, *size, limits.Max)
		}
		w.Size = *size
	}
	if cursor != nil {
		w.Cursor = *cursor
	}
	return w, nil
}

func refuse(field, format string, args ...any) error {
	f := fault.New(fault.BadRequest, fault.CodeBadRequest, format, args...)
	f.Field = []string{field}
	return f
}

// Info tells whether more edges lie before or after a page.
type Info struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Edge is one node with the cursor that points at it.
type Edge[T any] struct {
	Node   T
	Cursor string
}

// Connection is one page of a list.
type Connection[T any] struct {
	Edges    []*Edge[T]
	PageInfo Info

	count  func(context.Context) (int, error)
	family *family[T]
}

// NewConnection makes a connection; count is called only when a query selects totalCount.
func NewConnection[T any](edges []*Edge[T], info Info, count func(context.Context) (int, error)) *Connection[T] {
	c := &Connection[T]{Edges: edges, PageInfo: info, count: count}
	c.family = &family[T]{nodes: c.Nodes()}
	return c
}

// Nodes returns the nodes without their cursors.
func (c *Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// TotalCount counts the whole list under the page's filter and the caller's scope. It costs a query of its own.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }
