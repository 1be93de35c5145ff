package cost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"heyue/graph/transport/cost"
)

const sdl = `
type Query { me: User user(id: ID!): User users(first: Int, last: Int): UserConnection! top(first: Int = 7): UserConnection!
  nodes(ids: [ID!]!): [Node]! any: Thing names: [String!]! }
type Mutation { rename(name: String!): Renamed! touch: Boolean }
type Subscription { renamed: Renamed! ticks: Int! }
interface Node { id: ID! }
union Thing = User | Team
type Renamed { user: User names: [String!]! }
type User implements Node { id: ID! name: String! friend: User teams: [Team!]! posts(first: Int): PostConnection! json: JSON }
type Team implements Node { id: ID! name: String! lead: User posts(first: Int): PostConnection! }
type UserConnection { nodes: [User!]! edges: [UserEdge!]! pageInfo: PageInfo! totalCount: Int! }
type UserEdge { node: User! cursor: String! }
type PostConnection { nodes: [Post!]! edges: [PostEdge!]! pageInfo: PageInfo! totalCount: Int! }
type PostEdge { node: Post! cursor: String! }
type Post { id: ID! author: User title: String! }
type PageInfo { hasNextPage: Boolean! }
scalar JSON
`

var pages = cost.Pages{Usual: 20, Most: 100} //nolint:gochecknoglobals // a constant

func schema(t testing.TB) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func operation(t testing.TB, s *ast.Schema, document string) *ast.OperationDefinition {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(s, document, nil)
	if errs != nil {
		t.Fatalf("%s: %v", document, errs)
	}
	return doc.Operations[0]
}

func read(t testing.TB, s *ast.Schema, document, variables string) *cost.Plan {
	t.Helper()
	op := operation(t, s, document)
	given := map[string]any{}
	if variables != "" {
		d := json.NewDecoder(strings.NewReader(variables))
		d.UseNumber()
		if err := d.Decode(&given); err != nil {
			t.Fatal(err)
		}
	}
	values, err := validator.VariableValues(s, op, given)
	if err != nil {
		t.Fatal(err)
	}
	return cost.Read(op, values, pages)
}

