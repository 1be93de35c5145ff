package transport

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

func newGuard(limits Limits) *guard {
	return &guard{
		limits:     limits.withDefaults(),
		introspect: func(context.Context) bool { return true },
		passed:     newLRU[[sha256.Size]byte, verdict](100),
	}
}

func (g *guard) check(query string) *gqlerror.Error {
	return g.MutateOperationParameters(context.Background(), &graphql.RawParams{Query: query})
}

// repeat writes n numbered variants of a pattern with one %d.
func repeat(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i)
	}
	return b.String()
}

// chain writes n fragments, each of which spreads the next once or twice.
func chain(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		args := []any{i, i + 1, i + 1}
		fmt.Fprintf(&b, pattern, args[:strings.Count(pattern, "%d")]...)
	}
	return b.String()
}

// TestGuardLimits holds every limit at its edge: a document at the limit passes, one above is refused
// under the limit's name.
func TestGuardLimits(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return strings.Repeat("{a", n) + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		limits Limits
		doc    func(n int) string
	}{
		"bytes":      {Limits{Bytes: 20}, func(n int) string { return "{a" + strings.Repeat(" ", n-3) + "}" }},
		"tokens":     {Limits{Tokens: 20}, func(n int) string { return "{" + repeat(n-2, "f%d ") + "}" }},
		"operations": {Limits{Operations: 20}, func(n int) string { return repeat(n, "query q%d {a} ") }},
		"fragments": {Limits{Fragments: 20}, func(n int) string {
			return "{" + repeat(n, "...f%d ") + "}" + repeat(n, "fragment f%d on Q {a} ")
		}},
		"depth":      {Limits{Depth: 20}, nest},
		"nesting":    {Limits{Nesting: 20}, func(n int) string { return strings.Repeat("{...", n-1) + "{a}" + strings.Repeat("}", n-1) }},
		"fields":     {Limits{Fields: 20}, func(n int) string { return "{" + repeat(n, "f%d ") + "}" }},
		"aliases":    {Limits{Aliases: 20}, func(n int) string { return "{" + repeat(n, "a%d: f ") + "}" }},
		"repeats":    {Limits{Repeats: 20}, func(n int) string { return "{" + strings.Repeat("a ", n) + "}" }},
		"spreads":    {Limits{Spreads: 20}, func(n int) string { return "{" + strings.Repeat("...f ", n) + "} fragment f on Q {a}" }},
		"directives": {Limits{Directives: 20}, func(n int) string { return "{a " + strings.Repeat("@d ", n) + "}" }},
		"mutationFields": {Limits{MutationFields: 20}, func(n int) string {
			return "mutation {" + repeat(n, "f%d ") + "}"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := newGuard(c.limits).check(c.doc(20)); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			err := newGuard(c.limits).check(c.doc(21))
			if codeOf(err) != CodeDocumentTooComplex || err.Extensions["limit"] != name || err.Extensions["maximum"] != 20 {
				t.Errorf("above the limit: %v %v", err, err.Extensions)
			}
		})
	}
}

