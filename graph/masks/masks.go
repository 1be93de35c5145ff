// Package masks keeps callers from the fields that their roles hide, on every outlet of the API alike (A3,
// docs/adr/0008-field-masks.md). The SDL says with @shows what an element shows: on an output field the value is null
// for whoever is kept from any of the fields named; on an argument, an input field or a value of an enum, that it cannot
// be filtered, sorted or written by. This package is the one place that holds it, on every transport. It costs nothing
// for callers whose roles have no rules, which are nearly all.
package masks

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/graph"
	"heyue/graph/generated"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/policies"
)

// directive is what the SDL marks elements with.
const directive = "shows"

// Extension is where an answer lists the paths that were left out, without the positions in lists.
const Extension = "masked"

// maxPaths is how many paths an answer lists; the rest are left out all the same.
const maxPaths = 100

// Fields is the extension of gqlgen's executor that does it.
type Fields struct {
	// Now returns what the caller may do at this moment, however long ago their session was looked at.
	Now func(ctx context.Context) (*policies.Grants, error)
	// Caller returns what the caller may do, at the version of their session or a newer one.
	Caller func(ctx context.Context) (*policies.Grants, error)
	// Schema is what the directives are read from.
	Schema *ast.Schema
	// Refused is told the field that somebody asked or wrote by in vain; nil is told nothing.
	Refused func(ctx context.Context, operation, field, action string)
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Fields{}

// ExtensionName is asked for by gqlgen.
func (Fields) ExtensionName() string { return "FieldMasks" }

// Validate has nothing to object to.
func (Fields) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse decides for one answer, and so for each event of a subscription anew, when the event is there: a rule
// holds from the next one on, however long nothing happened before it.
func (f Fields) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if c, signed := identity.Signed(ctx); !signed || c.Confined {
		return next(ctx) // nobody gets nothing anyway, and so does who must set up a second factor first
	}
	oc := graphql.GetOperationContext(ctx)
	a := &answer{schema: f.Schema, oc: oc, inner: oc.ResolverMiddleware, decide: f.Caller, refused: f.Refused}
	if oc.Operation.Operation == ast.Subscription { // a session lasts; what it was allowed at its start does not count
		a.decide = f.Now
	} else if err := a.begin(ctx); err != nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	} else if !a.grants.Masked() {
		return next(ctx)
	}
	oc.ResolverMiddleware = a.resolve
	defer func() { oc.ResolverMiddleware = a.inner }()
	response := next(context.WithValue(ctx, answerKey{}, a))
	if paths := a.listed(); response != nil && len(paths) > 0 {
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions[Extension] = paths
	}
	return response
}

type answerKey struct{}

// Hidden reports whether the caller is kept from any of these fields, as shown by an element of the SDL, in the answer that is
// being made. It is for what writes parts of an answer without resolving them field by field.
func Hidden(ctx context.Context, shows []string) bool {
	a, ok := ctx.Value(answerKey{}).(*answer)
	return ok && a.grants != nil && a.grants.Hides(shows...)
}

// Note says that something was left out of the answer for that: its path, by response keys, without positions.
func Note(ctx context.Context, path string) {
	if a, ok := ctx.Value(answerKey{}).(*answer); ok {
		a.noted(path)
	}
}

// answer is one response in the making.
type answer struct {
	schema *ast.Schema
	oc     *graphql.OperationContext
	inner  graphql.FieldMiddleware
	decide func(context.Context) (*policies.Grants, error)

	refused func(ctx context.Context, operation, field, action string)

	once   sync.Once
	fault  error            // why there are no grants, or that the operation asks by what is hidden
	grants *policies.Grants // once begun
	writes walker

	mu    sync.Mutex
	paths map[string]bool
}

// begin finds out, once, what the caller is kept from, and refuses an operation that asks by it.
func (a *answer) begin(ctx context.Context) error {
	a.once.Do(func() {
		if a.grants, a.fault = a.decide(ctx); a.fault != nil || !a.grants.Masked() {
			return
		}
		a.writes = walker{schema: a.schema, oc: a.oc, grants: a.grants, refuse: func(operation, field, action string) {
			if a.refused != nil {
				a.refused(ctx, operation, field, action)
			}
		}}
		a.fault = a.writes.reads()
	})
	return a.fault
}

// resolve stands around every field.
func (a *answer) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	if !a.grants.Masked() {
		return a.inner(ctx, next)
	}
	at := graphql.GetFieldContext(ctx)
	definition := at.Field.Definition
	if definition == nil {
		return a.inner(ctx, next)
	}
	if shows := shown(definition.Directives); len(shows) > 0 && a.grants.Hides(shows...) {
		a.note(at)
		return nil, nil
	}
	if at.Object == "Mutation" {
		if faults := a.writes.faults(definition, at.Field.Field); len(faults) > 0 {
			return payload(at.Field.Name, faults)
		}
	}
	got, err := a.inner(ctx, next)
	if faults, ok := got.([]*fault.Fault); ok && definition.Type.Name() == "UserError" {
		return plain(faults), err
	}
	return got, plainly(err)
}

func (a *answer) note(at *graphql.FieldContext) {
	var names []string
	for _, step := range at.Path() {
		if name, ok := step.(ast.PathName); ok {
			names = append(names, string(name))
		}
	}
	a.noted(strings.Join(names, "."))
}

func (a *answer) noted(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.paths == nil {
		a.paths = map[string]bool{}
	}
	if len(a.paths) < maxPaths {
		a.paths[path] = true
	}
}

func (a *answer) listed() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.paths))
}

// shown names the fields that an element of the SDL shows; none for one without the directive.
func shown(directives ast.DirectiveList) []string {
	d := directives.ForName(directive)
	if d == nil {
		return nil
	}
	arg := d.Arguments.ForName("fields")
	if arg == nil {
		return nil
	}
	out := make([]string, len(arg.Value.Children))
	for i, c := range arg.Value.Children {
		out[i] = c.Value.Raw
	}
	return out
}

// payload is the answer of a mutation that was refused before it began.
func payload(mutation string, faults []*fault.Fault) (any, error) {
	made, ok := graph.Payload(mutation, generated.MutationResolver(nil), faults)
	if !ok {
		return nil, fault.List(faults)
	}
	return made, nil
}
