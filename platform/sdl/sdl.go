// Package sdl publishes a GraphQL schema as one file for clients, says which of its changes would break them, and
// holds it to the conventions of the API.
package sdl

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// Load reads the schema in files that match a pattern. It fails on the first thing that is not valid.
func Load(pattern string) (*ast.Schema, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file matches %s", pattern)
	}
	sources := make([]*ast.Source, len(files))
	for i, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sources[i] = &ast.Source{Name: name, Input: string(text)}
	}
	return Parse(sources...)
}

// Parse reads a schema from texts.
func Parse(sources ...*ast.Source) (*ast.Schema, error) {
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		return nil, err
	}
	return schema, nil
}

// ours are directives that tell the server how to resolve a field and clients nothing.
const ours = "go"

// Publish writes the schema as clients get it: one text, types in the order of the alphabet, without what is meant
// for the server's generator.
func Publish(schema *ast.Schema) []byte { return write(schema) }

// Bare is Publish without descriptions: what breaks are counted from.
func Bare(schema *ast.Schema) []byte { return write(schema, formatter.WithoutDescription()) }

func write(schema *ast.Schema, options ...formatter.FormatterOption) []byte {
	s := *schema
	s.Types = maps.Clone(schema.Types)
	for name, def := range s.Types {
		d := *def
		d.Fields = slices.Clone(def.Fields)
		for i, f := range d.Fields {
			g := *f
			g.Directives = slices.DeleteFunc(slices.Clone(f.Directives), func(x *ast.Directive) bool { return strings.HasPrefix(x.Name, ours) })
			d.Fields[i] = &g
		}
		s.Types[name] = &d
	}
	s.Directives = maps.Clone(schema.Directives)
	maps.DeleteFunc(s.Directives, func(name string, _ *ast.DirectiveDefinition) bool { return strings.HasPrefix(name, ours) })
	var b bytes.Buffer
	formatter.NewFormatter(&b, append(options, formatter.WithIndent("  "))...).FormatSchema(&s)
	return b.Bytes()
}

// named are the parts of a list by name, in the order of the names.
func named[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
