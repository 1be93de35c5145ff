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
	"heyue/platform/publicid"
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
	// Of returns what a user of the context's tenant may do now.
	Of func(ctx context.Context, user publicid.UserID) (*policies.Grants, error)
	// Caller returns what the caller may do, at the version of their session or a newer one.
	Caller func(ctx context.Context) (*policies.Grants, error)
	// Schema is what the directives are read from.
	Schema *ast.Schema
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Fields{}

// ExtensionName is asked for by gqlgen.
func (Fields) ExtensionName() string { return "FieldMasks" }

// Validate has nothing to object to.
func (Fields) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse decides for one answer, and so for each event of a subscription anew: a rule holds from the next one
// on.
func (f Fields) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	oc := graphql.GetOperationContext(ctx)
	grants, err := f.grants(ctx, oc)
	if err != nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	if grants == nil || !grants.Masked() {
		return next(ctx)
	}
	w := walker{schema: f.Schema, oc: oc, grants: grants}
	if err := w.reads(); err != nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	a := &answer{grants: grants, schema: f.Schema, writes: w, inner: oc.ResolverMiddleware}
	oc.ResolverMiddleware = a.resolve
	defer func() { oc.ResolverMiddleware = a.inner }()
	response := next(ctx)
	if paths := a.listed(); response != nil && len(paths) > 0 {
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions[Extension] = paths
	}
	return response
}

// grants are the caller's; nil for nobody, who gets nothing anyway, and for a tenant that is not there.
func (f Fields) grants(ctx context.Context, oc *graphql.OperationContext) (*policies.Grants, error) {
	c, signed := identity.Signed(ctx)
	switch {
	case !signed:
		return nil, nil
	case oc.Operation.Operation == ast.Subscription: // a session lasts; what it was allowed at its start does not count
		return f.Of(ctx, c.UserID)
	}
	return f.Caller(ctx)
}

// answer is one response in the making.
type answer struct {
	grants *policies.Grants
	schema *ast.Schema
	writes walker
	inner  graphql.FieldMiddleware

	mu    sync.Mutex
	paths map[string]bool
}

// resolve stands around every field.
func (a *answer) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
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
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.paths == nil {
		a.paths = map[string]bool{}
	}
	if len(a.paths) < maxPaths {
		a.paths[strings.Join(names, ".")] = true
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
