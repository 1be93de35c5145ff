package cost_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/graph/transport/cost"
)

// tree is what a document asks for, however it is spelled: the reference that prices are held against.
type tree struct {
	typ, name string
	rows      int // asked for, of a connection
	got       int // in the answer
	null      bool
	below     []*tree
}

// fieldsOf are the fields of each type that a tree is drawn from: name to type, "" for a scalar.
func fieldsOf(typ string) map[string]string {
	return map[string]map[string]string{
		"Query":          {"me": "User", "users": "UserConnection"},
		"User":           {"id": "", "name": "", "friend": "User", "posts": "PostConnection"},
		"UserConnection": {"nodes": "User", "edges": "UserEdge", "totalCount": ""}, "UserEdge": {"node": "User", "cursor": ""},
		"PostConnection": {"nodes": "Post", "edges": "PostEdge", "totalCount": ""}, "PostEdge": {"node": "Post", "cursor": ""},
		"Post": {"id": "", "title": "", "author": "User"},
	}[typ]
}

func draw(rt *rapid.T, typ string, depth, rows, got int) []*tree {
	var all []*tree
	for _, name := range sorted(fieldsOf(typ)) {
		below := fieldsOf(typ)[name]
		if below != "" && depth == 0 || !rapid.Bool().Draw(rt, name) {
			continue
		}
		n := &tree{typ: below, name: name, rows: rows, got: got}
		if strings.HasSuffix(below, "Connection") {
			n.rows = rapid.IntRange(0, 9).Draw(rt, "rows")
			n.got = rapid.IntRange(0, n.rows).Draw(rt, "got")
		}
		n.null = below == "User" && name != "nodes" && name != "node" && rapid.Bool().Draw(rt, "null")
		if below != "" {
			n.below = draw(rt, below, depth-1, n.rows, n.got)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		all = append(all, &tree{name: "__typename"})
	}
	return all
}

func sorted(m map[string]string) []string {
	var names []string
	for _, n := range []string{"me", "users", "id", "name", "title", "cursor", "totalCount", "friend", "author", "posts", "node", "nodes", "edges"} {
		if _, ok := m[n]; ok {
			names = append(names, n)
		}
	}
	return names
}

// price is the price list, said the slow way. With actual it counts what is in the answer.
func (n *tree) price(actual bool) int {
	below := 0
	for _, b := range n.below {
		below += b.price(actual)
	}
	times := n.rows
	if actual {
		times = n.got
	}
	switch {
	case n.name == "totalCount":
		return 10
	case n.typ == "" || actual && n.null:
		return 0
	case strings.HasSuffix(n.typ, "Connection"):
		return 2 + below
	case n.name == "nodes":
		return times * (1 + below)
	case n.name == "edges":
		return times * below
	}
	return 1 + below
}

// answer writes what the executor would.
func (n *tree) answer(b *strings.Builder, key string) {
	fmt.Fprintf(b, "%q:", key)
	switch {
	case n.null:
		b.WriteString("null")
	case n.name == "totalCount":
		b.WriteString("7")
	case n.typ == "":
		b.WriteString(`"{\"[,"`)
	case n.name == "nodes", n.name == "edges":
		b.WriteByte('[')
		for i := range n.got {
			if i > 0 {
				b.WriteByte(',')
			}
			object(b, n.below)
		}
		b.WriteByte(']')
	default:
		object(b, n.below)
	}
}

func object(b *strings.Builder, members []*tree) {
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		m.answer(b, m.name)
	}
	b.WriteByte('}')
}

// speller writes a selection set in any of its ways: in another order, partly twice, in fragments of both kinds.
type speller struct {
	rt        *rapid.T
	fragments []string
}

func (s *speller) set(typ string, fields []*tree) string {
	var parts []string
	for _, f := range rapid.Permutation(fields).Draw(s.rt, "order") {
		for range rapid.IntRange(1, 2).Draw(s.rt, "times") {
			parts = append(parts, s.wrapped(typ, s.field(f)))
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (s *speller) field(f *tree) string {
	text := f.name
	if strings.HasSuffix(f.typ, "Connection") {
		text += fmt.Sprintf("(first: %d)", f.rows)
	}
	if f.typ != "" {
		text += " " + s.set(f.typ, f.below)
	}
	return text
}

func (s *speller) wrapped(typ, text string) string {
	switch rapid.IntRange(0, 5).Draw(s.rt, "form") {
	case 0:
		return "... { " + text + " }"
	case 1:
		return "... on " + typ + " @include(if: true) { " + text + " }"
	case 2:
		name := fmt.Sprintf("F%d", len(s.fragments))
		s.fragments = append(s.fragments, fmt.Sprintf("fragment %s on %s { %s }", name, typ, text))
		return "..." + name
	}
	return text
}

// TestPriceIsThatOfWhatIsAskedFor: in every spelling a document costs what the price list says of what it asks for, and
// its answer what the list says of what came.
func TestPriceIsThatOfWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := schema(t)
	rapid.Check(t, func(rt *rapid.T) {
		fields := draw(rt, "Query", 4, 0, 0)
		spell := &speller{rt: rt}
		document := spell.set("Query", fields)
		document += "\n" + strings.Join(spell.fragments, "\n")
		want, actual := 0, 0
		for _, f := range fields {
			want += f.price(false)
			actual += f.price(true)
		}
		var answer strings.Builder
		object(&answer, fields)
		plan := read(t, s, document, "")
		if got := plan.Requested().Points; got != want {
			rt.Errorf("%s\ncosts %d, want %d", document, got, want)
		}
		if got := plan.Actual([]byte(answer.String())); got != actual {
			rt.Errorf("%s\n%s\nhas cost %d, want %d", document, &answer, got, actual)
		}
	})
}

// FuzzActual: whatever bytes an answer is made of, counting ends and stays within reason.
func FuzzActual(f *testing.F) {
	s := schema(f)
	for _, seed := range []string{`{"users":{"nodes":[{"friend":{}}]}}`, `{"users":`, `[`, `{"users":{"nodes":[[[{}]]]`, "{\"users\":\"\\", `}`, `{"a"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		plan := read(t, s, `{ users { totalCount nodes { friend { id } posts { edges { node { id } } } } } }`, "")
		if n := plan.Actual(answer); n < 0 || n > 13*(len(answer)+1) {
			t.Errorf("%d points for %q", n, answer)
		}
	})
}

// BenchmarkPrice prices a document of a usual size, and its answer of 100 rows.
func BenchmarkPrice(b *testing.B) {
	s := schema(b)
	const document = `{ users(first: 100) { totalCount pageInfo { hasNextPage } nodes { id name friend { id name } posts(first: 5) { nodes { id title } } } } }`
	plan := read(b, s, document, "")
	row := `{"id":"usr_01k0000000","name":"张三","friend":{"id":"usr_01k","name":"李四"},"posts":{"nodes":[` + strings.TrimSuffix(strings.Repeat(`{"id":"p","title":"标题"},`, 5), ",") + `]}}`
	answer := []byte(`{"users":{"totalCount":9,"pageInfo":{"hasNextPage":false},"nodes":[` + strings.TrimSuffix(strings.Repeat(row+",", 100), ",") + `]}}`)
	op := operation(b, s, document)
	b.Run("requested", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cost.Read(op, nil, pages).Requested()
		}
	})
	b.Run("actual", func(b *testing.B) {
		b.SetBytes(int64(len(answer)))
		b.ReportAllocs()
		for b.Loop() {
			plan.Actual(answer)
		}
	})
}
