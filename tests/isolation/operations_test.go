package isolation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"heyue/graph/generated"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// pair is two tenants with the same things in them, each with a token of its administrator.
type pair struct {
	*stage.Stage
	ours, theirs           *fixture.Tenant
	ourIDs, theirIDs       map[string]string
	ourToken, theirToken   string
	ourBuilder, theirBuild *builder
}

func newPair(t *testing.T) pair {
	t.Helper()
	s := stage.New(t, "HEYUE_DOCUMENT_FIELDS", "100000") // documents that ask for everything are larger than any program's
	p := pair{Stage: s, ours: s.World.Tenant(t, "ours"), theirs: s.World.Tenant(t, "theirs")}
	p.ourIDs, p.theirIDs = populate(t, s, p.ours), populate(t, s, p.theirs)
	p.ourToken, p.theirToken = s.Token(t, p.ours, p.ours.Admin), s.Token(t, p.theirs, p.theirs.Admin)
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	p.ourBuilder, p.theirBuild = &builder{schema, p.ourIDs}, &builder{schema, p.theirIDs}
	return p
}

// TestForeignIDsReachNothing offers the other tenant's id to every id argument of every operation. Nothing of the other
// tenant may come back, and nothing of it may change.
func TestForeignIDsReachNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	before := p.dump(t, p.theirs)
	tried := 0
	for _, op := range p.ourBuilder.operations() {
		for _, h := range op.Holes {
			id, ok := p.theirIDs[h.Prefix]
			if !ok {
				t.Errorf("%s: whose id does %s want? Say so in nouns.", op.Field.Name, h.Path)
				continue
			}
			document := p.ourBuilder.document(op, h.Path, id)
			answer := p.Post(t, p.ourToken, document, nil)
			p.valid(t, document, answer)
			if strings.Contains(answer, marker(p.theirs)) {
				t.Errorf("%s with a foreign %s shows the other tenant:\n%s\n%s", op.Field.Name, h.Path, document, answer)
			}
			tried++
		}
	}
	if tried < 40 {
		t.Errorf("only %d ids were tried", tried)
	}
	for table, rows := range p.dump(t, p.theirs) {
		if rows != before[table] {
			t.Errorf("the other tenant's %s changed", table)
		}
	}
}

// TestAnswersDoNotDependOnTheOtherTenant runs every query before and after the other tenant has done everything that
// can be done; the answers must be the same to the byte.
func TestAnswersDoNotDependOnTheOtherTenant(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	before := p.queries(t)
	for _, op := range p.theirBuild.operations() {
		if op.Kind == "mutation" && op.Field.Name != "logout" {
			document := p.theirBuild.document(op, "", "")
			p.valid(t, document, p.Post(t, p.theirToken, document, nil))
		}
	}
	after := p.queries(t)
	for name, answer := range before {
		// The log of decisions tells that we looked, which the first look did not see.
		if after[name] != answer && name != "decisions" {
			t.Errorf("%s changed with the other tenant:\n%s\n%s", name, answer, after[name])
		}
		if strings.Contains(answer+after[name], marker(p.theirs)) {
			t.Errorf("%s shows the other tenant:\n%s\n%s", name, answer, after[name])
		}
	}
	if shown := strings.Count(fmt.Sprint(before), marker(p.ours)); shown < 20 {
		t.Errorf("the queries show our own rows only %d times; they look at too little", shown)
	}
}

// TestNobodyGetsNothing runs every operation without a caller.
func TestNobodyGetsNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	before := p.dump(t, p.ours)
	for _, op := range p.ourBuilder.operations() {
		document := p.ourBuilder.document(op, "", "")
		answer := p.Post(t, "", document, nil)
		p.valid(t, document, answer)
		if strings.Contains(answer, "-MARK") {
			t.Errorf("%s shows a tenant to nobody:\n%s", op.Field.Name, answer)
		}
	}
	for table, rows := range p.dump(t, p.ours) {
		if rows != before[table] {
			t.Errorf("nobody changed %s", table)
		}
	}
}

func (p pair) queries(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, op := range p.ourBuilder.operations() {
		if op.Kind == "query" {
			document := p.ourBuilder.document(op, "", "")
			answer := p.Post(t, p.ourToken, document, nil)
			p.valid(t, document, answer)
			out[op.Field.Name] = requestID.ReplaceAllString(answer, "")
		}
	}
	return out
}

var requestID = regexp.MustCompile(`"requestId":"[^"]*"`)

// valid fails when an answer says that the document was refused before it ran: then nothing was tried.
func (p pair) valid(t *testing.T, document, answer string) {
	t.Helper()
	var a struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	for _, e := range a.Errors {
		switch e.Extensions.Code {
		case "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "DOCUMENT_TOO_COMPLEX", "INTERNAL":
			t.Errorf("%s: %s\n%s", e.Extensions.Code, e.Message, document)
		}
	}
}

// dump reads every row of a tenant, by table, past all walls. What workers write on their own is left out: the seals of
// audit entries and the numbers of events.
func (p pair) dump(t *testing.T, tn *fixture.Tenant) map[string]string {
	t.Helper()
	db := pgtest.Open(t, p.DB.SuperDSN)
	rows, err := db.QueryContext(t.Context(), `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'
		AND table_name NOT IN ('audit_queue', 'audit_seals', 'number_counters')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, table := range tables {
		var text string
		query := `SELECT coalesce(string_agg((to_jsonb(r) - 'seq')::text, E'\n' ORDER BY (to_jsonb(r) - 'seq')::text), '') FROM "` + table + `" r WHERE tenant_id = $1`
		if err := db.QueryRowContext(t.Context(), query, tn.ID).Scan(&text); err != nil {
			t.Fatal(table, ": ", err)
		}
		out[table] = text
	}
	return out
}
