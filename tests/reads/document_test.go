package reads

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maker makes valid documents at random.
type maker struct {
	schema    *ast.Schema
	rng       *rand.Rand
	ids       map[string][]string
	roots     []string
	aliases   int
	fragments []string
}

// deepest is how far selections follow objects.
const deepest = 4

// document makes a query of one to three root fields. Its variables are $yes and $no, and $few.
func (m *maker) document() string {
	m.aliases, m.fragments = 0, nil
	var fields []string
	for range 1 + m.rng.IntN(3) {
		fields = append(fields, m.field(m.schema.Query, m.schema.Query.Fields.ForName(m.roots[m.rng.IntN(len(m.roots))]), 0))
	}
	return fmt.Sprintf("query Random($yes: Boolean! = true, $no: Boolean! = false, $few: Int = 2) { %s used: __typename @include(if: $yes) @skip(if: $no) few: customers(first: $few) { __typename } } %s",
		strings.Join(fields, " "), strings.Join(m.fragments, " "))
}

func (m *maker) field(parent *ast.Definition, f *ast.FieldDefinition, depth int) string {
	var b strings.Builder
	below := m.schema.Types[f.Type.Name()]
	composite := below.Kind == ast.Object || below.Kind == ast.Interface || below.Kind == ast.Union
	if len(f.Arguments) > 0 || composite || m.rng.IntN(6) == 0 {
		m.aliases++
		fmt.Fprintf(&b, "a%d: ", m.aliases)
	}
	b.WriteString(f.Name)
	b.WriteString(m.arguments(f))
	switch m.rng.IntN(15) {
	case 0:
		b.WriteString(" @include(if: $yes)")
	case 1:
		b.WriteString(" @skip(if: $no)")
	case 2:
		b.WriteString(" @include(if: $no)")
	}
	if composite {
		b.WriteString(" { " + m.selection(below, depth+1) + " }")
	}
	return b.String()
}

// selection picks some of what can be selected of a type; what needs no id of its own goes into fragments now and then.
func (m *maker) selection(def *ast.Definition, depth int) string {
	var picked []string
	if def.Kind != ast.Object {
		return m.onTypes(def, depth)
	}
	fields := slices.Clone(def.Fields)
	m.rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	want := 1 + m.rng.IntN(6)
	for _, f := range fields {
		if len(picked) >= want {
			break
		}
		kind := m.schema.Types[f.Type.Name()].Kind
		if strings.HasPrefix(f.Name, "__") || depth > deepest && kind != ast.Scalar && kind != ast.Enum {
			continue
		}
		if required(f) {
			continue
		}
		picked = append(picked, m.field(def, f, depth))
	}
	if m.rng.IntN(4) == 0 || len(picked) == 0 {
		picked = append(picked, "__typename")
	}
	set := strings.Join(picked, " ")
	switch m.rng.IntN(6) {
	case 0:
		return "... on " + def.Name + " { " + set + " } __typename"
	case 1:
		name := fmt.Sprintf("F%d", len(m.fragments))
		m.fragments = append(m.fragments, fmt.Sprintf("fragment %s on %s { %s }", name, def.Name, set))
		return "..." + name + " ..." + name + " @include(if: $yes)"
	case 2:
		return "... @skip(if: $no) { " + set + " }"
	}
	return set
}

func (m *maker) onTypes(def *ast.Definition, depth int) string {
	parts := []string{"__typename"}
	for _, possible := range m.schema.GetPossibleTypes(def) {
		if m.rng.IntN(3) == 0 || slices.Contains([]string{"Customer", "Contract", "Contact", "ServiceRecord"}, possible.Name) {
			parts = append(parts, "... on "+possible.Name+" { "+m.selection(possible, depth)+" }")
		}
	}
	if def.Kind == ast.Interface {
		parts = append(parts, "... on "+def.Name+" { id }")
	}
	return strings.Join(parts, " ")
}

// required reports whether a field has an argument that only a caller can know.
func required(f *ast.FieldDefinition) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil })
}

