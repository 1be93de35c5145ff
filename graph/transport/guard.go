package transport

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// verdict is what is remembered about a document that passed.
type verdict struct{ introspects bool }

// guard refuses documents by their shape before gqlgen validates them: validation is quadratic in
// repeated fields and gqlgen's own complexity limit is exponential in fragments, so both come too late.
// It runs first among the extensions and is safe for concurrent use.
type guard struct {
	limits     Limits
	introspect func(context.Context) bool
	passed     *lru[[sha256.Size]byte, verdict]
}

var (
	_ graphql.OperationParameterMutator = (*guard)(nil)
	_ graphql.OperationContextMutator   = (*guard)(nil)
)

// ExtensionName names the guard in gqlgen's lists.
func (g *guard) ExtensionName() string { return "ShapeGuard" }

// Validate accepts every schema: shapes do not depend on it.
func (g *guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses a document that is too complex, cannot be parsed, has a fragment
// cycle, or introspects without leave. It changes nothing.
func (g *guard) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if len(p.Query) > g.limits.Bytes {
		return tooComplex("bytes", len(p.Query), g.limits.Bytes)
	}
	key := sha256.Sum256([]byte(p.Query))
	seen, ok := g.passed.get(key)
	if !ok {
		var err *gqlerror.Error
		if seen, err = g.inspect(p.Query); err != nil {
			return err
		}
		g.passed.add(key, seen, 1)
	}
	if seen.introspects && (g.introspect == nil || !g.introspect(ctx)) {
		return coded(CodeIntrospectionDisabled, "introspection is not available to you; the schema file is published with the documentation")
	}
	return nil
}

// MutateOperationContext lets gqlgen answer introspection: a document that introspects got here only
// because the caller may.
func (g *guard) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	oc.DisableIntrospection = false
	return nil
}

func (g *guard) inspect(query string) (verdict, *gqlerror.Error) {
	if err := g.countTokens(query); err != nil {
		return verdict{}, err
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, g.limits.Tokens)
	if err != nil {
		var ge *gqlerror.Error
		if !errors.As(err, &ge) {
			ge = gqlerror.Wrap(err)
		}
		return verdict{}, withCode(ge, CodeParseFailed)
	}
	total, ge := g.measure(doc)
	if ge != nil {
		return verdict{}, ge
	}
	return verdict{introspects: total.introspects}, nil
}

// countTokens reads tokens until there are too many.
func (g *guard) countTokens(query string) *gqlerror.Error {
	lex := lexer.New(&ast.Source{Input: query})
	for n := 0; another(&lex); n++ {
		if n >= g.limits.Tokens {
			return tooComplex("tokens", 0, g.limits.Tokens)
		}
	}
	return nil
}

// another reads a token. Text that is none ends the count like the end of the text; the parser names it.
func another(lex *lexer.Lexer) bool {
	token, err := lex.ReadToken()
	return err == nil && token.Kind != lexer.EOF
}

// measure refuses a document whose operations, or fragments nobody spreads (validation walks those too),
// grow too large. Work is linear in the text.
func (g *guard) measure(doc *ast.QueryDocument) (shape, *gqlerror.Error) {
	if n := len(doc.Operations); n > g.limits.Operations {
		return shape{}, tooComplex("operations", n, g.limits.Operations)
	}
	if n := len(doc.Fragments); n > g.limits.Fragments {
		return shape{}, tooComplex("fragments", n, g.limits.Fragments)
	}
	x := Expand(doc, shapes())
	var total shape
	for _, op := range doc.Operations {
		s, err := x.Set(op.SelectionSet)
		if err != nil {
			return shape{}, cyclic(err)
		}
		s.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			s.directives += len(v.Directives)
		}
		total = joinShapes(total, s)
	}
	if err := g.within(total); err != nil {
		return shape{}, err
	}
	unused, err := g.unused(doc, x)
	if err != nil {
		return shape{}, err
	}
	m := &merger{fragments: x.fragments, limit: g.limits.Repeats}
	for _, op := range doc.Operations {
		if err := g.operation(m, op); err != nil {
			return shape{}, err
		}
	}
	for _, f := range unused {
		if m.key(f.SelectionSet) != "" {
			return shape{}, tooComplex("repeats", 0, g.limits.Repeats)
		}
	}
	return total, nil
}

// unused measures the fragments no operation reaches and returns them.
func (g *guard) unused(doc *ast.QueryDocument, x *Expansion[shape]) ([]*ast.FragmentDefinition, *gqlerror.Error) {
	var unused []*ast.FragmentDefinition
	for _, f := range doc.Fragments {
		if _, reached := x.done[f]; !reached {
			unused = append(unused, f)
		}
		s, err := x.Fragment(f)
		if err != nil {
			return nil, cyclic(err)
		}
		s.directives += len(f.Directives)
		if err := g.within(s); err != nil {
			return nil, err
		}
	}
	return unused, nil
}

func (g *guard) within(s shape) *gqlerror.Error {
	for _, c := range []struct {
		name       string
		got, limit int
	}{
		{"fields", s.fields, g.limits.Fields},
		{"depth", s.depth, g.limits.Depth},
		{"nesting", s.nesting + 1, g.limits.Nesting},
		{"aliases", s.aliases, g.limits.Aliases},
		{"spreads", s.spreads, g.limits.Spreads},
		{"directives", s.directives, g.limits.Directives},
	} {
		if c.got > c.limit {
			return tooComplex(c.name, c.got, c.limit)
		}
	}
	return nil
}

// operation bounds how often one place of the response is asked for, what one mutation does at its root,
// and holds fields that may be asked for once only.
func (g *guard) operation(m *merger, op *ast.OperationDefinition) *gqlerror.Error {
	if m.key(op.SelectionSet) != "" {
		return tooComplex("repeats", 0, g.limits.Repeats)
	}
	if op.Operation != ast.Mutation {
		return nil
	}
	total, seen, twice := 0, map[string]bool{}, ""
	m.collect(op.SelectionSet, func(f *ast.Field) {
		total++
		if seen[f.Name] && slices.Contains(g.limits.Once, f.Name) {
			twice = f.Name
		}
		seen[f.Name] = true
	})
	if total > g.limits.MutationFields {
		return tooComplex("mutationFields", total, g.limits.MutationFields)
	}
	if twice != "" {
		e := tooComplex("once", 2, 1)
		e.Message = fmt.Sprintf("the mutation %s may appear once in an operation", twice)
		return e
	}
	return nil
}

// tooComplex names the limit, so that the author of a document knows what to change. got is left out of
// the message when counting stopped at the limit.
func tooComplex(limit string, got, allowed int) *gqlerror.Error {
	e := coded(CodeDocumentTooComplex, "the document is too complex: more than %d %s", allowed, limit)
	if got > 0 && got < many {
		e.Message = fmt.Sprintf("the document is too complex: %d %s, at most %d are allowed", got, limit, allowed)
	}
	e.Extensions["limit"] = limit
	e.Extensions["maximum"] = allowed
	return e
}

func cyclic(err error) *gqlerror.Error {
	e := coded(CodeValidationFailed, "%s", err)
	var cycle *CycleError
	if errors.As(err, &cycle) && cycle.At != nil {
		e.Locations = []gqlerror.Location{{Line: cycle.At.Line, Column: cycle.At.Column}}
	}
	return e
}
