package compile

import (
	"encoding/json"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/domain/alerts/schedule"
	"heyue/graph/compile/bound"
	"heyue/graph/masks"
	"heyue/graph/scalar"
	"heyue/platform/money"
)

// What is not in columns as it is written is a value of Go: sums, values of the tenant's own fields, documents in JSON. It is
// written as gqlgen's generated code writes it, by the same names.

// plain reports whether nothing that is asked of Go values has a resolver.
func (p *planner) plain(t *ast.Type, set ast.SelectionSet) bool {
	def := p.catalogue.schema.Types[t.Name()]
	if def.Kind == ast.Interface || def.Kind == ast.Union {
		return false
	}
	if def.Kind != ast.Object {
		return true
	}
	for _, f := range graphql.CollectFields(p.oc, set, []string{def.Name}) {
		if f.Name != "__typename" && (bound.Resolved(def.Name, f.Name) || len(f.Definition.Arguments) > 0 || !p.plain(f.Definition.Type, f.Selections)) {
			return false
		}
	}
	return true
}

// decoded writes a column that is a value of Go in JSON, or in text that it reads itself.
func (a *answer) decoded(f *field, t reflect.Type, raw []byte) error {
	v := reflect.New(t)
	into := v
	if t.Kind() == reflect.Pointer {
		into = reflect.New(t.Elem())
		v.Elem().Set(into)
	}
	var err error
	if s, ok := into.Interface().(interface{ Scan(any) error }); ok && f.asked.Definition.Type.Elem == nil {
		text := string(raw)
		if raw[0] == '"' {
			err = json.Unmarshal(raw, &text)
		}
		if err == nil {
			err = s.Scan(text)
		}
	} else {
		err = json.Unmarshal(raw, into.Interface())
	}
	if err != nil {
		return err
	}
	return a.goValueAt(f.asked, v.Elem(), f.path)
}

func (a *answer) goValue(f *field, v any) error {
	if sum, ok := v.(*money.Money); ok && sum != nil {
		return a.sum(f, sum)
	}
	return a.goValueAt(f.asked, reflect.ValueOf(v), f.path)
}

// sum writes the value that is written most.
func (a *answer) sum(f *field, m *money.Money) error {
	fields := graphql.CollectFields(a.oc, f.asked.Selections, []string{"Money"})
	a.out.WriteByte('{')
	for i, asked := range fields {
		a.member(i, asked)
		switch asked.Name {
		case "__typename":
			a.named("Money")
		case "amount":
			m.Amount().MarshalGQL(&a.out)
		case "currency":
			a.named(string(m.Currency()))
		default:
			return errShape
		}
	}
	a.out.WriteByte('}')
	return nil
}

func (a *answer) member(i int, asked graphql.CollectedField) {
	if i > 0 {
		a.out.WriteByte(',')
	}
	a.out.WriteByte('"')
	a.out.WriteString(asked.Alias)
	a.out.WriteString(`":`)
}

func (a *answer) goValueAt(asked graphql.CollectedField, v reflect.Value, path string) error {
	return a.typed(asked.Definition.Type, asked.Selections, v, path)
}

// typed writes a value of Go as one of a type of the schema.
func (a *answer) typed(t *ast.Type, set ast.SelectionSet, v reflect.Value, path string) error {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() && !isMarshaler(v) {
		if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && a.catalogue.schema.Types[t.Name()].Kind == ast.Object {
			break // methods may be the pointer's
		}
		v = v.Elem()
	}
	if isNil(v) && !(t.Elem != nil && t.NonNull) {
		if t.NonNull {
			return errShape
		}
		a.out.WriteString(null)
		return nil
	}
	if t.Elem != nil {
		return a.typedList(t.Elem, set, v, path)
	}
	def := a.catalogue.schema.Types[t.NamedType]
	if def.Kind == ast.Object {
		return a.typedObject(def, set, v, path)
	}
	return a.leaf(v)
}

func isNil(v reflect.Value) bool {
	if !v.IsValid() {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

func isMarshaler(v reflect.Value) bool {
	_, ok := v.Interface().(graphql.Marshaler)
	return ok
}

func (a *answer) typedList(t *ast.Type, set ast.SelectionSet, v reflect.Value, path string) error {
	a.out.WriteByte('[')
	for i := range lengthOf(v) {
		if i > 0 {
			a.out.WriteByte(',')
		}
		if err := a.typed(t, set, v.Index(i), path); err != nil {
			return err
		}
	}
	a.out.WriteByte(']')
	return nil
}

func lengthOf(v reflect.Value) int {
	if v.Kind() != reflect.Slice {
		return 0
	}
	return v.Len()
}

func (a *answer) typedObject(def *ast.Definition, set ast.SelectionSet, v reflect.Value, path string) error {
	a.out.WriteByte('{')
	for i, asked := range graphql.CollectFields(a.oc, set, append([]string{def.Name}, def.Interfaces...)) {
		a.member(i, asked)
		if asked.Name == "__typename" {
			a.named(def.Name)
			continue
		}
		below := path + "." + asked.Alias
		if s := shown(asked.Definition.Directives); len(s) > 0 && masks.Hidden(a.ctx, s) {
			masks.Note(a.ctx, below)
			a.out.WriteString(null)
			continue
		}
		held, err := memberOf(v, asked.Name)
		if err != nil {
			return err
		}
		if err := a.goValueAt(asked, held, below); err != nil {
			return err
		}
	}
	a.out.WriteByte('}')
	return nil
}

// memberOf finds what a field of the schema is bound to: a field of the struct, or a method.
func memberOf(v reflect.Value, name string) (reflect.Value, error) {
	held := reflect.Indirect(v)
	if held.Kind() == reflect.Struct {
		if f := held.FieldByNameFunc(func(n string) bool { return token.IsExported(n) && strings.EqualFold(n, name) }); f.IsValid() {
			return f, nil
		}
	}
	if v.Kind() != reflect.Pointer && v.CanAddr() {
		v = v.Addr()
	}
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if !strings.EqualFold(m.Name, name) || m.Type.NumIn() != 1 {
			continue
		}
		out := v.Method(i).Call(nil)
		if len(out) == 2 && !out[1].IsNil() {
			return reflect.Value{}, errShape
		}
		return out[0], nil
	}
	return reflect.Value{}, errShape
}

// leaf writes a scalar or a value of an enum.
func (a *answer) leaf(v reflect.Value) error {
	switch held := v.Interface().(type) {
	case graphql.Marshaler:
		held.MarshalGQL(&a.out)
		return nil
	case time.Time:
		scalar.MarshalDateTime(held).MarshalGQL(&a.out)
		return nil
	case json.RawMessage:
		scalar.MarshalJSON(held).MarshalGQL(&a.out)
		return nil
	case schedule.LocalTime:
		scalar.MarshalLocalTime(held).MarshalGQL(&a.out)
		return nil
	}
	if v.CanAddr() {
		if m, ok := v.Addr().Interface().(graphql.Marshaler); ok {
			m.MarshalGQL(&a.out)
			return nil
		}
	}
	switch {
	case v.Kind() == reflect.String:
		graphql.MarshalString(v.String()).MarshalGQL(&a.out)
	case v.CanInt():
		a.out.WriteString(strconv.FormatInt(v.Int(), 10))
	case v.Kind() == reflect.Bool:
		a.flag(v.Bool())
	default:
		return errShape
	}
	return nil
}
