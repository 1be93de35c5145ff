package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

// TestPanicsOutsideOfOperations breaks every hook in turn.
func TestPanicsOutsideOfOperations(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]transport.Options{
		"Authenticate":       {Authenticate: func(context.Context, string) (context.Context, error) { panic(probe.Secret) }},
		"AllowIntrospection": {AllowIntrospection: func(context.Context) bool { panic(probe.Secret) }},
		"an extension":       {Extensions: []graphql.HandlerExtension{interceptor(func() graphql.ResponseHandler { panic(probe.Secret) })}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil, o)
			a := e.post(t, "{__schema{types{name}}}", "Authorization", "Bearer ann", "Accept", graphqlType)
			if name == "an extension" {
				a = e.post(t, "{hello}", "Accept", graphqlType)
			}
			if a.status != 500 || codes(a.body.Errors) != "INTERNAL" || strings.Contains(a.text, probe.Secret) {
				t.Errorf("got %d %s", a.status, a.text)
			}
			if !strings.Contains(e.log.String(), probe.Secret) || !strings.Contains(e.log.String(), a.header.Get("X-Request-Id")) {
				t.Errorf("logged %s", e.log)
			}
		})
	}
}

// TestInternalIsLoggedWhoeverSaysIt holds that a hook cannot make an unknown fault silent or talkative.
func TestInternalIsLoggedWhoeverSaysIt(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Present: func(_ context.Context, err error) *gqlerror.Error {
		return &gqlerror.Error{Message: err.Error(), Extensions: map[string]any{"code": "INTERNAL"}}
	}})
	a := e.post(t, "{fail(how:UNKNOWN)}")
	if codes(a.body.Errors) != "INTERNAL" || strings.Contains(a.text, probe.Secret) || !strings.Contains(e.log.String(), probe.Secret) {
		t.Errorf("got %s, logged %s", a.text, e.log)
	}
}

// TestRequestErrorsHaveStatuses lets an extension refuse operations, as limits of rate and cost will.
func TestRequestErrorsHaveStatuses(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{
		"RATE_LIMITED": 429, "UNAVAILABLE": 503, "UNAUTHENTICATED": 401, "FORBIDDEN": 403, "INTERNAL": 500, "COST_LIMIT_EXCEEDED": 400,
	} {
		refuse := interceptor(func() graphql.ResponseHandler {
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{{Message: "no", Extensions: map[string]any{
				"code": code, "retryAfter": 1500 * time.Millisecond,
			}}}})
		})
		e := start(t, nil, transport.Options{Extensions: []graphql.HandlerExtension{refuse}})
		for _, accept := range []string{graphqlType, "application/json"} {
			a := e.post(t, "{hello}", "Accept", accept)
			if a.status != status || a.header.Get("Retry-After") != "2" || strings.Contains(a.text, `"data"`) {
				t.Errorf("%s as %s: %d %v %s", code, accept, a.status, a.header, a.text)
			}
		}
	}
}

// TestSettingsAreTaken sets limits of the document and of the caches, and sees them work.
func TestSettingsAreTaken(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Document:           transport.Limits{Aliases: 1, MutationFields: 1, Once: []string{"count"}},
		DocumentCacheBytes: 1, PassedDocuments: 1, // nothing and one: slower, and right all the same
	})
	for query, limit := range map[string]string{
		"{a:hello b:hello}":               "aliases",
		"mutation{count a:count}":         "mutationFields",
		"{" + strings.Repeat("node{", 17): "",
	} {
		a := e.post(t, query)
		if limit != "" && (codes(a.body.Errors) != "DOCUMENT_TOO_COMPLEX" || a.body.Errors[0].Extensions["limit"] != limit) {
			t.Errorf("%s: %s", query, a.text)
		}
	}
	for range 3 {
		if a := e.post(t, "{hello}"); string(a.body.Data) != `{"hello":"world"}` {
			t.Errorf("got %s", a.text)
		}
	}
}

// TestEventsOverHTTP2 holds that streams do not depend on the version: deadlines are per stream there.
func TestEventsOverHTTP2(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	front := httptest.NewUnstartedServer(e.Server)
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()
	e.url = front.URL
	s := e.events(t, front.Client(), "subscription{countTo(n:2)}")
	s.want(next(`{"data":{"countTo":1}}`), next(`{"data":{"countTo":2}}`), completed, "")
}

// unflushable hides everything but the three methods of http.ResponseWriter.
type unflushable struct{ http.ResponseWriter }

func TestEventsNeedFlush(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	w := httptest.NewRecorder()
	e.ServeHTTP(unflushable{w}, e.request(t, "{hello}", "Accept", "text/event-stream"))
	if !strings.Contains(e.log.String(), "can flush") {
		t.Errorf("logged %s", e.log)
	}
}

// BenchmarkPost is a small query in process: what the transport costs beside net/http.
func BenchmarkPost(b *testing.B) {
	s, err := transport.New(probe.Schema(&probe.Resolver{}), transport.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"query": "{hello node{name child{name}}}"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// interceptor is an extension made of one function.
type interceptor func() graphql.ResponseHandler

func (interceptor) ExtensionName() string                   { return "Interceptor" }
func (interceptor) Validate(graphql.ExecutableSchema) error { return nil }
func (f interceptor) InterceptOperation(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
	return f()
}

// TestRefusalsAreTold counts what never became an operation; what did is for extensions to see.
func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	var told []string
	e := start(t, nil, transport.Options{Refused: func(_ context.Context, code string) { told = append(told, code) }})
	for _, document := range []string{"{hello}", "{", "{noSuchField}", "{__schema{types{name}}}"} {
		e.post(t, document)
	}
	want := "GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED INTROSPECTION_DISABLED"
	if got := strings.Join(told, " "); got != want {
		t.Errorf("told %s; want %s", got, want)
	}
}
