package main

import (
	"strings"
	"testing"

	"entgo.io/ent/entc/gen"
)

// TestATableSaysWhatItHolds or no code is generated.
func TestATableSaysWhatItHolds(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]string{"": "Ledger does not say what kind of data it holds", "SECRET": "Ledger does not say", "BUSINESS": ""} {
		table := &gen.Type{Name: "Ledger", Config: &gen.Config{}, Annotations: gen.Annotations{"HeyueData": map[string]any{"Class": class}}}
		if class == "" {
			table.Annotations = nil
		}
		n, err := read(table)
		if want == "" && (err != nil || n.Name != "ledgers") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, %v", class, n, err)
		}
	}
}
