package isolation

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"heyue/graph/generated"
	"heyue/tests/stage"
)

// TestEverythingReadsTheSameBothWays asks for each field that queries lead to within two steps, one at a time, so that what cannot be
// compiled keeps nothing else from being: answers must be those of the resolvers to the byte. Package tests/reads does it at random and
// deeper, in a world with more rows and fewer kinds of them.
func TestEverythingReadsTheSameBothWays(t *testing.T) {
	t.Parallel()
	s := stage.New(t, "HEYUE_READS", "compiled")
	resolved := stage.Beside(t, s, "HEYUE_READS", "resolved")
	tn := s.World.Tenant(t, "ours")
	b := &builder{generated.NewExecutableSchema(generated.Config{}).Schema(), populate(t, s, tn)}
	token, requestID := s.Token(t, tn, tn.Admin), regexp.MustCompile(`"requestId":"[^"]*"`)
	wrong := 0
	for _, op := range b.operations() {
		// The viewer has no rows, and the log of decisions grows by being asked for.
		if op.Kind != ast.Query || op.Field.Name == "viewer" || op.Field.Name == "decisions" {
			continue
		}
		for _, selection := range b.branches(op.Field.Type.Name(), 2) {
			document := fmt.Sprintf("{ %s %s }", b.call(op), selection)
			one := requestID.ReplaceAllString(s.Post(t, token, document, nil), "")
			other := requestID.ReplaceAllString(resolved.Post(t, token, document, nil), "")
			if one != other {
				if wrong++; wrong < 20 {
					t.Errorf("two answers to %s\n%s\n%s", document, one, other)
				}
			}
		}
	}
}

// call writes an operation's field with its arguments.
func (b *builder) call(op operation) string {
	var args []string
	for _, a := range op.Field.Arguments {
		if v, ok := b.value(op.Field.Name, a.Name, a.Name, a.Type, "", "", 0); ok {
			args = append(args, a.Name+": "+v)
		}
	}
	if len(args) == 0 {
		return op.Field.Name
	}
	return op.Field.Name + "(" + strings.Join(args, ", ") + ")"
}

// branches are selections of a type: all its plain fields, and each field that leads on, by itself.
func (b *builder) branches(name string, steps int) []string {
	def := b.schema.Types[name]
	if def.Kind == ast.Interface {
		var out []string
		for _, possible := range b.schema.GetPossibleTypes(def) {
			out = append(out, "{ __typename ... on "+possible.Name+" "+b.branches(possible.Name, 0)[0]+" }")
		}
		return out
	}
	if def.Kind != ast.Object {
		return []string{""}
	}
	plain, out := []string{"__typename"}, []string{}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || wants(f) {
			continue
		}
		below := b.schema.Types[f.Type.Name()]
		switch {
		case below.Kind != ast.Object && below.Kind != ast.Interface:
			plain = append(plain, f.Name)
		case f.Name == "nodes" || f.Name == "edges" || f.Name == "node" || f.Name == "pageInfo":
			for _, s := range b.branches(f.Type.Name(), steps) {
				out = append(out, "{ "+f.Name+" "+s+" }")
			}
		case steps > 0:
			for _, s := range b.branches(f.Type.Name(), steps-1) {
				out = append(out, "{ "+f.Name+" "+s+" }")
			}
		}
	}
	return append([]string{"{ " + strings.Join(plain, " ") + " }"}, out...)
}

// wants reports whether a field has an argument that must be given.
func wants(f *ast.FieldDefinition) bool {
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			return true
		}
	}
	return false
}
