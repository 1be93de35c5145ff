package transport

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func TestLRUKeepsWhatWasUsedWithinItsBudget(t *testing.T) {
	t.Parallel()
	c := newLRU[string, int](10)
	c.add("a", 1, 4)
	c.add("b", 2, 4)
	c.get("a")
	c.add("c", 3, 4) // b is the oldest now
	c.add("huge", 4, 11)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "huge": false} {
		if _, ok := c.get(key); ok != want {
			t.Errorf("%s kept: %v", key, ok)
		}
	}
	c.add("a", 5, 6) // replaced, not counted twice
	if v, _ := c.get("a"); v != 5 || c.weight != 10 {
		t.Errorf("value %d, weight %d", v, c.weight)
	}
	c.add("a", 6, 11)
	if _, ok := c.get("a"); ok {
		t.Error("an outdated value was kept")
	}
}

// TestDocumentsWeighTheirTrees holds that small text with a large tree is not cheap to keep.
func TestDocumentsWeighTheirTrees(t *testing.T) {
	t.Parallel()
	doc, err := parser.ParseQuery(&ast.Source{Input: `query($v: [Int]) @d {a(x: [1, {y: 2}]) @d {...f ... @d {b}}} fragment f on Q {c}`})
	if err != nil {
		t.Fatal(err)
	}
	d := documents{newLRU[string, *ast.QueryDocument](1 << 20)}
	d.Add(t.Context(), "text", doc)
	if got, ok := d.Get(t.Context(), "text"); !ok || got != doc {
		t.Error("not kept")
	}
	// The document; its operation, @d, variable and type; a, @d, x; a list, its two items and their values,
	// an item of one of them and its value; the spread; the inline fragment, @d, b; the fragment, c.
	if want := len("text") + 21*nodeBytes; d.lru.weight != want {
		t.Errorf("weight %d, want %d", d.lru.weight, want)
	}
}
