package sdl

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Break is a change that a client may notice: At is a schema coordinate such as Contract.title or Query.node(id:).
type Break struct{ At, What string }

// String is the break in a line.
func (b Break) String() string { return b.At + ": " + b.What }

// Breaks lists what in the schema after would break a client that was made for the one before, by coordinate. What is
// added breaks nobody, unless it must be given; enum values may be added, clients are told to expect them.
func Breaks(before, after *ast.Schema) []Break {
	d := &diff{}
	for _, name := range named(before.Types) {
		if old := before.Types[name]; !old.BuiltIn {
			d.definition(old, after.Types[name])
		}
	}
	for _, name := range named(before.Directives) {
		old, now := before.Directives[name], after.Directives[name]
		switch {
		case old.Position != nil && old.Position.Src != nil && old.Position.Src.BuiltIn:
		case now == nil:
			d.add("@"+name, "the directive is gone")
		default:
			d.arguments("@"+name, old.Arguments, now.Arguments)
		}
	}
	return d.breaks
}

type diff struct{ breaks []Break }

func (d *diff) add(at, format string, args ...any) {
	d.breaks = append(d.breaks, Break{at, fmt.Sprintf(format, args...)})
}

func (d *diff) definition(old, now *ast.Definition) {
	switch {
	case now == nil:
		d.add(old.Name, "the type is gone")
		return
	case now.Kind != old.Kind:
		d.add(old.Name, "was %s and is %s", old.Kind, now.Kind)
		return
	}
	for _, i := range old.Interfaces {
		if !slices.Contains(now.Interfaces, i) {
			d.add(old.Name, "is no %s any more", i)
		}
	}
	for _, m := range old.Types {
		if !slices.Contains(now.Types, m) {
			d.add(old.Name, "%s is not among it any more", m)
		}
	}
	for _, v := range old.EnumValues {
		if now.EnumValues.ForName(v.Name) == nil {
			d.add(old.Name+"."+v.Name, "the value is gone")
		}
	}
	if old.Kind == ast.InputObject {
		d.input(old, now)
		return
	}
	for _, f := range old.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		at, g := old.Name+"."+f.Name, now.Fields.ForName(f.Name)
		if g == nil {
			d.add(at, "the field is gone")
			continue
		}
		if !narrower(f.Type, g.Type) {
			d.add(at, "was %s and is %s", f.Type, g.Type)
		}
		d.arguments(at, f.Arguments, g.Arguments)
	}
}

func (d *diff) input(old, now *ast.Definition) {
	if now.Directives.ForName("oneOf") != nil && old.Directives.ForName("oneOf") == nil {
		d.add(old.Name, "takes one field only")
	}
	for _, f := range old.Fields {
		at, g := old.Name+"."+f.Name, now.Fields.ForName(f.Name)
		if g == nil {
			d.add(at, "the field is gone")
			continue
		}
		d.given(at, f.Type, g.Type, f.DefaultValue, g.DefaultValue)
	}
	for _, g := range now.Fields {
		if old.Fields.ForName(g.Name) == nil && g.Type.NonNull && g.DefaultValue == nil {
			d.add(old.Name+"."+g.Name, "must be given")
		}
	}
}

func (d *diff) arguments(at string, old, now ast.ArgumentDefinitionList) {
	for _, a := range old {
		where, b := at+"("+a.Name+":)", now.ForName(a.Name)
		if b == nil {
			d.add(where, "the argument is gone")
			continue
		}
		d.given(where, a.Type, b.Type, a.DefaultValue, b.DefaultValue)
	}
	for _, b := range now {
		if old.ForName(b.Name) == nil && b.Type.NonNull && b.DefaultValue == nil {
			d.add(at+"("+b.Name+":)", "must be given")
		}
	}
}

// given compares what clients send: what was good must be good still, and leaving it out must mean the same.
func (d *diff) given(at string, old, now *ast.Type, oldDefault, nowDefault *ast.Value) {
	if !wider(old, now) {
		d.add(at, "was %s and is %s", old, now)
	}
	optional := !old.NonNull || oldDefault != nil
	if optional && text(oldDefault) != text(nowDefault) {
		d.add(at, "was %s when left out and is %s", text(oldDefault), text(nowDefault))
	}
}

func text(v *ast.Value) string {
	if v == nil {
		return "nothing"
	}
	return v.String()
}

// narrower tells whether whoever could read old can read now.
func narrower(old, now *ast.Type) bool {
	if old.NonNull && !now.NonNull {
		return false
	}
	if old.Elem != nil || now.Elem != nil {
		return old.Elem != nil && now.Elem != nil && narrower(old.Elem, now.Elem)
	}
	return old.NamedType == now.NamedType
}

// wider tells whether whatever could be sent as old, null included, can be sent as now.
func wider(old, now *ast.Type) bool {
	if now.NonNull && !old.NonNull {
		return false
	}
	if old.Elem != nil || now.Elem != nil {
		return old.Elem != nil && now.Elem != nil && wider(old.Elem, now.Elem)
	}
	return old.NamedType == now.NamedType
}

// Allowed reads wanted breaks, one a line: a coordinate, a space, and why. Empty lines and those that begin with # are
// passed over. It fails on a line without a reason.
func Allowed(r io.Reader) (map[string]string, error) {
	allowed := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at, why, _ := strings.Cut(line, " ")
		if why = strings.TrimSpace(why); why == "" {
			return nil, fmt.Errorf("line %d: %s is to break without a reason", n, at)
		}
		allowed[at] = why
	}
	return allowed, lines.Err()
}
