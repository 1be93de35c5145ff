// Package compile reads what queries ask for with one statement a root field, where it can, and leaves everything else to the
// resolvers, which remain the reference: wherever the two would differ, the resolvers are right (docs/adr/0013-compiled-reads.md).
//
// Parsing, validation, the guard and the price are gqlgen's and the transport's. A root field is planned once for each document
// (plan.go), bound to the request's variables, the caller's reach and masks (bind.go), written as a statement (build.go), and its
// answer is put into the response as it is (answer.go). What is columns, edges and keys comes from ent's schema graph
// (catalogue_gen.go); reach, filters, sorts and orders are the services' own functions (package reading). Anything unexpected on
// the way is the resolvers' to answer, with every fault of the caller's.
package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/identity"
	"heyue/platform/reading"
)

// DefaultPlans is how many plans a process keeps (HEYUE_READ_PLANS).
const DefaultPlans = 2000

// Options are what reads are made of.
type Options struct {
	Schema   *ast.Schema
	Declared []reading.Set
	// Run runs a statement for the context's tenant and returns the one value that it gives; nil for no row.
	Run func(ctx context.Context, statement string, args []any) ([]byte, error)
	// Sealed names the columns of a table that only the tenant's keys open, and Open opens one; nil where there are none.
	Sealed func(table string) []string
	Open   func(ctx context.Context, table, column string, row uuid.UUID, text string) (string, error)
	// Plans are kept up to this number; zero is the default.
	Plans int
	// Observe is told of each field how it was read: compiled, or why not. Nil: nobody is.
	Observe func(field, how string)
}

// Compiled is what Observe is told of a field that was read in one statement.
const Compiled = "compiled"

// Reads is the extension of gqlgen's executor that compiles.
type Reads struct {
	Options
	catalogue *catalogue
	plans     *plans
}

var _ interface {
	graphql.HandlerExtension
	graphql.FieldInterceptor
} = (*Reads)(nil)

// New fails when the services declare what the schema does not have.
func New(o Options) (*Reads, error) {
	if o.Plans == 0 {
		o.Plans = DefaultPlans
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	if o.Sealed == nil {
		o.Sealed = func(string) []string { return nil }
	}
	c, err := newCatalogue(o.Schema, o.Declared, o.Sealed)
	return &Reads{Options: o, catalogue: c, plans: &plans{most: o.Plans}}, err
}

// ExtensionName is asked for by gqlgen.
func (*Reads) ExtensionName() string { return "CompiledReads" }

// Validate has nothing to object to.
func (*Reads) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField reads root fields of queries, and the objects in the payloads of mutations and in events, when what they lead to
// is asked for.
func (r *Reads) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	root := fc.Object == "Query"
	if !root && !carries(fc) || off(ctx) {
		return next(ctx)
	}
	me, err := identity.From(ctx)
	if err != nil {
		return next(ctx)
	}
	if !root {
		return r.carried(ctx, fc, me.TenantID, next)
	}
	raw, err := r.read(ctx, fc, me.TenantID)
	if err != nil {
		r.Observe(fc.Field.Name, reasonOf(err))
		record(ctx, Seen{Field: fc.Field.Alias, Why: err})
		return next(ctx)
	}
	r.Observe(fc.Field.Name, Compiled)
	if raw == nil {
		return nil, nil
	}
	return raw, nil
}

// carries reports whether a field is one of a mutation's payload or of an event.
func carries(fc *graphql.FieldContext) bool {
	return fc.Parent != nil && (fc.Parent.Object == "Mutation" || fc.Parent.Object == "Subscription")
}

// rawJSON is a part of an answer.
type rawJSON []byte

// MarshalGQL writes it as it is.
func (r rawJSON) MarshalGQL(w io.Writer) { _, _ = w.Write(r) }

func reasonOf(err error) string {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r.reason
	case errors.Is(err, errShape):
		return reasonAnswer
	}
	return "failed"
}

// read gives the root field's value as JSON; nil for one that is not there.
func (r *Reads) read(ctx context.Context, fc *graphql.FieldContext, tenant int64) (rawJSON, error) {
	q, err := r.query(ctx, fc.Field, "", tenant, func(p *planner) (*plan, error) { return p.root(fc.Field) })
	if err != nil {
		return nil, err
	}
	if err := q.bind(ctx, fc.Args); err != nil {
		return nil, err
	}
	return r.run(ctx, q)
}

// query begins one.
func (r *Reads) query(ctx context.Context, asked graphql.CollectedField, path string, tenant int64, how func(*planner) (*plan, error)) (*query, error) {
	oc := graphql.GetOperationContext(ctx)
	p, err := r.plans.get(oc, asked.Field, path, func() (*plan, error) { return how(&planner{catalogue: r.catalogue, oc: oc}) })
	if err != nil {
		return nil, err
	}
	return &query{
		catalogue: r.catalogue, oc: oc, plan: p, tenant: tenant, state: make([]state, p.fields), reached: map[string]reached{},
	}, nil
}

func (r *Reads) run(ctx context.Context, q *query) (rawJSON, error) {
	text, args, err := q.statement()
	if err != nil {
		return nil, err
	}
	record(ctx, Seen{Field: q.plan.root.asked.Alias, Text: text, Args: args})
	got, err := r.Run(ctx, text, args)
	if err != nil || got == nil {
		return nil, err
	}
	a := &answer{query: q, ctx: ctx, scanner: scanner{text: got}, unseal: r.Open}
	a.out.Grow(2 * len(got))
	if err := a.safely(); err != nil {
		return nil, err
	}
	return a.out.Bytes(), nil
}

// safely writes the answer; a panic, as a value of Go may cause, leaves it to the resolvers like any other error.
func (a *answer) safely() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errShape, p)
		}
	}()
	return a.write()
}

// carried reads an object that a mutation or an event hands out, after its commit, once more with all that it leads to. Whatever
// goes wrong leaves the object to the resolvers.
func (r *Reads) carried(ctx context.Context, fc *graphql.FieldContext, tenant int64, next graphql.Resolver) (any, error) {
	got, err := next(ctx)
	o := r.catalogue.objects[fc.Field.Definition.Type.NamedType]
	if err != nil || o == nil || reflect.TypeOf(got) != reflect.PointerTo(o.row) || reflect.ValueOf(got).IsNil() {
		return got, err
	}
	path := fc.Parent.Field.Alias
	q, err := r.query(ctx, fc.Field, path, tenant, func(p *planner) (*plan, error) { return p.object(fc.Field, o, path) })
	if err != nil || !q.plan.root.below.leads() {
		return got, nil //nolint:nilerr // the resolvers answer
	}
	id := reflect.ValueOf(got).Elem().FieldByName("ID").Interface().(identifier).UUID()
	raw, err := r.again(ctx, q, id)
	if err != nil || raw == nil {
		r.Observe(fc.Field.Name, reasonOf(err))
		return got, nil
	}
	r.Observe(fc.Field.Name, Compiled)
	return raw, nil
}

func (r *Reads) again(ctx context.Context, q *query, id uuid.UUID) (rawJSON, error) {
	q.byID(id)
	if err := q.selection(ctx, q.plan.root.below, &id); err != nil {
		return nil, err
	}
	return r.run(ctx, q)
}

// leads reports whether anything but the object itself is asked for.
func (s *selection) leads() bool {
	for _, f := range s.fields {
		if f.kind == one || f.kind == many || f.kind == pageOf {
			return true
		}
	}
	return false
}
