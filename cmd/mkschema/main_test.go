package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBreaksAreRefusedUnlessWanted goes the way of a schema: published, released, broken, broken with a reason, released
// again.
func TestBreaksAreRefusedUnlessWanted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(check, release bool) {
		t.Helper()
		if err := run(root, check, release); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string) {
		t.Helper()
		if err := run(root, true, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v, want %s", err, want)
		}
	}
	write("docs/readme", "")
	write("graph/schema/a.graphql", "\"R.\" type Query { \"A.\" a: Int \"B.\" b: Int }")
	refused("docs/schema.graphql is out of date")
	must(false, false)
	must(true, false) // before a release nothing breaks
	must(false, true)
	must(true, false)
	write("graph/schema/a.graphql", "\"R.\" type Query { \"A.\" a: Int! }")
	refused("out of date")
	must(false, false)
	refused("Query.b: the field is gone")
	write("docs/schema.breaks", "Query.b\n")
	refused("without a reason")
	write("docs/schema.breaks", "Query.b nobody has used it since 2026\n")
	must(true, false)
	must(false, true)
	must(true, false)
	write("graph/schema/a.graphql", "\"R.\" type Query { a: Int! }")
	must(false, false)
	refused("Query.a: has no description")
}
