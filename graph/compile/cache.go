package compile

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// plans keeps plans by what they are made of: a field of a document, which stands for the document and the operation too, since
// documents are parsed once and kept, and the variables that @include and @skip ask for. No caller is part of that. The schema is one
// for as long as a process lives.
type plans struct {
	most int

	mu         sync.Mutex
	young, old map[planKey]planned
	conditions map[*ast.OperationDefinition][]string
}

type planKey struct {
	field *ast.Field
	given string // the values of the variables that fields depend on
	path  string // where an object stands that was found otherwise
}

// planned is a plan, or why there is none.
type planned struct {
	plan *plan
	err  error
}

// get returns the plan of a field, made by make when it is new.
func (p *plans) get(oc *graphql.OperationContext, field *ast.Field, path string, make func() (*plan, error)) (*plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := planKey{field, p.given(oc), path}
	if got, ok := p.young[key]; ok {
		return got.plan, got.err
	}
	got, ok := p.old[key]
	if !ok {
		got.plan, got.err = make()
	}
	if len(p.young) >= p.most/2 || p.young == nil {
		p.old, p.young = p.young, map[planKey]planned{}
	}
	p.young[key] = got
	return got.plan, got.err
}

// given writes the values of the variables that the operation's directives ask for.
func (p *plans) given(oc *graphql.OperationContext) string {
	names, ok := p.conditions[oc.Operation]
	if !ok {
		names = conditions(oc.Operation)
		if len(p.conditions) >= p.most || p.conditions == nil {
			p.conditions = map[*ast.OperationDefinition][]string{}
		}
		p.conditions[oc.Operation] = names
	}
	if len(names) == 0 {
		return ""
	}
	var b strings.Builder
	for _, name := range names {
		yes, _ := oc.Variables[name].(bool)
		b.WriteString(strconv.FormatBool(yes)[:1])
	}
	return b.String()
}

// conditions are the variables that @include and @skip ask for anywhere in an operation, in order.
func conditions(op *ast.OperationDefinition) []string {
	c := conditionals{seen: map[*ast.FragmentDefinition]bool{}}
	c.set(op.SelectionSet)
	slices.Sort(c.names)
	return slices.Compact(c.names)
}

type conditionals struct {
	names []string
	seen  map[*ast.FragmentDefinition]bool
}

func (c *conditionals) set(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			c.directives(s.Directives)
			c.set(s.SelectionSet)
		case *ast.InlineFragment:
			c.directives(s.Directives)
			c.set(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives(s.Directives)
			if !c.seen[s.Definition] {
				c.seen[s.Definition] = true
				c.set(s.Definition.SelectionSet)
			}
		}
	}
}

func (c *conditionals) directives(list ast.DirectiveList) {
	for _, d := range list {
		if arg := d.Arguments.ForName("if"); arg != nil && arg.Value.Kind == ast.Variable {
			c.names = append(c.names, arg.Value.Raw)
		}
	}
}