func (m *maker) arguments(f *ast.FieldDefinition) string {
	var args []string
	if f.Arguments.ForName("first") != nil {
		switch m.rng.IntN(8) {
		case 0:
			args = append(args, fmt.Sprintf("last: %d", 1+m.rng.IntN(4)))
		case 1:
			args = append(args, "first: $few")
		case 2:
		case 3:
			args = append(args, fmt.Sprintf("first: %d", m.rng.IntN(2)*101)) // too few or too many
		default:
			args = append(args, fmt.Sprintf("first: %d", 1+m.rng.IntN(5)))
		}
	}
	for _, a := range f.Arguments {
		if slices.Contains([]string{"first", "last", "after", "before", "asOf", "knownAt"}, a.Name) {
			continue
		}
		if !a.Type.NonNull && m.rng.IntN(2) == 0 {
			continue
		}
		if v, ok := m.value(f.Name, a.Name, a.Type, 0); ok {
			args = append(args, a.Name+": "+v)
		}
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// value makes an argument; false where it has none to give.
func (m *maker) value(field, name string, t *ast.Type, depth int) (string, bool) {
	if t.Elem != nil {
		var items []string
		for range 1 + m.rng.IntN(2) {
			if v, ok := m.value(field, name, t.Elem, depth); ok {
				items = append(items, v)
			}
		}
		return "[" + strings.Join(items, ", ") + "]", len(items) > 0
	}
	if t.NamedType == "ID" {
		return m.id(field, name)
	}
	switch def := m.schema.Types[t.NamedType]; def.Kind {
	case ast.Enum:
		for {
			if v := def.EnumValues[m.rng.IntN(len(def.EnumValues))].Name; v != "CUSTOM" {
				return v, true
			}
		}
	case ast.InputObject:
		return m.input(field, def, depth)
	}
	return m.scalar(t.NamedType)
}

func (m *maker) input(field string, def *ast.Definition, depth int) (string, bool) {
	if depth > 2 || def.Name == "CustomFilter" {
		return "", false
	}
	var parts []string
	chosen := m.rng.IntN(len(def.Fields))
	for i, f := range def.Fields {
		if !f.Type.NonNull && i != chosen && m.rng.IntN(12) > 0 || f.Name == "custom" {
			continue
		}
		if v, ok := m.value(field, f.Name, f.Type, depth+1); ok {
			parts = append(parts, f.Name+": "+v)
		}
	}
	return "{" + strings.Join(parts, ", ") + "}", len(parts) > 0
}

func (m *maker) id(field, name string) (string, bool) {
	noun := strings.TrimSuffix(strings.TrimSuffix(name, "Ids"), "Id")
	if name == "id" || name == "ids" {
		noun = field
	}
	prefix := map[string]string{
		"customer": "cus", "contact": "ctt", "contract": "con", "serviceRecord": "svc", "owner": "usr", "user": "usr", "department": "dep",
		"dictionaryEntry": "dic", "node": "", "nodes": "",
	}
	p, ok := prefix[noun]
	if p == "" && ok {
		p = []string{"cus", "ctt", "con", "svc", "usr", "dep", "dic"}[m.rng.IntN(7)]
	}
	if len(m.ids[p]) == 0 {
		return "", false
	}
	return `"` + m.ids[p][m.rng.IntN(len(m.ids[p]))] + `"`, true
}

func (m *maker) scalar(typ string) (string, bool) {
	switch typ {
	case "Int":
		return fmt.Sprint(m.rng.IntN(4)), true
	case "Boolean":
		return []string{"true", "false"}[m.rng.IntN(2)], true
	case "Date":
		return fmt.Sprintf(`"2026-%02d-%02d"`, 5+m.rng.IntN(3), 1+m.rng.IntN(28)), true
	case "DateTime":
		return `"2026-06-15T00:00:00Z"`, true
	case "String":
		return []string{`"a"`, `"云"`, `"EAST"`, `""`, `"\\"`, `"%"`}[m.rng.IntN(6)], true
	}
	return "", false
}
