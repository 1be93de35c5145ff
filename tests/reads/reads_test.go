package reads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heyue/graph/generated"
)

// documents is how many are tried in a run of all tests, and in one of the night.
const (
	documents = 500
	nightly   = 10_000
)

// roots are the fields that documents begin with: those that are compiled, and some that are not.
var roots = []string{
	"customer", "customers", "customers", "contact", "contacts", "contract", "contracts", "contracts", "serviceRecord", "serviceRecords",
	"user", "users", "department", "dictionaryEntry", "node", "nodes", "viewer", "roles", "departments",
}

// volatile is what differs between two answers to one question.
var volatile = regexp.MustCompile(`"requestId":"[^"]*"`)

// TestBothWaysGiveTheSameAnswer: data and errors of random documents are equal to the byte, whoever asks.
func TestBothWaysGiveTheSameAnswer(t *testing.T) {
	t.Parallel()
	count, seed := documents, uint64(1)
	if os.Getenv("HEYUE_SOAK") != "" {
		count = nightly
		seed = rand.Uint64()
	}
	if given, err := strconv.ParseUint(os.Getenv("HEYUE_READS_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("HEYUE_READS_SEED=%d makes this run again", seed)
	w := newWorld(t, seed)
	m := &maker{schema: generated.NewExecutableSchema(generated.Config{}).Schema(), rng: rand.New(rand.NewPCG(seed, 2)), ids: w.ids, roots: roots}
	wrong := 0
	for range count {
		document, who := m.document(), m.rng.IntN(len(w.tokens))
		if w.differ(t, who, document) {
			if wrong++; wrong == 5 {
				t.Fatal("and so on")
			}
		}
	}
	compiled, all := w.shares(t)
	t.Logf("%.0f of %.0f fields were compiled", compiled, all)
	if compiled < all/3 {
		t.Errorf("only %.0f of %.0f fields were compiled", compiled, all)
	}
}

// differ asks both ways.
func (w *world) differ(t *testing.T, who int, document string) bool {
	t.Helper()
	compiled := settled(t, w.compiled.Post(t, w.tokens[who], document, nil))
	resolved := settled(t, w.resolved.Post(t, w.tokens[who], document, nil))
	if compiled == resolved {
		return false
	}
	at := 0
	for at < min(len(compiled), len(resolved)) && compiled[at] == resolved[at] {
		at++
	}
	t.Errorf("%s gets two answers to\n%s\ncompiled %s\nresolved %s", w.who[who], document, around(compiled, at), around(resolved, at))
	return true
}

// settled is an answer with its errors in order: root fields are resolved at the same time, and fail in any.
func settled(t *testing.T, answer string) string {
	t.Helper()
	var parts struct {
		Errors           []json.RawMessage
		Data, Extensions json.RawMessage
	}
	if err := json.Unmarshal([]byte(volatile.ReplaceAllString(answer, `"requestId":""`)), &parts); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	slices.SortFunc(parts.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return fmt.Sprintf("data %s extensions %s errors %s", parts.Data, parts.Extensions, parts.Errors)
}

func around(text string, at int) string { return text[max(0, at-150):min(len(text), at+150)] }

// shares are how many root fields were compiled, of how many.
func (w *world) shares(t *testing.T) (compiled, all float64) {
	t.Helper()
	families, err := w.compiled.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "heyue_reads_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			all += m.GetCounter().GetValue()
			for _, l := range m.GetLabel() {
				if l.GetName() == "how" && l.GetValue() == "compiled" {
					compiled += m.GetCounter().GetValue()
				} else if l.GetName() == "how" {
					t.Logf("%s %v: %.0f", m.GetLabel()[0].GetValue(), l.GetValue(), m.GetCounter().GetValue())
				}
			}
		}
	}
	return compiled, all
}

// TestCursorsWalkAlike turns the pages of lists forwards and backwards, both ways at each step: cursors of one are good for the other.
func TestCursorsWalkAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	turned := 0
	for _, list := range []struct{ open, shut string }{
		{`contracts(%s)`, ""},
		{`contracts(%s, sort: [{field: ENDS_ON, direction: DESC}, {field: AMOUNT}])`, ""},
		{`contracts(%s, sort: [{field: CREATED_AT}, {field: STATUS, direction: DESC}])`, ""},
		{`customers(%s, filter: {archived: false}, sort: [{field: CUSTOM, custom: "size"}, {field: NAME}])`, ""},
		{`customers(%s, sort: [{field: UPDATED_AT, direction: DESC}])`, ""},
		{`serviceRecords(%s)`, ""},
		{`contacts(%s, sort: [{field: BIRTHDAY}, {field: IS_PRIMARY}])`, ""},
		{`users(%s)`, ""},
		{`customer(id: "CUS") { contacts(%s, sort: [{field: NAME, direction: DESC}])`, "}"},
		{`node(id: "CUS") { ... on Customer { contracts(%s)`, "} }"},
	} {
		turned += w.walk(t, list.open, list.shut)
	}
	if turned < 30 {
		t.Errorf("only %d pages were turned", turned)
	}
}

// walk reads a list two rows at a time, to its end and back.
func (w *world) walk(t *testing.T, open, shut string) (turned int) {
	t.Helper()
	open = strings.ReplaceAll(open, "CUS", w.ids["cus"][w.rng.IntN(len(w.ids["cus"]))])
	for _, way := range []struct{ size, from, cursor, more string }{{"first: 2", "after", "endCursor", "hasNextPage"}, {"last: 2", "before", "startCursor", "hasPreviousPage"}} {
		args := way.size
		for {
			document := "{ " + fmt.Sprintf(open, args) + " { totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id } } " + shut + " }"
			if w.differ(t, 0, document) {
				return turned
			}
			answer := w.compiled.Post(t, w.tokens[0], document, nil)
			turned++
			if !strings.Contains(answer, `"`+way.more+`":true`) {
				break
			}
			cursor := regexp.MustCompile(`"` + way.cursor + `":"([^"]+)"`).FindStringSubmatch(answer)
			if cursor == nil {
				t.Fatalf("no cursor in %s", answer)
			}
			args = fmt.Sprintf("%s, %s: %q", way.size, way.from, cursor[1])
		}
	}
	return turned
}
