package masks

import (
	"fmt"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/fault"
	"heyue/policies"
)

// walker looks through the arguments of an operation, as the document and the variables give them, for what the caller
// is kept from.
type walker struct {
	schema *ast.Schema
	oc     *graphql.OperationContext
	grants *policies.Grants
	refuse func(operation, field, action string) // told of each refusal
}

// reads refuses an operation that would select, sort or group by a field that is hidden from the caller: BAD_REQUEST that
// names the argument. A result that depended on the field would tell it. The arguments of mutations are writes.
func (w walker) reads() error {
	return w.set(w.oc.Operation.SelectionSet, w.oc.Operation.Operation == ast.Mutation)
}

func (w walker) set(set ast.SelectionSet, root bool) error {
	for _, s := range set {
		var err error
		switch s := s.(type) {
		case *ast.Field:
			if !root && s.Definition != nil {
				for _, f := range w.told(s.Definition, s, w.grants.Hides, "read", "you may not select or sort by this: it is hidden from you") {
					f.Kind, f.Code = fault.BadRequest, fault.CodeBadRequest
					return f
				}
			}
			err = w.set(s.SelectionSet, false)
		case *ast.InlineFragment:
			err = w.set(s.SelectionSet, root)
		case *ast.FragmentSpread:
			err = w.set(s.Definition.SelectionSet, root)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// faults are the inputs of a mutation that the caller may not write: NOT_ALLOWED at the path of each.
func (w walker) faults(definition *ast.FieldDefinition, field *ast.Field) []*fault.Fault {
	return w.told(definition, field, w.grants.Freezes, "write", "you may not write this field")
}

// told finds the arguments of a field that are there and tell what kept names.
func (w walker) told(definition *ast.FieldDefinition, field *ast.Field, kept func(...string) bool, action, message string) []*fault.Fault {
	var found []*fault.Fault
	given := field.ArgumentMap(w.oc.Variables)
	for _, a := range definition.Arguments {
		v, ok := given[a.Name]
		if !ok || v == nil {
			continue
		}
		w.value(a.Type, a.Directives, v, []string{a.Name}, func(path []string, shows []string) {
			if kept(shows...) {
				w.refuse(field.Name, w.reason(kept, shows), action)
				f := fault.New(fault.Invalid, fault.NotAllowed, "%s", message)
				f.Quotes = false
				found = append(found, f.At(path...))
			}
		})
	}
	return found
}

// reason is the first of the fields that an element shows which the caller is kept from.
func (w walker) reason(kept func(...string) bool, shows []string) string {
	for _, s := range shows {
		if kept(s) {
			return s
		}
	}
	return ""
}

// value visits an argument and everything below it that carries the directive.
func (w walker) value(t *ast.Type, marked ast.DirectiveList, v any, path []string, visit func(path, shows []string)) {
	if v == nil {
		return
	}
	if shows := shown(marked); len(shows) > 0 {
		visit(path, shows)
		return
	}
	if t.Elem != nil {
		list := reflect.ValueOf(v)
		if list.Kind() != reflect.Slice { // one value stands for a list of one
			w.value(t.Elem, nil, v, under(path, "0"), visit)
			return
		}
		for i := range list.Len() {
			w.value(t.Elem, nil, list.Index(i).Interface(), under(path, fmt.Sprint(i)), visit)
		}
		return
	}
	switch def := w.schema.Types[t.NamedType]; {
	case def == nil:
	case def.Kind == ast.Enum:
		if value := def.EnumValues.ForName(fmt.Sprint(v)); value != nil {
			if shows := shown(value.Directives); len(shows) > 0 {
				visit(path, shows)
			}
		}
	case def.Kind == ast.InputObject:
		given, ok := v.(map[string]any)
		if !ok {
			return
		}
		for _, f := range def.Fields { // in the order of the SDL, so that answers do not depend on maps
			if below, ok := given[f.Name]; ok {
				w.value(f.Type, f.Directives, below, under(path, f.Name), visit)
			}
		}
	}
}

func under(path []string, name string) []string {
	return append(append(make([]string, 0, len(path)+1), path...), name)
}
