// Package witness tells the log of decisions what callers were denied, and what about other users they read (A3, T2): every
// error FORBIDDEN of an answer, every masked field that an operation asks or writes by, and everything that the SDL marks with
// @recorded and that a query shows. It stands around the executor, so that it holds for every transport, and however a field
// is resolved. What is out of somebody's reach is not found like what does not exist, and so is not in the log.
package witness

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/domain/decisions"
	"heyue/graph/transport"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/decision"
	"heyue/policies/grant"
)

// directive is what the SDL marks with that reading it is put on record.
const directive = "recorded"

// Decisions is the extension of gqlgen's executor that does it.
type Decisions struct {
	write  func(decisions.Note)
	caller func(ctx context.Context) (*policies.Grants, error)
	schema *ast.Schema
	roots  map[string]bool // of the queries, those that can lead to what is marked; the others are not looked through
}

// New returns a Decisions that puts decisions on record with write, which does not wait. Caller returns what the caller may
// do; the directives are read from schema.
func New(schema *ast.Schema, caller func(ctx context.Context) (*policies.Grants, error), write func(decisions.Note)) Decisions {
	d := Decisions{write: write, caller: caller, schema: schema, roots: map[string]bool{}}
	for _, f := range schema.Query.Fields {
		d.roots[f.Name] = d.leads(schema.Types[f.Type.Name()], map[string]bool{})
	}
	return d
}

// leads reports whether a selection on a type can show something that is marked.
func (d Decisions) leads(of *ast.Definition, seen map[string]bool) bool {
	if of == nil || seen[of.Name] {
		return false
	}
	seen[of.Name] = true
	if of.Directives.ForName(directive) != nil {
		return true
	}
	if of.IsAbstractType() {
		return slices.ContainsFunc(d.schema.GetPossibleTypes(of), func(t *ast.Definition) bool { return d.leads(t, seen) })
	}
	return slices.ContainsFunc(of.Fields, func(f *ast.FieldDefinition) bool { return d.leads(d.schema.Types[f.Type.Name()], seen) })
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Decisions{}

// ExtensionName is asked for by gqlgen.
func (Decisions) ExtensionName() string { return "DecisionLog" }

// Validate has nothing to object to.
func (Decisions) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse looks at an answer once it is there.
func (d Decisions) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if c, signed := identity.Signed(ctx); response != nil && signed && !c.Confined {
		oc := graphql.GetOperationContext(ctx)
		d.denied(ctx, oc, response)
		if oc.Operation.Operation == ast.Query {
			d.read(ctx, oc, response)
		}
	}
	return response
}

// Masked puts on record that somebody asked or wrote by a field that is kept from them.
func (d Decisions) Masked(ctx context.Context, operation, field, action string) {
	object, _, _ := strings.Cut(field, ".")
	d.note(ctx, decisions.Note{Kind: decision.Denied, Object: object, Action: action, Field: field, Operation: operation})
}

// denied notes every permission that an error of the answer says was lacking, once for each root field.
func (d Decisions) denied(ctx context.Context, oc *graphql.OperationContext, response *graphql.Response) {
	type denial struct{ operation, lacks string }
	seen := map[denial]bool{}
	for _, e := range response.Errors {
		var f *fault.Fault
		if !errors.As(e, &f) || f.Kind != fault.Denied || f.Lacks == "" {
			continue
		}
		at := denial{d.root(oc, e.Path), f.Lacks}
		if seen[at] {
			continue
		}
		seen[at] = true
		object, action, _ := strings.Cut(f.Lacks, ":")
		d.note(ctx, decisions.Note{Kind: decision.Denied, Object: object, Action: action, Operation: at.operation})
	}
}

// root is the schema's name of the root field that an error lies below.
func (d Decisions) root(oc *graphql.OperationContext, path ast.Path) string {
	if len(path) == 0 {
		return ""
	}
	key, _ := path[0].(ast.PathName)
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, nil) {
		if f.Alias == string(key) {
			return f.Name
		}
	}
	return ""
}

// read notes what of the query is marked, unless its root field failed: once for each mark and root field, and only for
// whom the permission lets see what is others'.
func (d Decisions) read(ctx context.Context, oc *graphql.OperationContext, response *graphql.Response) {
	for _, root := range graphql.CollectFields(oc, oc.Operation.SelectionSet, nil) {
		if !d.roots[root.Name] {
			continue
		}
		failed := slices.ContainsFunc(response.Errors, func(e *gqlerror.Error) bool {
			return len(e.Path) > 0 && e.Path[0] == ast.PathName(root.Alias)
		})
		if failed {
			continue
		}
		marks := map[string]bool{}
		d.marks(oc, root.Selections, d.schema.Types[root.Definition.Type.Name()], marks)
		for mark := range marks {
			if !d.others(ctx, mark) {
				continue
			}
			object, action, _ := strings.Cut(mark, ":")
			d.note(ctx, decisions.Note{
				Kind: decision.AdminRead, Object: object, Action: action, Operation: root.Name, Subject: about(root.ArgumentMap(oc.Variables)),
			})
		}
	}
}

// marks collects the marks of the types that a selection shows something of.
func (d Decisions) marks(oc *graphql.OperationContext, set ast.SelectionSet, of *ast.Definition, marks map[string]bool) {
	if of == nil {
		return
	}
	satisfies := []string{of.Name}
	for _, t := range d.schema.GetPossibleTypes(of) {
		satisfies = append(satisfies, t.Name)
	}
	for _, f := range graphql.CollectFields(oc, set, satisfies) {
		if f.Definition == nil || strings.HasPrefix(f.Name, "__") {
			continue
		}
		if f.ObjectDefinition != nil {
			if m := f.ObjectDefinition.Directives.ForName(directive); m != nil {
				marks[m.Arguments.ForName("as").Value.Raw] = true
			}
		}
		d.marks(oc, f.Selections, d.schema.Types[f.Definition.Type.Name()], marks)
	}
}

// others reports whether the caller's permission shows more than what is their own.
func (d Decisions) others(ctx context.Context, permission string) bool {
	p, err := policies.ParsePermission(permission)
	if err != nil {
		return false
	}
	grants, err := d.caller(ctx)
	if err != nil {
		return false
	}
	access, ok := grants.Access(p)
	return ok && access.Scope != grant.Own
}

// about is the user that a root field names, nil when it names none.
func about(arguments map[string]any) *uuid.UUID {
	text, ok := arguments["userId"].(string)
	if !ok {
		return nil
	}
	id, err := publicid.ParseUserID(text)
	if err != nil {
		return nil
	}
	u := id.UUID()
	return &u
}

func (d Decisions) note(ctx context.Context, n decisions.Note) {
	c, err := identity.From(ctx)
	if err != nil {
		return
	}
	n.Tenant, n.User, n.Version, n.RequestID = c.TenantID, c.UserID, c.AuthzVersion, transport.RequestID(ctx)
	d.write(n)
}
