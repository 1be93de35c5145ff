package sdl

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Lint lists breaches of the API's conventions: everything is described, names say what they are, pages and mutations
// have one form, what goes says when, and every type can be reached.
func Lint(schema *ast.Schema) []Break {
	l := &linter{schema: schema}
	for _, name := range named(schema.Types) {
		if d := schema.Types[name]; !d.BuiltIn && !strings.HasPrefix(name, "__") {
			l.definition(d)
		}
	}
	l.reach()
	return l.found
}

type linter struct {
	schema *ast.Schema
	found  []Break
}

func (l *linter) report(at, format string, args ...any) {
	l.found = append(l.found, Break{at, fmt.Sprintf(format, args...)})
}

func (l *linter) definition(d *ast.Definition) {
	l.described(d.Name, d.Description)
	l.spelled(d.Name, d.Name, `^[A-Z][A-Za-z0-9]*$`, "PascalCase")
	for _, v := range d.EnumValues {
		at := d.Name + "." + v.Name
		l.described(at, v.Description)
		l.spelled(at, v.Name, `^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`, "UPPER_SNAKE")
		l.deprecated(at, v.Directives, false)
	}
	for _, f := range d.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			l.field(d, f)
		}
	}
	switch {
	case d.Kind == ast.Object && strings.HasSuffix(d.Name, "Connection"):
		l.has(d, map[string]string{"edges": "[" + strings.TrimSuffix(d.Name, "Connection") + "Edge!]!", "pageInfo": "PageInfo!", "totalCount": "Int!"})
	case d.Kind == ast.Object && strings.HasSuffix(d.Name, "Edge"):
		l.has(d, map[string]string{"cursor": "String!"})
	}
	if d == l.schema.Mutation {
		l.mutations(d)
	}
}

func (l *linter) field(d *ast.Definition, f *ast.FieldDefinition) {
	const camel = `^[a-z][A-Za-z0-9]*$`
	at := d.Name + "." + f.Name
	l.described(at, f.Description)
	l.spelled(at, f.Name, camel, "camelCase")
	l.deprecated(at, f.Directives, d.Kind == ast.InputObject && f.Type.NonNull && f.DefaultValue == nil)
	if f.Type.Elem == nil && d.Kind == ast.Object {
		switch f.Type.Name() {
		case "DateTime":
			l.spelled(at, f.Name, `At$|^(at|earliest|latest|since|until|from|to)$`, "a moment, …At")
		case "Boolean":
			if strings.HasPrefix(f.Name, "get") {
				l.report(at, "a boolean is isX, hasX or a state, not getX")
			}
		}
	}
	for _, a := range f.Arguments {
		where := at + "(" + a.Name + ":)"
		l.spelled(where, a.Name, camel, "camelCase")
		l.deprecated(where, a.Directives, a.Type.NonNull && a.DefaultValue == nil)
	}
	if strings.HasSuffix(f.Type.Name(), "Connection") && f.Type.Elem == nil {
		for _, name := range []string{"first", "after"} {
			if f.Arguments.ForName(name) == nil {
				l.report(at, "a page takes %s", name)
			}
		}
	}
}

// mutations take one input at most and give a payload of their own, which is never null.
func (l *linter) mutations(d *ast.Definition) {
	for _, f := range d.Fields {
		at := d.Name + "." + f.Name
		if len(f.Arguments) > 1 || len(f.Arguments) == 1 && (f.Arguments[0].Name != "input" || !f.Arguments[0].Type.NonNull) {
			l.report(at, "a mutation takes one argument, input, which must be given")
		}
		if want := strings.ToUpper(f.Name[:1]) + f.Name[1:] + "Payload!"; f.Type.String() != want {
			l.report(at, "gives %s; a mutation gives a payload of its own, %s", f.Type, want)
		}
	}
}

func (l *linter) described(at, description string) {
	if strings.TrimSpace(description) == "" {
		l.report(at, "has no description")
	}
}

func (l *linter) spelled(at, name, pattern, form string) {
	if !regexp.MustCompile(pattern).MatchString(name) {
		l.report(at, "is not spelled as %s", form)
	}
}

// deprecated wants the way out and the day.
func (l *linter) deprecated(at string, list ast.DirectiveList, required bool) {
	d := list.ForName("deprecated")
	if d == nil {
		return
	}
	if required {
		l.report(at, "must be given and so cannot be deprecated")
	}
	reason := ""
	if a := d.Arguments.ForName("reason"); a != nil {
		reason = a.Value.Raw
	}
	if !regexp.MustCompile(`^Use .+\. Removal \d{4}-\d\d-\d\d\.$`).MatchString(reason) {
		l.report(at, "is deprecated as %q; say what to use and until when: Use X. Removal 2027-06-30.", reason)
	}
}

func (l *linter) has(d *ast.Definition, fields map[string]string) {
	for _, name := range named(fields) {
		f := d.Fields.ForName(name)
		if f == nil || f.Type.String() != fields[name] {
			l.report(d.Name+"."+name, "must be there and be %s", fields[name])
		}
	}
}

// reach finds types that nothing leads to.
func (l *linter) reach() {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		d := l.schema.Types[name]
		if d == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, f := range d.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, possible := range l.schema.PossibleTypes[name] {
			visit(possible.Name)
		}
		for _, i := range d.Interfaces {
			visit(i)
		}
	}
	for _, root := range []*ast.Definition{l.schema.Query, l.schema.Mutation, l.schema.Subscription} {
		if root != nil {
			visit(root.Name)
		}
	}
	for _, name := range named(l.schema.Types) {
		if d := l.schema.Types[name]; !seen[name] && !d.BuiltIn && !strings.HasPrefix(name, "__") {
			l.report(name, "nothing leads to it")
		}
	}
}
