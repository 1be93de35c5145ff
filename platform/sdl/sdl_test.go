package sdl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/sdl"
)

func parse(t *testing.T, text string) *ast.Schema {
	t.Helper()
	s, err := sdl.Parse(&ast.Source{Name: "test", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const before = `
directive @note(text: String!) on FIELD
interface Node { id: ID! }
type Query { node(id: ID!, deep: Int = 1): Node list(ids: [ID!]): [Thing!]! color: Color any: Any old: String }
type Thing implements Node { id: ID! name: String! note: String tags: [String!] }
type Other { id: ID! }
union Any = Thing | Other
enum Color { RED GREEN }
input Filter { name: String size: Int = 3 must: String! tags: [String] }
type Mutation { save(input: Filter!): Thing }
`

// TestBreaks holds each kind of change: what breaks, where, and what does not.
func TestBreaks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing":                       {},
		"a field more":                  {"type Other {", "type Other { more: Int", ""},
		"a type more":                   {"union", "type New { id: ID! }\nunion", ""},
		"a value more":                  {"RED", "RED BLUE", ""},
		"a field gone":                  {"old: String", "", "Query.old: the field is gone"},
		"a type gone":                   {"type Other { id: ID! }\nunion Any = Thing | Other", "union Any = Thing", "Any: Other is not among it any more|Other: the type is gone"},
		"another kind":                  {"type Other { id: ID! }\nunion Any = Thing | Other", "interface Other { id: ID! }\nunion Any = Thing", "Any: Other is not among it any more|Other: was OBJECT and is INTERFACE"},
		"another type":                  {"name: String! note", "name: ID! note", "Thing.name: was String! and is ID!"},
		"a field that may be null":      {"name: String! note", "name: String note", "Thing.name: was String! and is String"},
		"a field that is never null":    {"note: String", "note: String!", ""},
		"a list of what may be null":    {"tags: [String!] }", "tags: [String]! }", "Thing.tags: was [String!] and is [String]!"},
		"no list any more":              {"tags: [String!] }", "tags: String }", "Thing.tags: was [String!] and is String"},
		"no Node any more":              {"Thing implements Node", "Thing", "Thing: is no Node any more"},
		"a value gone":                  {"GREEN", "", "Color.GREEN: the value is gone"},
		"an argument gone":              {"(id: ID!, deep: Int = 1)", "(id: ID!)", "Query.node(deep:): the argument is gone"},
		"an argument more":              {"deep: Int = 1", "deep: Int = 1, wide: Int", ""},
		"an argument that must be":      {"deep: Int = 1", "deep: Int = 1, wide: Int!", "Query.node(wide:): must be given"},
		"one that must be, filled":      {"deep: Int = 1", "deep: Int = 1, wide: Int! = 2", ""},
		"an argument that may be":       {"node(id: ID!", "node(id: ID", ""},
		"an argument that must be now":  {"list(ids: [ID!])", "list(ids: [ID!]!)", "Query.list(ids:): was [ID!] and is [ID!]!"},
		"another default":               {"deep: Int = 1", "deep: Int = 2", "Query.node(deep:): was 1 when left out and is 2"},
		"no default any more":           {"size: Int = 3", "size: Int", "Filter.size: was 3 when left out and is nothing"},
		"an input field gone":           {"name: String size", "size", "Filter.name: the field is gone"},
		"an input field more":           {"size: Int", "more: Int size: Int", ""},
		"an input field that must be":   {"size: Int", "more: Int! size: Int", "Filter.more: must be given"},
		"elements that must be":         {"tags: [String] }", "tags: [String!] }", "Filter.tags: was [String] and is [String!]"},
		"a directive gone":              {"directive @note(text: String!) on FIELD", "", "@note: the directive is gone"},
		"a directive that takes less":   {"@note(text: String!)", "@note", "@note(text:): the argument is gone"},
		"an input that takes one field": {`input Filter { name: String size: Int = 3 must: String! tags: [String] }`, `input Filter @oneOf { name: String size: Int must: String tags: [String] }`, "Filter: takes one field only|Filter.size: was 3 when left out and is nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := strings.Replace(before, c.from, c.to, 1)
			if c.from != "" && after == before {
				t.Fatal("nothing was changed")
			}
			var got []string
			for _, b := range sdl.Breaks(parse(t, before), parse(t, after)) {
				got = append(got, b.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	got, err := sdl.Allowed(strings.NewReader("# why\n\nQuery.old  nobody used it \nColor.GREEN never stored\n"))
	if diff := cmp.Diff(map[string]string{"Query.old": "nobody used it", "Color.GREEN": "never stored"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := sdl.Allowed(strings.NewReader("Query.a fine\nQuery.old\n")); err == nil || err.Error() != "line 2: Query.old is to break without a reason" {
		t.Errorf("without a reason: %v", err)
	}
}

// TestLint holds each convention by one breach of it.
func TestLint(t *testing.T) {
	t.Parallel()
	const good = `"R." type Query { "F." things(first: Int, after: String): ThingConnection! "O." old: Int @deprecated(reason: "Use things. Removal 2027-06-30.") }
"M." type Mutation { "S." thingSave(input: ThingInput!): ThingSavePayload! "L." logout: LogoutPayload! }
"P." type ThingSavePayload { "T." thing: Thing } "P." type LogoutPayload { "D." done: Boolean! }
"I." input ThingInput { "K." kind: Kind! "N." note: String }
"T." type Thing { "W." madeAt: DateTime! }
"C." type ThingConnection { "E." edges: [ThingEdge!]! "I." pageInfo: PageInfo! "N." totalCount: Int! }
"E." type ThingEdge { "N." node: Thing! "C." cursor: String! }
"I." type PageInfo { "M." hasNextPage: Boolean! }
"K." enum Kind { "A." BIG_ONE }
"D." scalar DateTime`
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing":                 {},
		"no description":          {`"T." type Thing {`, `type Thing {`, "Thing: has no description"},
		"a field without":         {`"W." madeAt`, `madeAt`, "Thing.madeAt: has no description"},
		"a value without":         {`"A." BIG_ONE`, `BIG_ONE`, "Kind.BIG_ONE: has no description"},
		"a type in small letters": {`"D." scalar DateTime`, `"D." scalar DateTime "X." scalar date`, "date: is not spelled as PascalCase|date: nothing leads to it"},
		"a field in capitals":     {`"N." note`, `"N." Note`, "ThingInput.Note: is not spelled as camelCase"},
		"a value in small":        {`BIG_ONE`, `bigOne`, "Kind.bigOne: is not spelled as UPPER_SNAKE"},
		"a moment":                {`madeAt`, `made`, "Thing.made: is not spelled as a moment, …At"},
		"no day of removal":       {` Removal 2027-06-30.`, ``, `Query.old: is deprecated as "Use things."; say what to use and until when: Use X. Removal 2027-06-30.`},
		"required and deprecated": {`kind: Kind!`, `kind: Kind! @deprecated(reason: "Use note. Removal 2027-06-30.")`, "ThingInput.kind: must be given and so cannot be deprecated"},
		"a page without first":    {`(first: Int, after`, `(after`, "Query.things: a page takes first"},
		"a page without a count":  {`"N." totalCount: Int!`, ``, "ThingConnection.totalCount: must be there and be Int!"},
		"an edge without cursor":  {`cursor: String!`, `cursor: String`, "ThingEdge.cursor: must be there and be String!"},
		"two arguments":           {`(input: ThingInput!)`, `(input: ThingInput!, more: Int)`, "Mutation.thingSave: a mutation takes one argument, input, which must be given"},
		"input may be left out":   {`(input: ThingInput!)`, `(input: ThingInput)`, "Mutation.thingSave: a mutation takes one argument, input, which must be given"},
		"no payload of its own":   {`: LogoutPayload!`, `: ThingSavePayload!`, "Mutation.logout: gives ThingSavePayload!; a mutation gives a payload of its own, LogoutPayload!|LogoutPayload: nothing leads to it"},
		"nothing leads there":     {`"D." scalar`, `"X." type Alone { "F." f: Int } "D." scalar`, "Alone: nothing leads to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, c.from, c.to, 1)
			if c.from != "" && text == good {
				t.Fatal("nothing was changed")
			}
			var got []string
			for _, b := range sdl.Lint(parse(t, text)) {
				got = append(got, b.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheSchemaKeepsItsConventions looks at the API itself, and at what is published of it: the same, without what is
// meant for the server, also when it is published anew.
func TestTheSchemaKeepsItsConventions(t *testing.T) {
	t.Parallel()
	schema, err := sdl.Load("../../graph/schema/*.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range sdl.Lint(schema) {
		t.Error(b)
	}
	text := string(sdl.Publish(schema))
	if strings.Contains(text, "@go") {
		t.Error("the published schema speaks to the server's generator")
	}
	for _, copied := range [][]byte{sdl.Publish(schema), sdl.Bare(schema)} {
		again := parse(t, string(copied))
		if breaks := append(sdl.Breaks(schema, again), sdl.Breaks(again, schema)...); len(breaks) != 1 || breaks[0].At != "@goField" {
			t.Errorf("what is published differs from the schema: %v", breaks)
		}
	}
	if again := sdl.Publish(parse(t, text)); string(again) != text {
		t.Error("published anew it is another text")
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.graphql"), []byte("type Query { a: Missing }"), 0o600); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{filepath.Join(dir, "*.graphql"): "Missing", filepath.Join(dir, "*.gql"): "no file matches", "[": "syntax"} {
		if _, err := sdl.Load(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}
