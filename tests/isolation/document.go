// Package isolation takes every operation of the schema and tries to reach another tenant with it (tenancy.md 6, L2).
// Documents are generated from the SDL, so an operation that is added is tried by itself; an id argument that the
// generator cannot place fails the test until it is told whose id it is.
package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// depth is how far selections follow objects.
const depth = 3

// builder writes documents for one schema.
type builder struct {
	schema *ast.Schema
	ids    map[string]string // own ids by prefix
}

// hole is an id inside an operation's arguments, as a path such as input.customerId or ids.0.
type hole struct {
	Path   string
	Prefix string // whose id belongs there
}

// operation is a root field with everything that can be selected below it.
type operation struct {
	Kind  ast.Operation
	Field *ast.FieldDefinition
	Holes []hole
}

// operations lists every root field of queries and mutations. Introspection is not ours.
func (b *builder) operations() []operation {
	var out []operation
	for kind, root := range map[ast.Operation]*ast.Definition{ast.Query: b.schema.Query, ast.Mutation: b.schema.Mutation} {
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			op := operation{Kind: kind, Field: f}
			for _, a := range f.Arguments {
				op.Holes = append(op.Holes, b.holes(f.Name, a.Name, a.Name, a.Type, 0)...)
			}
			out = append(out, op)
		}
	}
	slices.SortFunc(out, func(a, c operation) int { return strings.Compare(a.Field.Name, c.Field.Name) })
	return out
}

// holes finds the ids in an argument or an input field, filters included.
func (b *builder) holes(operation, path, name string, t *ast.Type, level int) []hole {
	if t.Elem != nil {
		return b.holes(operation, path+".0", name, t.Elem, level)
	}
	if t.NamedType == "ID" {
		return []hole{{path, prefixOf(operation, name)}}
	}
	def := b.schema.Types[t.NamedType]
	if def == nil || def.Kind != ast.InputObject || level > depth {
		return nil
	}
	var out []hole
	for _, f := range def.Fields {
		if f.Name == "and" || f.Name == "or" || f.Name == "not" {
			continue // the same fields again
		}
		out = append(out, b.holes(operation, path+"."+f.Name, f.Name, f.Type, level+1)...)
	}
	return out
}

// nouns maps what id arguments are called to the prefix of the ids that belong there. "id" and "ids" mean the noun
// that the operation begins with.
var nouns = map[string]string{
	"customer": "cus", "contact": "ctt", "serviceRecord": "svc", "contract": "con", "predecessor": "con", "planLine": "ppl",
	"milestone": "mil", "payment": "pay", "department": "dep", "parent": "dep", "user": "usr", "owner": "usr", "role": "rol",
	"dictionaryEntry": "dic", "alert": "alt", "alerts": "alt", "node": "cus", "nodes": "cus", "session": "ses", "apiKey": "key", "oidcProvider": "oip", "externalIdentity": "xid", "endpoint": "edp", "delivery": "dlv", "deliveries": "dlv", "head": "usr",
	"template": "tpl", "templateVersion": "tpv", "clause": "cla", "clauseException": "exc",
	"line": "prl", "progressLine": "prl", "progressReverse": "pre",
	"contractChange": "cho", "changeOrder": "cho", "contractVersion": "cvr", "version": "cvr", "contractLine": "lin",
	"contractSignatureVoid": "sig", "party": "pty", "incident": "inc",
	"billEdit": "bed", "paymentRequest": "pyr", "requestedBy": "usr", "decidedBy": "usr",
	"recordShare": "shr", "sharedBy": "usr", "decision": "dcn", "decisions": "dcn", "about": "usr", "explainAccess": "con", "whoCan": "con", "assign": "usr", "unassign": "usr",
	"customField": "cfd", "customFields": "cfd", "reference": "cus",
	"auditEntry": "aud", "actor": "usr", "object": "cus",
	"approvalFlow": "afl", "approval": "apr", "task": "apt", "delegation": "apd", "delegate": "usr", "copy": "usr",
	"among": "usr", "manager": "usr", "successor": "usr", "submitter": "usr", "subject": "con",
}

// alternatives are the inputs that want one of several fields: the first of each list is given unless the hole is in
// another.
var alternatives = map[string][][]string{
	"ContractPoint":          {{"contractId", "versionId"}},
	"RecordShareCreateInput": {{"customerId", "contractId"}, {"userId", "departmentId"}},
}

// chosen reports whether field is the one to give of an input at path.
func chosen(input, path, field, hole string) bool {
	return slices.ContainsFunc(alternatives[input], func(list []string) bool {
		return list[0] == field && !slices.ContainsFunc(list, func(f string) bool { return hole == path+"."+f })
	})
}

// prefixOf says whose id an argument of an operation wants, "" when it cannot tell.
func prefixOf(operation, argument string) string {
	noun := strings.TrimSuffix(strings.TrimSuffix(argument, "Ids"), "Id")
	if argument == "id" || argument == "ids" {
		best := ""
		for n := range nouns {
			if strings.HasPrefix(operation, n) && len(n) > len(best) {
				best = n
			}
		}
		noun = best
	}
	if strings.HasSuffix(argument, "Ids") {
		noun = strings.TrimSuffix(argument, "Ids")
	}
	return nouns[noun]
}

