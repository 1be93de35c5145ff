package compile

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/reading"
)

// table is an entity that is an object of the schema.
type table struct {
	object  string // its name in the schema
	name    string // of the table
	row     reflect.Type
	columns []column
	edges   []edge
}

// column is a field of an object that is a column as it is.
type column struct{ field, name, goField string }

// edge is a field of an object that leads to others: their column equals the own one.
type edge struct{ field, target, own, their string }

// catalogue is what can be read, by the schema's names.
type catalogue struct {
	schema  *ast.Schema
	objects map[string]*object
	ones    map[string]*object // by the root field
	pages   map[string]*object
	ids     map[string]*object // by the prefix of ids
}

// object is a type of the schema whose objects are rows.
type object struct {
	table
	def       *ast.Definition
	satisfies []string // what fragments on it may be called
	scalars   map[string]cell
	targets   map[string]target
	values    map[string]reading.Value
	found     *reading.Type // nil: nobody looks for it but through what it is part of
	declared  bool          // somebody has said something of it
}

// cell is a column with what writes it.
type cell struct {
	table string // set for one that is sealed: its text opens with the row's id only
	name  string
	write writer
}

// target is an edge with what was declared of it.
type target struct {
	edge
	declared *reading.Edge
}

func newCatalogue(schema *ast.Schema, sets []reading.Set, sealed func(table string) []string) (*catalogue, error) {
	c := &catalogue{schema: schema, objects: map[string]*object{}, ones: map[string]*object{}, pages: map[string]*object{}, ids: map[string]*object{}}
	for _, t := range tables() {
		if err := c.table(t, sealed(t.name)); err != nil {
			return nil, err
		}
	}
	for _, s := range sets {
		if err := c.declare(s); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *catalogue) table(t table, sealed []string) error {
	def := c.schema.Types[t.object]
	if def == nil {
		return fmt.Errorf("the schema has no %s: generate the catalogue anew", t.object)
	}
	o := &object{table: t, def: def, satisfies: append([]string{t.object}, def.Interfaces...), scalars: map[string]cell{}, targets: map[string]target{}, values: map[string]reading.Value{}}
	for _, col := range t.columns {
		field, ok := t.row.FieldByName(col.goField)
		if !ok || def.Fields.ForName(col.field) == nil {
			return fmt.Errorf("%s.%s is not what it was: generate the catalogue anew", t.object, col.field)
		}
		held := cell{name: col.name, write: writerOf(c.schema, def.Fields.ForName(col.field).Type, field.Type)}
		if slices.Contains(sealed, col.name) {
			held.table = t.name
		}
		o.scalars[col.field] = held
	}
	for _, e := range t.edges {
		o.targets[e.field] = target{edge: e}
	}
	c.objects[t.object] = o
	return nil
}

func (c *catalogue) declare(s reading.Set) error {
	for _, t := range s.Types {
		o := c.objects[t.Name]
		if o == nil {
			return fmt.Errorf("%s is declared, and is no entity", t.Name)
		}
		o.found, o.declared = &t, true
		c.ids[prefix(o.row)] = o
		if t.One != "" {
			c.ones[t.One] = o
		}
		if t.Page != "" {
			c.pages[t.Page] = o
		}
	}
	for _, e := range s.Edges {
		o := c.objects[e.Type]
		if o == nil || o.def.Fields.ForName(e.Field) == nil {
			return fmt.Errorf("the edge %s.%s is declared, and there is none", e.Type, e.Field)
		}
		o.declared = true
		to := o.targets[e.Field]
		to.declared = &e
		if e.Own != "" {
			to.edge = edge{e.Field, o.def.Fields.ForName(e.Field).Type.Name(), e.Own, e.Their}
		}
		o.targets[e.Field] = to
	}
	for _, v := range s.Values {
		o := c.objects[v.Type]
		if o == nil || o.def.Fields.ForName(v.Field) == nil {
			return fmt.Errorf("the value %s.%s is declared, and there is none", v.Type, v.Field)
		}
		o.declared = true
		o.values[v.Field] = v
	}
	return nil
}

// prefix is what the public ids of an entity begin with; "" where it has none.
func prefix(row reflect.Type) string {
	if id, ok := row.FieldByName("ID"); ok {
		return prefixOf(id.Type)
	}
	return ""
}
