package isolation

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"heyue/graph/generated"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/platform/redistest"
	"heyue/tests/stage"
)

// lines is a log that many may write to.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps a line.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// told is what must stand in no log line, no metric and no span: names, texts, addresses and numbers of people, what
// callers send, and the tokens that they send it with.
var told = []string{"MARK", "13912345678", "@ours.example", "@example.org", "HIDDEN"}

// TestTheProductDoesNotTalkOfPeople: every operation runs, right and wrong, on a tenant whose personal fields hold markers,
// with everything that the product can say of itself turned on. This is what the spans are shown by, too.
func TestTheProductDoesNotTalkOfPeople(t *testing.T) {
	t.Parallel()
	log, spans := &lines{}, tracetest.NewInMemoryExporter()
	s := stage.Watched(t, log, spans, "HEYUE_DOCUMENT_FIELDS", "100000", "REDIS_URL", redistest.URL(t))
	tn := s.World.Tenant(t, "ours")
	b := &builder{generated.NewExecutableSchema(generated.Config{}).Schema(), populate(t, s, tn)}
	conceal(t, s, tn)
	if _, err := pgtest.Open(t, s.DB.SuperDSN).ExecContext(t.Context(), `UPDATE users SET phone = '13912345678' WHERE tenant_id = $1`, tn.ID); err != nil {
		t.Fatal(err)
	}
	token := s.Token(t, tn, tn.Admin)
	for _, op := range b.operations() {
		if op.Field.Name == "logout" {
			continue
		}
		document := b.document(op, "", "")
		for _, asked := range []string{document, document + "MARK {"} {
			s.Post(t, token, asked, nil)
		}
		s.Post(t, "MARK."+token, document, nil)
	}
	for _, document := range said(b.ids[publicid.PrefixCustomerID], b.ids[publicid.PrefixContactID]) {
		s.Post(t, token, document, nil)
	}
	for _, field := range []string{"phone", "email"} {
		s.Post(t, token, fmt.Sprintf(`{ contacts(filter: {%s: {eq: "13912345678"}}) { nodes { id } } }`, field), nil)
	}
	if err := s.Services.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	silent(t, "the log", append(told, token), log.text())
	silent(t, "the metrics", told, gathered(t, s.Registry))
	seen := map[string]bool{}
	for _, span := range spans.GetSpans() {
		seen[span.Name] = true
		silent(t, "a span", append(told, token), fmt.Sprintf("%s %v %v %v %v", span.Name, span.Attributes, span.Events, span.Status, span.Resource))
	}
	for _, want := range []string{"POST /graphql", "query contract", "mutation contactCreate", "SELECT", "evalsha", "number events", "seal audit entries"} {
		if !seen[want] {
			t.Errorf("there is no span %s; there are %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
	if !strings.Contains(log.text(), `"traceId"`) {
		t.Error("no line leads to its trace")
	}
}

// said are mutations that carry what is personal, taken and refused.
func said(customer, contact string) []string {
	const person = `name: "MARK", phone: "13912345678", mobile: "13912345678", address: "MARK", wechat: "MARK"`
	return []string{
		`mutation { contactCreate(input: {customerId: "` + customer + `", ` + person + `, email: "MARK@example.org"}) { userErrors { message } } }`,
		`mutation { contactCreate(input: {customerId: "` + customer + `", ` + person + `, email: "MARK"}) { userErrors { message } } }`,
		`mutation { contactUpdate(input: {id: "` + contact + `", expectedVersion: 1, ` + person + `}) { userErrors { message } } }`,
		`mutation { contactUpdate(input: {id: "MARK", expectedVersion: 1, ` + person + `}) { userErrors { message } } }`,
		`mutation { login(input: {tenant: "ours", email: "MARK@example.org", password: "MARK"}) { userErrors { message } } }`,
		`mutation { login(input: {tenant: "MARK", email: "13912345678", password: "MARK"}) { userErrors { message } } }`,
		`mutation MARK { passwordResetRequest(input: {tenant: "ours", email: "MARK@example.org"}) { userErrors { message } } }`,
	}
}

func silent(t *testing.T, what string, told []string, text string) {
	t.Helper()
	for _, secret := range told {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s says %q: …%s…", what, secret, text[max(at-300, 0):min(at+100, len(text))])
		}
	}
}

// gathered is every name, label and help text of the metrics.
func gathered(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "heyue_operation_seconds" }) {
		t.Error("operations are not measured")
	}
	return fmt.Sprint(families)
}
