package ocds

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// value turns a tree into what encoding/json makes of the same text.
func value(n *node) any {
	switch n.kind {
	case object:
		m := map[string]any{}
		for i := range n.kids {
			m[n.kids[i].key] = value(&n.kids[i])
		}
		return m
	case list:
		l := []any{}
		for i := range n.kids {
			l = append(l, value(&n.kids[i]))
		}
		return l
	case text:
		return n.text
	case number:
		return json.Number(n.text)
	case boolean:
		return n.text == "true"
	}
	return nil
}

func standard(in string) (any, error) {
	d := json.NewDecoder(strings.NewReader(in))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// Where encoding/json reads a text, the parser reads the same values.
func FuzzParser(f *testing.F) {
	for _, s := range []string{`{}`, `[1,2.50,-0,1e5]`, `{"a":{"b":[null,true,false,"x\u00e1\n"]}}`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, `[[[]]]`, ` { "a" : [ ] } `} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p := parser{maxDepth: 1000}
		n, err := p.parse(in, 0)
		if !json.Valid([]byte(in)) {
			return
		}
		want, stdErr := standard(in)
		if stdErr != nil || strings.Contains(in, `\u0000`) || strings.Contains(in, "\xff") || !json.Valid([]byte(strings.ToValidUTF8(in, ""))) || strings.ToValidUTF8(in, "") != in {
			return // what is mended differs on purpose
		}
		if err != nil {
			if strings.Count(in, "[")+strings.Count(in, "{") > 1000 {
				return
			}
			t.Fatalf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, value(&n)); diff != "" {
			t.Errorf("%q (-encoding/json +parser)\n%s", in, diff)
		}
	})
}

func TestParserReusesItsMemorySafely(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := parser{maxDepth: 64}
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			var texts []string
			var trees []node
			for range rapid.IntRange(1, 5).Draw(t, "trees") {
				l := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 3000).Draw(t, "list")
				b, err := json.Marshal(map[string]any{"l": l, "n": []any{l, map[string]any{"x": "y"}}})
				if err != nil {
					t.Fatal(err)
				}
				n, err := p.parse(string(b), 0)
				if err != nil {
					t.Fatal(err)
				}
				texts, trees = append(texts, string(b)), append(trees, n)
			}
			for i := range trees {
				if got := trees[i].source(); got != texts[i] {
					t.Fatalf("got %s, want %s", got, texts[i])
				}
			}
			p.reset()
		}
	})
}

// What is not JSON is refused, except for the flaws in texts that publishers produce.
func TestParserRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{``, `{`, `[`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`, `01`, `1.`, `.5`, `1e`, `-`, `+1`, `nul`, `tru`, `"`, `"a`, `{a:1}`, `{} {}`, `'a'`, `NaN`} {
		p := parser{maxDepth: 8}
		if n, err := p.parse(in, 0); err == nil {
			t.Errorf("%q was read as %v", in, value(&n))
		}
	}
}