// TestGuardCountsEverywhere tries the hiding places: fragments, fragments nobody spreads, merged
// selections, several operations.
func TestGuardCountsEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits Limits
		doc    string
		limit  string
	}{
		"fields in a fragment spread twice": {Limits{Fields: 5}, `{...f x{...f}} fragment f on Q {a b c}`, "fields"},
		"fields of an unused fragment":      {Limits{Fields: 5}, `{a} fragment f on Q {a b c d e f}`, "fields"},
		"fields of all operations":          {Limits{Fields: 5}, `query a {a b c} query b {d e f}`, "fields"},
		"depth through fragments":           {Limits{Depth: 3}, `{a{...f}} fragment f on Q {b{...g}} fragment g on Q {c{d}}`, "depth"},
		"repeats in merged selections":      {Limits{Repeats: 3}, `{a{b b} a{b b}}`, "repeats"},
		"repeats across fragments":          {Limits{Repeats: 3}, `{a{b} ...f ...g} fragment f on Q {a{b}} fragment g on Q {a{b} a{b}}`, "repeats"},
		"repeats under one alias":           {Limits{Repeats: 2}, `{x:a x:b x:c}`, "repeats"},
		"repeats in an unused fragment":     {Limits{Repeats: 2}, `{a} fragment f on Q {a a a}`, "repeats"},
		"directives on the operation":       {Limits{Directives: 1}, `query @a @b {a}`, "directives"},
		"directives on variables":           {Limits{Directives: 1}, `query($v: Int @a @b) {a}`, "directives"},
		"directives on spreads":             {Limits{Directives: 2}, `{...f @a ...@b{a} ...f @c} fragment f on Q {a}`, "directives"},
		"directives on a fragment":          {Limits{Directives: 1}, `{...f} fragment f on Q @a @b {a}`, "directives"},
		"mutation fields in fragments":      {Limits{MutationFields: 2}, `mutation {...f ...f} fragment f on M {a b}`, "mutationFields"},
		"a mutation twice under aliases":    {Limits{Once: []string{"signIn"}}, `mutation {a: signIn ...f} fragment f on M {b: signIn}`, "once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newGuard(c.limits).check(c.doc)
			if codeOf(err) != CodeDocumentTooComplex || err.Extensions["limit"] != c.limit {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestGuardLetsThrough(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"an unknown fragment": `{...nobody}`,
		"a query field twice": `{signIn a: signIn}`,
		"the same fragment":   `{a{...f} b{...f}} fragment f on Q {x y}`,
		"two type conditions": `{...on A{x} ...on B{x}}`,
		"introspection":       introspection,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := newGuard(Limits{Once: []string{"signIn"}}).check(doc); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGuardNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{`:                             string(CodeParseFailed),
		"{\x01":                         string(CodeParseFailed),
		`{...f} fragment f on Q {...f}`: string(CodeValidationFailed),
		`{a} fragment f on Q {b{...g}} fragment g on Q {...h} fragment h on Q {...f}`: string(CodeValidationFailed),
	} {
		err := newGuard(Limits{}).check(doc)
		if string(codeOf(err)) != want || len(err.Locations) == 0 {
			t.Errorf("%s: got %v at %v", doc, err, err.Locations)
		}
	}
	err := newGuard(Limits{}).check(`{a} fragment f on Q {...g} fragment g on Q {...h} fragment h on Q {...g}`)
	if want := `Cannot spread fragment "g" within itself via "h".`; err == nil || err.Message != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestGuardIntrospection(t *testing.T) {
	t.Parallel()
	for doc, introspects := range map[string]bool{
		`{__typename}`:                                 false,
		`{__schema{types{name}}}`:                      true,
		`{x:__type(name:"A"){name}}`:                   true,
		`{...f} fragment f on Q {...{__schema{a}}}`:    true,
		`query a {a} query b {__type(name:"A"){name}}`: true,
	} {
		for name, allow := range map[string]func(context.Context) bool{
			"nil": nil, "no": func(context.Context) bool { return false }, "yes": func(context.Context) bool { return true },
		} {
			g := newGuard(Limits{})
			g.introspect = allow
			for range 2 { // the second time from the cache
				err := g.check(doc)
				if refused := codeOf(err) == CodeIntrospectionDisabled; refused != (introspects && name != "yes") {
					t.Errorf("%s, allowed %s: got %v", doc, name, err)
				}
			}
		}
	}
}

// TestGuardRemembers holds that passed documents are inspected once and refused ones are not kept.
func TestGuardRemembers(t *testing.T) {
	t.Parallel()
	g := newGuard(Limits{Fields: 1})
	_, _ = g.check(`{a}`), g.check(`{a b}`)
	if n := len(g.passed.items); n != 1 {
		t.Errorf("%d documents remembered, want 1", n)
	}
	g.limits.Fields = 0 // an inspection would refuse now
	if err := g.check(`{a}`); err != nil {
		t.Errorf("a document that passed was inspected again: %v", err)
	}
}

// hostile documents make validation take seconds to minutes, or for ever. Bytes and tokens are not what
// stops them here.
func hostile() map[string]string {
	return map[string]string{
		"26 doubling fragments":           "{...f0}" + chain(26, " fragment f%d on Query {...f%d ...f%d}") + " fragment f26 on Query {hello}",
		"60 doubling fields":              "{node{...f0}}" + chain(60, " fragment f%d on Node {a:child{...f%d} b:child{...f%d}}") + " fragment f60 on Node {name}",
		"16,000 repeated fields":          "{" + strings.Repeat("hello ", 16_000) + "}",
		"200x100 nested inline fragments": "{" + strings.Repeat(strings.Repeat("...{", 200)+"hello"+strings.Repeat("}", 200), 100) + "}",
		"1,000 repeated deep fields":      "{" + strings.Repeat("node{child{child{name}}}", 1000) + "}",
		"cyclic fragments":                "{...a}" + strings.Repeat(" fragment a on Query {...b ...b} fragment b on Query {...a ...a}", 30),
	}
}

// TestGuardIsCheap counts work instead of time: no selection is looked at twice to find a document's
// shape, and the walk that writes fragments out never starts on one that is too large.
func TestGuardIsCheap(t *testing.T) {
	t.Parallel()
	for name, query := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuard(Limits{Bytes: 1 << 30, Tokens: 1 << 30})
			if err := g.check(query); err == nil {
				t.Fatal("passed")
			}
			doc, err := parser.ParseQuery(&ast.Source{Input: query})
			if err != nil {
				t.Fatal(err)
			}
			written := 0
			for _, op := range doc.Operations {
				written += selections(op.SelectionSet)
			}
			for _, f := range doc.Fragments {
				written += selections(f.SelectionSet)
			}
			x := Expand(doc, shapes())
			_, _ = x.Set(doc.Operations[0].SelectionSet)
			if x.Visits() > written {
				t.Errorf("%d visits for %d selections", x.Visits(), written)
			}
		})
	}
}

func selections(set ast.SelectionSet) int {
	n := len(set)
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += selections(s.SelectionSet)
		case *ast.InlineFragment:
			n += selections(s.SelectionSet)
		}
	}
	return n
}

// TestExpandServesOthers computes a price with the fold, as a cost account would.
func TestExpandServesOthers(t *testing.T) {
	t.Parallel()
	doc, err := parser.ParseQuery(&ast.Source{Input: `{list{...f} one{...f}} fragment f on T {a b}`})
	if err != nil {
		t.Fatal(err)
	}
	x := Expand(doc, Fold[int]{
		Field: func(f *ast.Field, below int) int {
			if f.Name == "list" {
				return 2 + 20*below
			}
			return 1 + below
		},
		Join: func(sum, next int) int { return sum + next },
	})
	got, err := x.Set(doc.Operations[0].SelectionSet)
	if err != nil || got != 2+20*2+1+2 {
		t.Errorf("got %d, %v", got, err)
	}
	if x.Visits() != 6 {
		t.Errorf("%d visits, want 6", x.Visits())
	}
}

// FuzzGuard holds for any text: the guard ends without a panic, its shape is that of the document with
// its fragments written out, and what it lets through can be validated.
func FuzzGuard(f *testing.F) {
	for _, doc := range hostile() {
		if len(doc) < 4000 {
			f.Add(doc)
		}
	}
	f.Add(introspection)
	f.Add(`mutation a($v: [Int!] = [1] @d) @d {a: x(y: {z: $v}) @skip(if: true) {...on Q @d {b}}}`)
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `type Query {hello: String node: Node} type Node {name: String child: Node}`})
	f.Fuzz(func(t *testing.T, query string) {
		g := newGuard(Limits{})
		if g.check(query) != nil {
			return
		}
		doc, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			t.Fatalf("passed, but: %v", err)
		}
		total := 0
		for _, op := range doc.Operations {
			total += expanded(doc, op.SelectionSet)
		}
		x := Expand(doc, shapes())
		var sum shape
		for _, op := range doc.Operations {
			s, err := x.Set(op.SelectionSet)
			if err != nil {
				t.Fatal(err)
			}
			sum = joinShapes(sum, s)
		}
		if sum.fields != total {
			t.Errorf("%d fields by the fold, %d written out", sum.fields, total)
		}
		validator.ValidateWithRules(schema, doc, quietRules())
	})
}

// expanded counts fields the slow way.
func expanded(doc *ast.QueryDocument, set ast.SelectionSet) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += 1 + expanded(doc, s.SelectionSet)
		case *ast.InlineFragment:
			n += expanded(doc, s.SelectionSet)
		case *ast.FragmentSpread:
			if def := doc.Fragments.ForName(s.Name); def != nil {
				n += expanded(doc, def.SelectionSet)
			}
		}
	}
	return n
}

// BenchmarkGuard measures a refusal of each hostile document and the first and later passes of a usual one.
func BenchmarkGuard(b *testing.B) {
	for name, doc := range hostile() {
		b.Run(name, func(b *testing.B) {
			g := newGuard(Limits{})
			for b.Loop() {
				_ = g.check(doc)
			}
		})
	}
	b.Run("introspection, first", func(b *testing.B) {
		g := newGuard(Limits{})
		for b.Loop() {
			_, _ = g.inspect(introspection)
		}
	})
	b.Run("introspection, again", func(b *testing.B) {
		g := newGuard(Limits{})
		for b.Loop() {
			_ = g.check(introspection)
		}
	})
}

// BenchmarkValidationAtTheLimits is the most that documents let through by default may cost afterwards.
func BenchmarkValidationAtTheLimits(b *testing.B) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `type Query {hello: String node: Node} type Node {name: String child: Node}`})
	child := func(depth int) string {
		return strings.Repeat("child{", depth) + "name" + strings.Repeat("}", depth)
	}
	for name, query := range map[string]string{
		"100 repeats of depth 9":  "{node{" + strings.Repeat(child(9)+" ", 100) + "}}",
		"100 repeats, 19 aliases": "{node{" + strings.Repeat("child{"+repeat(9, "a%d:name ")+"} ", 11) + "}}",
		"37 fragments in a chain": "{...f0}" + chain(37, " fragment f%d on Query {hello a:hello b:hello node{name child{name}} ...f%d}") + " fragment f37 on Query {hello}",
		"6 doubling fragments":    "{...f0}" + chain(6, " fragment f%d on Query {...f%d ...f%d}") + " fragment f6 on Query {hello}",
		"inline 38 deep":          "{" + strings.Repeat(strings.Repeat("...{", 38)+"hello"+strings.Repeat("}", 38), 30) + "}",
	} {
		b.Run(name, func(b *testing.B) {
			if err := newGuard(Limits{}).check(query); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				doc, err := parser.ParseQuery(&ast.Source{Input: query})
				if err != nil {
					b.Fatal(err)
				}
				validator.ValidateWithRules(schema, doc, quietRules())
			}
		})
	}
}