// TestPriceList is the price list by examples.
func TestPriceList(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, c := range []struct {
		document, variables string
		points, nodes       int
		answer              string
		actual              int
	}{
		{document: `{ names __typename }`, answer: `{"names":["a"],"__typename":"Query"}`},
		{document: `{ me { id name } }`, points: 1, nodes: 1, answer: `{"me":{"id":"1","name":"a"}}`, actual: 1},
		{document: `{ me { friend { friend { name } } } }`, points: 3, nodes: 3, answer: `{"me":{"friend":null}}`, actual: 1},
		{document: `{ users { nodes { name } } }`, points: 22, nodes: 20, answer: `{"users":{"nodes":[{"name":"a"},{"name":"b"}]}}`, actual: 4},
		{document: `{ top { nodes { name } } }`, points: 9, nodes: 7, answer: `{"top":{"nodes":[]}}`, actual: 2},
		{document: `{ top(first: 5) { edges { cursor node { name } } } }`, points: 7, nodes: 5, answer: `{"top":{"edges":[{"cursor":"x","node":{"name":"a"}}]}}`, actual: 3},
		{document: `{ top(first: null) { nodes { name } } }`, points: 22, nodes: 20},
		{document: `{ users(last: 3) { totalCount pageInfo { hasNextPage } nodes { friend { id } } } }`, points: 18, nodes: 6,
			answer: `{"users":{"totalCount":9,"pageInfo":{"hasNextPage":true},"nodes":[{"friend":{"id":"1"}},{"friend":null}]}}`, actual: 15},
		{document: `{ users(first: 100000) { nodes { name } } }`, points: 102, nodes: 100},
		{document: `{ users(first: -1) { nodes { name } } }`, points: 2},
		{document: `query($n: Int) { users(first: $n) { nodes { name } } }`, variables: `{"n":50}`, points: 52, nodes: 50},
		{document: `query($n: Int = 30) { users(first: $n) { nodes { name } } }`, points: 32, nodes: 30},
		{document: `query($n: Int) { users(first: $n) { nodes { name } } }`, points: 22, nodes: 20},
		{document: `query($n: Int) { top(first: $n) { nodes { name } } }`, points: 9, nodes: 7},
		{document: `query($n: Int) { top(first: $n) { nodes { name } } }`, variables: `{"n":null}`, points: 22, nodes: 20},
		{document: `{ users(first: 10) { nodes { posts(first: 10) { nodes { author { name } } } } } }`, points: 2 + 10*(1+2+10*2), nodes: 10 * (1 + 20)},
		{document: `{ users(first: 100) { nodes { posts(first: 100) { nodes { id } } } } }`, points: 2 + 100*103, nodes: 100 * 101},
		{document: `{ users(first: 2) { nodes { posts { totalCount } } } }`, points: 2 + 2*(1+2+10), nodes: 2},
		{document: `query($i: [ID!]!) { nodes(ids: $i) { id ... on User { friend { id } } } }`, variables: `{"i":["1","2","3"]}`, points: 6, nodes: 6,
			answer: `{"nodes":[null,{"id":"1","friend":{"id":"2"}},{"id":"3"}]}`, actual: 3},
		{document: `{ me { teams { lead { id } } } }`, points: 3, nodes: 3, answer: `{"me":{"teams":[{"lead":null},{"lead":{"id":"1"}},{"lead":{"id":"1"}}]}}`, actual: 3},
		{document: `{ any { ... on User { posts(first: 5) { nodes { id } } } ... on Team { posts(first: 9) { nodes { id } } } } }`, points: 12, nodes: 10,
			answer: `{"any":{"posts":{"nodes":[{"id":"1"}]}}}`, actual: 4},
		{document: `query($y: Boolean!) { a: me @include(if: $y) { id } b: me @skip(if: $y) { friend { id } } ... @include(if: false) { c: me { id } } }`, variables: `{"y":true}`,
			points: 1, nodes: 1, answer: `{"a":{"id":"1"}}`, actual: 1},
		{document: `mutation { rename(name: "a") { user { name } } touch }`, points: 21, nodes: 3, answer: `{"rename":{"user":{"name":"a"}},"touch":null}`, actual: 21},
		{document: `subscription { renamed { user { name } names } }`, points: 12, nodes: 2, answer: `{"renamed":{"user":null,"names":[]}}`, actual: 1},
		{document: `subscription { ticks }`, points: 11, nodes: 1, answer: `{"ticks":4}`, actual: 1},
		{document: `{ __schema { types { name fields { name } } } }`, points: 3, nodes: 3, answer: `{"__schema":{"types":[{"name":"A","fields":null}]}}`, actual: 2},
		{document: `{ me { json friend { id } } }`, points: 2, nodes: 2, answer: "{\"me\":{\"json\":{\"a\":[\"}\\\"]\",{\"friend\":{}}]},\n \"friend\" : { \"id\":\"\\\\\" }}}", actual: 2},
	} {
		plan := read(t, s, c.document, c.variables)
		if got := plan.Requested(); got != (cost.Price{Points: c.points, Nodes: c.nodes}) {
			t.Errorf("%s %s costs %+v, want %d points and %d nodes", c.document, c.variables, got, c.points, c.nodes)
		}
		if got := plan.Actual([]byte(c.answer)); c.answer != "" && got != c.actual {
			t.Errorf("%s has cost %d, want %d: %s", c.document, got, c.actual, c.answer)
		}
	}
}

// TestBombsAreReadOnce: documents that fragments blow up to 2^40 fields take work in proportion to their text, and
// saturate.
func TestBombsAreReadOnce(t *testing.T) {
	t.Parallel()
	s := schema(t)
	spread, deep, split := &strings.Builder{}, &strings.Builder{}, &strings.Builder{}
	const levels = 40
	for i := range levels {
		fmt.Fprintf(spread, "fragment F%d on User { ...F%d ...F%d }\n", i, i+1, i+1)
		fmt.Fprintf(deep, "fragment F%d on User { a: friend { ...F%d } b: friend { ...F%d } }\n", i, i+1, i+1)
		fmt.Fprintf(split, "fragment F%d on User { friend { ...F%d id } friend { ...F%d name } }\n", i, i+1, i+1)
	}
	for name, c := range map[string]struct {
		fragments *strings.Builder
		points    int
	}{"spread": {spread, 2}, "deep": {deep, 1 << 30}, "split": {split, levels + 2}} {
		document := "{ me { ...F0 } } fragment F40 on User { friend { id } }\n" + c.fragments.String()
		doc, err := parser.ParseQuery(&ast.Source{Input: document})
		if err != nil {
			t.Fatal(err)
		}
		validator.Walk(s, doc, &validator.Events{}) // binds fields; the rules would take for ever, which is the guard's care
		plan := cost.Read(doc.Operations[0], nil, pages)
		if got := plan.Requested(); got.Points != c.points {
			t.Errorf("%s: %+v, want %d points", name, got, c.points)
		}
		if plan.Visits() > 100*levels {
			t.Errorf("%s: %d selections looked at for %d fragments", name, plan.Visits(), levels)
		}
	}
}