// document writes the operation with own ids in its required holes and, in the hole at path, the given id.
func (b *builder) document(op operation, path, id string) string {
	args := make([]string, 0, len(op.Field.Arguments))
	for _, a := range op.Field.Arguments {
		if v, ok := b.value(op.Field.Name, a.Name, a.Name, a.Type, path, id, 0); ok {
			args = append(args, a.Name+": "+v)
		}
	}
	call := op.Field.Name
	if len(args) > 0 {
		call += "(" + strings.Join(args, ", ") + ")"
	}
	return fmt.Sprintf("%s { %s %s }", op.Kind, call, b.selection(op.Field.Type.Name(), 0, nil))
}

// value writes an argument: required ones always, others only on the way to the hole.
func (b *builder) value(operation, path, name string, t *ast.Type, hole, id string, level int) (string, bool) {
	onTheWay := hole == path || strings.HasPrefix(hole, path+".")
	if !t.NonNull && !onTheWay {
		return "", false
	}
	if t.Elem != nil {
		v, ok := b.value(operation, path+".0", name, t.Elem, hole, id, level)
		return "[" + v + "]", ok
	}
	if t.NamedType == "ID" {
		if hole == path {
			return quote(id), true
		}
		return quote(b.ids[prefixOf(operation, name)]), true
	}
	def := b.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[0].Name, true
	case ast.InputObject:
		var fields []string
		for _, f := range def.Fields {
			if f.DefaultValue != nil && !strings.HasPrefix(hole, path+"."+f.Name) {
				continue
			}
			if chosen(t.NamedType, path, f.Name, hole) {
				fields = append(fields, f.Name+": "+quote(b.ids[prefixOf(operation, f.Name)]))
				continue
			}
			if v, ok := b.value(operation, path+"."+f.Name, f.Name, f.Type, hole, id, level+1); ok {
				fields = append(fields, f.Name+": "+v)
			}
		}
		return "{" + strings.Join(fields, ", ") + "}", true
	}
	return scalar(t.NamedType, name), true
}

// scalar is a plausible value: the point is to get past validation to the id.
func scalar(typ, name string) string {
	switch typ {
	case "Int":
		return "1"
	case "Boolean":
		return "true"
	case "Decimal":
		return `"1"`
	case "CurrencyCode":
		return `"CNY"`
	case "Date":
		if name == "to" { // of a forecast, which looks ahead
			return `"2026-12-31"`
		}
		return `"2026-03-01"`
	case "DateTime":
		return `"2026-03-01T00:00:00Z"`
	}
	switch name {
	case "email":
		return `"probe@example.com"`
	case "password":
		return `"a-long-enough-Passw0rd"`
	case "object":
		return `"customer"`
	case "action":
		return `"read"`
	case "list":
		return `"REGION"`
	}
	return `"probe"`
}

// selection selects every field that needs no argument, down to depth.
func (b *builder) selection(typ string, level int, above []string) string {
	def := b.schema.Types[typ]
	if def == nil || def.Kind == ast.Scalar || def.Kind == ast.Enum {
		return ""
	}
	fields := []string{"__typename"}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || required(f) {
			continue
		}
		below := b.schema.Types[f.Type.Name()]
		switch {
		case below.Kind == ast.Scalar || below.Kind == ast.Enum:
			fields = append(fields, f.Name)
		case level < depth && !slices.Contains(above, f.Type.Name()):
			fields = append(fields, f.Name+" "+b.selection(f.Type.Name(), level+1, append(above, typ)))
		}
	}
	if def.Kind == ast.Interface || def.Kind == ast.Union {
		possible := b.schema.GetPossibleTypes(def)
		clash := clashing(possible)
		for _, p := range possible {
			fields = append(fields, fmt.Sprintf("... on %s { %s }", p.Name, leaves(b.schema, p, clash)))
		}
	}
	return "{ " + strings.Join(fields, " ") + " }"
}

// clashing names the fields that differ in type between types and so cannot stand in one selection under one name.
func clashing(types []*ast.Definition) map[string]bool {
	first, clash := map[string]string{}, map[string]bool{}
	for _, def := range types {
		for _, f := range def.Fields {
			if t, ok := first[f.Name]; ok && t != f.Type.String() {
				clash[f.Name] = true
			}
			first[f.Name] = f.Type.String()
		}
	}
	return clash
}

// leaves are a type's scalars; those whose names clash are aliased by their type.
func leaves(schema *ast.Schema, def *ast.Definition, clash map[string]bool) string {
	var out []string
	for _, f := range def.Fields {
		below := schema.Types[f.Type.Name()]
		if required(f) || below.Kind != ast.Scalar && below.Kind != ast.Enum {
			continue
		}
		name := f.Name
		if clash[name] {
			name = fmt.Sprintf("%s_%s: %s", strings.ToLower(def.Name), name, name)
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func required(f *ast.FieldDefinition) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil })
}

func quote(s string) string { return `"` + s + `"` }
