// Package reading is how services tell the compiler of queries (package graph/compile) what the schema does not say: which rows a
// caller may see, how a list is checked, in which order parts come. Each declaration names the function that the service itself
// reads by, so that both ways of reading are held to the same rules (docs/adr/0013-compiled-reads.md).
package reading

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/platform/listing"
	"heyue/platform/page"
)

// Where narrows a query.
type Where = func(*sql.Selector)

// Set is what one service declares.
type Set struct {
	Types  []Type
	Edges  []Edge
	Values []Value
}

// Type is how objects of a type of the schema are found.
type Type struct {
	// Name is the type's, in the schema.
	Name string
	// One and Page are the root fields that look one up by its id and that list them; "" for none.
	One, Page string
	// Reach gives the rows that the caller may see, for a lookup and wherever an object points at one. It fails with a
	// fault of kind Denied for a caller who may see none of them at all; what points at one is then null.
	Reach func(ctx context.Context) (Where, error)
	// List checks a request for a page of them; nil where there are no pages. See [ListOf].
	List Lister
}

// Lister checks requests for pages of one type.
type Lister interface {
	// Filter returns a pointer to a nil pointer to the type's filter.
	Filter() any
	// Statement checks a request; filter is what Filter's pointer points at. Its faults are the list's.
	Statement(ctx context.Context, args page.Args, filter any, sort []*listing.Sort) (*listing.Statement, error)
}

// ListOf makes a Lister of a service's function.
func ListOf[F any](check func(ctx context.Context, args page.Args, filter *F, sort []*listing.Sort) (*listing.Statement, error)) Lister {
	return lister[F](check)
}

type lister[F any] func(ctx context.Context, args page.Args, filter *F, sort []*listing.Sort) (*listing.Statement, error)

func (l lister[F]) Filter() any { return new(*F) }

func (l lister[F]) Statement(ctx context.Context, args page.Args, filter any, sort []*listing.Sort) (*listing.Statement, error) {
	f, _ := filter.(*F)
	return l(ctx, args, f, sort)
}

// Edge is a field that leads from one object to others in a way that the schema of the tables does not tell in full. An edge
// to one object that is named like an edge of the entity needs none, if anything is declared of the object at all: it leads to
// whom the target's Reach lets the caller see.
type Edge struct {
	// Type and Field are the schema's names of where it starts.
	Type, Field string
	// Order is in which order a list without pages comes.
	Order Where
	// Where narrows the targets beyond what the keys say.
	Where Where
	// Reach takes the place of the target's; nil leaves it for an edge to one object, and for a list means that whoever sees
	// the object sees them all.
	Reach func(ctx context.Context) (Where, error)
	// Resolved leaves the edge to its resolver, whatever the tables say: what it leads to is not what the keys lead to.
	Resolved bool
	// Own and Their are the columns that must be equal, where no edge of the entity tells.
	Own, Their string
}

// Value is a field that is made of columns of its object.
type Value struct {
	// Type and Field are the schema's names.
	Type, Field string
	// Needs names the columns, of the object's table.
	Needs []string
	// Exprs are expressions over the object's row, in SQL, in the place of Needs or besides them.
	Exprs []func(s *sql.Selector) string
	// Make is called once for a query and returns what makes the field's value of Needs and Exprs, as JSON, in this order.
	// The value is of the Go type that the field's resolver returns.
	Make func(ctx context.Context) (func(held [][]byte) (any, error), error)
}
