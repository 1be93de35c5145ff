package scenario

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"heyue/platform/pgtest"
)

// oneMutation reports whether a document may carry an idempotency key.
func oneMutation(document string) bool {
	doc, err := parser.ParseQuery(&ast.Source{Input: document})
	return err == nil && len(doc.Operations) == 1 && doc.Operations[0].Operation == ast.Mutation && len(doc.Operations[0].SelectionSet) == 1
}

// survive plays the end of a process between a mutation's commit and the keeping of its answer: every mutation that goes
// well in any scenario is asked for once more under its key, with the kept answer gone. What it says then must be what it
// said before; it may say that it cannot tell, but not anything else.
func (c *cast) survive(t *testing.T, token, key, document, answer string) {
	t.Helper()
	db := pgtest.Open(t, c.stage.DB.SuperDSN)
	if _, err := db.ExecContext(t.Context(), "UPDATE idempotency_keys SET answer = NULL"); err != nil {
		t.Fatal("lose the answers: ", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	type reply struct {
		Data       any
		Errors     []struct{ Extensions struct{ Code string } }
		Extensions map[string]any
	}
	var first, second reply
	anew := c.stage.PostKey(t, token, key, document, nil)
	if json.Unmarshal([]byte(answer), &first) != nil || json.Unmarshal([]byte(anew), &second) != nil {
		t.Fatalf("not JSON: %s, %s", answer, anew)
	}
	if len(second.Errors) > 0 {
		if code := second.Errors[0].Extensions.Code; code == "IDEMPOTENCY_ANSWER_LOST" || code == "UNAUTHENTICATED" {
			t.Logf("not told again: %s: %s", code, document)
			return
		}
	}
	if diff := cmp.Diff(first.Data, second.Data); diff != "" || second.Extensions["idempotentReplay"] != true {
		t.Errorf("told differently after a crash (-first +again):\n%s\n%s", diff, anew)
	}
}
