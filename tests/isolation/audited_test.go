package isolation

import (
	"strings"
	"testing"

	"heyue/graph/generated"
	"heyue/tests/stage"
)

// unaudited are mutations that change nothing but what their caller alone sees, with the reason.
var unaudited = map[string]string{
	"alertsRead":           "how far somebody has read their inbox",
	"alertAcknowledge":     "that somebody has seen an alert, which the alert itself shows",
	"alertSnooze":          "until when somebody has put an alert off for themselves",
	"passwordResetRequest": "answers the same to everybody, and works after the answer",
	"secondFactorBegin":    "what it begins counts when it is confirmed, which is audited",
	"oidcBegin":            "asks a provider; what comes of it is audited",
}

// TestEveryWriteIsAudited: every mutation that succeeds leaves an entry in the trail, by whoever made it.
func TestEveryWriteIsAudited(t *testing.T) {
	t.Parallel()
	s := stage.New(t, "HEYUE_DOCUMENT_FIELDS", "100000")
	tn := s.World.Tenant(t, "ours")
	b := &builder{generated.NewExecutableSchema(generated.Config{}).Schema(), populate(t, s, tn)}
	token := s.Token(t, tn, tn.Admin)
	entries := func() int {
		t.Helper()
		n, err := s.Client.AuditEntry.Query().Count(tn.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	done := 0
	for _, op := range b.operations() {
		if op.Kind != "mutation" || op.Field.Name == "logout" {
			continue
		}
		before := entries()
		answer := s.Post(t, token, b.document(op, "", ""), nil)
		if strings.Contains(answer, `"errors":[`) || !strings.Contains(answer, `"userErrors":[]`) {
			continue // refused: nothing was written
		}
		done++
		if _, ok := unaudited[op.Field.Name]; !ok && entries() == before {
			t.Errorf("%s left no entry: %s", op.Field.Name, answer[:min(len(answer), 300)])
		}
	}
	if done < 20 {
		t.Errorf("only %d mutations succeeded", done)
	}
}
