package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

const graphqlType = "application/graphql-response+json"

// TestPostStatus walks the table of GraphQL over HTTP.
func TestPostStatus(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{MaxBody: 10_000})
	for name, c := range map[string]struct {
		method, body string
		header       map[string]string
		status       int
		code         string
		media        string
	}{
		"query":                 {body: `{"query":"{hello}"}`, status: 200, media: "application/json"},
		"query, response type":  {body: `{"query":"{hello}"}`, header: map[string]string{"Accept": graphqlType}, status: 200, media: graphqlType},
		"mutation":              {body: `{"query":"mutation{count}"}`, status: 200, media: "application/json"},
		"nulls":                 {body: `{"query":"{hello}","variables":null,"operationName":null,"extensions":null}`, status: 200},
		"unknown member":        {body: `{"query":"{hello}","id":1}`, status: 200},
		"charset":               {body: `{"query":"{hello}"}`, header: map[string]string{"Content-Type": "application/json; charset=UTF-8"}, status: 200},
		"identity encoding":     {body: `{"query":"{hello}"}`, header: map[string]string{"Content-Encoding": "identity"}, status: 200},
		"GET":                   {method: "GET", status: 405, code: "BAD_REQUEST"},
		"HEAD":                  {method: "HEAD", status: 405},
		"PUT":                   {method: "PUT", body: `{"query":"{hello}"}`, status: 405, code: "BAD_REQUEST"},
		"not acceptable":        {body: `{"query":"{hello}"}`, header: map[string]string{"Accept": "text/html"}, status: 406, code: "BAD_REQUEST"},
		"form":                  {body: `query={hello}`, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 415, code: "BAD_REQUEST"},
		"multipart":             {body: `x`, header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, status: 415, code: "BAD_REQUEST"},
		"text":                  {body: `{"query":"{hello}"}`, header: map[string]string{"Content-Type": "text/plain"}, status: 415, code: "BAD_REQUEST"},
		"no content type":       {body: `{"query":"{hello}"}`, header: map[string]string{"Content-Type": ""}, status: 415, code: "BAD_REQUEST"},
		"latin1":                {body: `{"query":"{hello}"}`, header: map[string]string{"Content-Type": "application/json; charset=latin1"}, status: 415, code: "BAD_REQUEST"},
		"gzip":                  {body: `x`, header: map[string]string{"Content-Encoding": "gzip"}, status: 415, code: "BAD_REQUEST"},
		"too large":             {body: `{"query":"{hello}","x":"` + strings.Repeat("x", 10_000) + `"}`, status: 413, code: "BAD_REQUEST"},
		"empty":                 {body: ``, status: 400, code: "BAD_REQUEST"},
		"not JSON":              {body: `{"query"`, status: 400, code: "BAD_REQUEST"},
		"two values":            {body: `{"query":"{hello}"} {}`, status: 400, code: "BAD_REQUEST"},
		"batch":                 {body: `[{"query":"{hello}"}]`, status: 400, code: "BAD_REQUEST"},
		"null":                  {body: `null`, status: 400, code: "BAD_REQUEST"},
		"not UTF-8":             {body: "{\"query\":\"{hello} #\xff\"}", status: 400, code: "BAD_REQUEST"},
		"no query":              {body: `{}`, status: 400, code: "BAD_REQUEST"},
		"wrong case":            {body: `{"Query":"{hello}"}`, status: 400, code: "BAD_REQUEST"},
		"query of another type": {body: `{"query":{}}`, status: 400, code: "BAD_REQUEST"},
		"variables as text":     {body: `{"query":"{hello}","variables":"{}"}`, status: 400, code: "BAD_REQUEST"},
		"syntax, JSON":          {body: `{"query":"{"}`, status: 200, code: "GRAPHQL_PARSE_FAILED"},
		"syntax":                {body: `{"query":"{"}`, header: map[string]string{"Accept": graphqlType}, status: 400, code: "GRAPHQL_PARSE_FAILED"},
		"invalid, JSON":         {body: `{"query":"{nowhere}"}`, status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
		"invalid":               {body: `{"query":"{nowhere}"}`, header: map[string]string{"Accept": graphqlType}, status: 400, code: "GRAPHQL_VALIDATION_FAILED"},
		"unknown operation":     {body: `{"query":"query a{hello}","operationName":"b"}`, header: map[string]string{"Accept": graphqlType}, status: 400, code: "GRAPHQL_VALIDATION_FAILED"},
		"bad variable":          {body: `{"query":"query($n:Int!){echo(text:\"x\",times:$n)}"}`, header: map[string]string{"Accept": graphqlType}, status: 400, code: "GRAPHQL_VALIDATION_FAILED"},
		"subscription":          {body: `{"query":"subscription{countTo(n:1)}"}`, status: 400, code: "BAD_REQUEST"},
		"too complex":           {body: `{"query":"{` + strings.Repeat("hello ", 101) + `}"}`, status: 400, code: "DOCUMENT_TOO_COMPLEX"},
		"introspection":         {body: `{"query":"{__schema{types{name}}}"}`, status: 400, code: "INTROSPECTION_DISABLED"},
		"deferred":              {body: `{"query":"{... @defer {hello}}"}`, status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
		"error in a nullable":   {body: `{"query":"{fail(how:UNKNOWN)}"}`, header: map[string]string{"Accept": graphqlType}, status: 200, code: "INTERNAL"},
		"error that took all":   {body: `{"query":"{failHard(how:UNKNOWN)}"}`, header: map[string]string{"Accept": graphqlType}, status: 200, code: "INTERNAL"},
		"bad token":             {body: `{"query":"{hello}"}`, header: map[string]string{"Authorization": "Bearer bad"}, status: 401, code: "UNAUTHENTICATED"},
		"no bearer":             {body: `{"query":"{hello}"}`, header: map[string]string{"Authorization": "Basic eDp5"}, status: 401, code: "UNAUTHENTICATED"},
		"empty token":           {body: `{"query":"{hello}"}`, header: map[string]string{"Authorization": "Bearer "}, status: 401, code: "UNAUTHENTICATED"},
		"page of another host":  {body: `{"query":"{hello}"}`, header: map[string]string{"Origin": "https://evil.example"}, status: 403, code: "FORBIDDEN"},
		"page of nowhere":       {body: `{"query":"{hello}"}`, header: map[string]string{"Origin": "null"}, status: 403, code: "FORBIDDEN"},
		"preflight of another":  {method: "OPTIONS", header: map[string]string{"Origin": "https://evil.example"}, status: 403, code: "FORBIDDEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := e.request(t, "")
			if c.method != "" {
				r.Method = c.method
			}
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			a := e.do(t, r)
			if a.status != c.status || codes(a.body.Errors) != c.code {
				t.Errorf("got %d %q, want %d %q: %s", a.status, codes(a.body.Errors), c.status, c.code, a.text)
			}
			if media := a.header.Get("Content-Type"); c.media != "" && media != c.media+"; charset=utf-8" {
				t.Errorf("media type %q", media)
			}
			if c.status == 405 && a.header.Get("Allow") != "POST, OPTIONS" {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
			if executed := c.status == 200 && (c.code == "" || c.code == "INTERNAL"); !executed && strings.Contains(a.text, `"data"`) {
				t.Errorf("a request error has data: %s", a.text)
			} else if executed && !strings.Contains(a.text, `"data"`) {
				t.Errorf("an executed operation has no data: %s", a.text)
			}
			if len(c.body) > 40 && strings.Contains(a.text, c.body) || strings.Contains(a.text, probe.Secret) {
				t.Errorf("the answer gives away too much: %s", a.text)
			}
		})
	}
}

func TestPostNegotiates(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	const json, response, events = "application/json", graphqlType, "text/event-stream"
	for accept, want := range map[string]string{
		"*/*":           json,
		"application/*": json,
		"application/json, application/graphql-response+json":                                     response,
		"application/graphql-response+json, application/json;q=0.9":                               response,
		"application/graphql-response+json;q=0.8, application/json":                               json,
		"application/json;q=0, */*":                                                               response,
		"application/graphql-response+json;q=0, application/*;q=0.2":                              json,
		"text/html, application/json;q=0.1":                                                       json,
		"APPLICATION/JSON; charset=utf-8":                                                         json,
		"text/event-stream":                                                                       events,
		"text/event-stream, application/json;q=0.9":                                               events,
		"application/graphql-response+json, application/json, text/event-stream, multipart/mixed": response,
		"text/*, application/json;q=0.5":                                                          json,
	} {
		a := e.post(t, "{hello}", "Accept", accept)
		if got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); a.status != 200 || got != want {
			t.Errorf("Accept %s: %d %s, want %s", accept, a.status, got, want)
		}
	}
	for _, accept := range []string{"application/json;q=0", "text/event-stream;q=0", "application/json;q=2", "multipart/mixed"} {
		if a := e.post(t, "{hello}", "Accept", accept); a.status != http.StatusNotAcceptable {
			t.Errorf("Accept %s: %d", accept, a.status)
		}
	}
	a := e.post(t, "subscription{countTo(n:2)}", "Accept", "application/json, text/event-stream")
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, events) || strings.Count(a.text, "event: next") != 2 {
		t.Errorf("a subscription of a caller who reads events: %s %s", got, a.text)
	}
}

func TestPostDraftOf2026(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{InvalidAs422: true})
	for accept, want := range map[string]int{graphqlType: 422, "application/json": 200} {
		for _, query := range []string{"{", "{nowhere}"} {
			if a := e.post(t, query, "Accept", accept); a.status != want {
				t.Errorf("%s as %s: %d, want %d", query, accept, a.status, want)
			}
		}
	}
	if a := e.post(t, "{__schema{types{name}}}", "Accept", graphqlType); a.status != 400 {
		t.Errorf("a refusal that is not about validity: %d", a.status)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	const page = "https://app.example.com"
	e := start(t, nil, transport.Options{Origins: []string{page}})
	a := e.post(t, "{hello}", "Origin", page)
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != page || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "X-Request-Id") {
		t.Errorf("allowed page: %d %v", a.status, a.header)
	}
	if a := e.post(t, "{hello}", "Origin", e.url); a.status != 200 {
		t.Errorf("page of the same host: %d", a.status)
	}
	for _, other := range []string{"http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example"} {
		if a := e.post(t, "{hello}", "Origin", other); a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", other, a.status, a.header)
		}
	}
	r := e.request(t, "", "Origin", page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
	r.Method, r.Body, r.ContentLength = http.MethodOptions, nil, 0
	a = e.do(t, r)
	if a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "POST" || a.header.Get("Access-Control-Allow-Credentials") != "" ||
		!strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	for _, bad := range []string{"*", "app.example.com", "https://app.example.com/", "https://*.example.com", "ftp://a", "https://a?b", "HTTPS://a"} {
		if _, err := transport.New(probe.Schema(&probe.Resolver{}), transport.Options{Origins: []string{bad}}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("origin %q was taken: %v", bad, err)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	for given, taken := range map[string]bool{
		"abc-123_4.5:6/7+8=": true, strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false, "a b": false, `a"b`: false, "合": false, "": false,
	} {
		a := e.post(t, "{fail(how:CODED)}", "X-Request-Id", given)
		id := a.header.Get("X-Request-Id")
		if (id == given) != taken || len(id) < 16 && !taken {
			t.Errorf("given %q: %q", given, id)
		}
		if a.body.Errors[0].Extensions["requestId"] != id {
			t.Errorf("the error has %v, the header %q", a.body.Errors[0].Extensions, id)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Present: func(_ context.Context, err error) *gqlerror.Error {
		if errors.Is(err, errOutage) {
			return &gqlerror.Error{Message: "try again", Extensions: map[string]any{"code": "UNAVAILABLE", "retryAfter": 3}}
		}
		return nil
	}})
	if a := e.post(t, "{viewer}"); a.status != 200 || string(a.body.Data) != `{"viewer":null}` {
		t.Errorf("anonymous: %s", a.text)
	}
	if a := e.post(t, "{viewer}", "Authorization", "bearer ann"); string(a.body.Data) != `{"viewer":"ann"}` {
		t.Errorf("ann: %s", a.text)
	}
	a := e.post(t, "{viewer}", "Authorization", "Bearer bad", "Accept", "text/event-stream")
	if a.status != 401 || !strings.HasPrefix(a.header.Get("Www-Authenticate"), "Bearer") || strings.Contains(a.text, probe.Secret) {
		t.Errorf("bad token: %d %v %s", a.status, a.header, a.text)
	}
	if a := e.post(t, "{viewer}", "Authorization", "Bearer outage"); a.status != 503 || a.header.Get("Retry-After") != "3" {
		t.Errorf("outage: %d %v %s", a.status, a.header, a.text)
	}
}

// TestErrorsLeakNothing sends errors of every kind through every way they can take.
func TestErrorsLeakNothing(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	for query, want := range map[string]string{
		"{fail(how:UNKNOWN)}":                     "INTERNAL",
		"{fail(how:PANIC)}":                       "INTERNAL",
		"{failHard(how:PANIC)}":                   "INTERNAL",
		"{fail(how:CODED)}":                       "FORBIDDEN",
		`{echo(text:"x", times:-1)}`:              "INTERNAL",
		`{a:fail(how:CODED) b:fail(how:UNKNOWN)}`: "",
		`{echo(text:"x", times:3000000000)}`:      "BAD_REQUEST",
	} {
		a := e.post(t, query)
		if want != "" && codes(a.body.Errors) != want {
			t.Errorf("%s: %s", query, a.text)
		}
		if strings.Contains(a.text, "pq:") || strings.Contains(a.text, "goroutine") || strings.Contains(a.text, "strings") {
			t.Errorf("%s gives away: %s", query, a.text)
		}
	}
	a := e.post(t, "query Broken {fail(how:PANIC)}", "X-Request-Id", "the-request")
	if len(a.body.Errors) != 1 || a.body.Errors[0].Path[0] != "fail" || a.body.Errors[0].Message != "internal error" {
		t.Errorf("got %s", a.text)
	}
	for _, part := range []string{probe.Secret, "requestId=the-request", "stack=", "path=fail"} {
		if !strings.Contains(e.log.String(), part) {
			t.Errorf("the log lacks %s", part)
		}
	}
}

func TestErrorsAreFewAndShort(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{MaxErrors: 3})
	var query strings.Builder
	for i := range 30 {
		query.WriteString(strings.Repeat("x", 1500+i) + " ")
	}
	a := e.post(t, "{"+query.String()+"}")
	if len(a.body.Errors) != 3 || len(a.text) > 3*1300 {
		t.Errorf("%d errors in %d bytes", len(a.body.Errors), len(a.text))
	}
}

func TestDefaultCapOfErrors(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	var query strings.Builder
	for i := range 50 {
		query.WriteString(strings.Repeat("x", i+1) + " ")
	}
	if a := e.post(t, "{"+query.String()+"}"); len(a.body.Errors) != 20 {
		t.Errorf("%d errors", len(a.body.Errors))
	}
}

// TestNoSuggestions asks for near misses of everything a hint could spell out.
func TestNoSuggestions(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	for _, query := range []string{
		`{helo}`,
		`{echo(txt:"a", text:"b")}`,
		`{echo(text:"a", mood:CHEERFULL)}`,
		`{echo(text:"a", mood:"CHEERFULL")}`,
		`{echo(text:"a", note:{subjet:"b", subject:"c"})}`,
		`fragment f on Nod {name} {node{...f}}`,
		`{node{... on Nod {name}}}`,
		`query($m:Mod){echo(text:"a", mood:$m)}`,
		`{hello @skp(if:true)}`,
		`{hello @skip(iff:true, if:true)}`,
		`{node}`,
		`{hello{x}}`,
	} {
		a := e.post(t, query)
		if len(a.body.Errors) == 0 || strings.Contains(strings.ToLower(a.text), "did you mean") {
			t.Errorf("%s: %s", query, a.text)
		}
		for _, hint := range []string{"CHEERFUL\\", `\"hello\"`, `\"text\"`, `\"subject\"`} {
			if strings.Contains(a.text, hint) && !strings.Contains(query, "hello") {
				t.Errorf("%s spells out %s: %s", query, hint, a.text)
			}
		}
	}
}

func TestIntrospectionPerRequest(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{AllowIntrospection: func(ctx context.Context) bool {
		name := caller(ctx)
		return name != nil && *name == "partner"
	}})
	const query = `{__schema{directives{name}}}`
	if a := e.post(t, query, "Accept", graphqlType); a.status != 400 || codes(a.body.Errors) != "INTROSPECTION_DISABLED" {
		t.Errorf("anonymous: %d %s", a.status, a.text)
	}
	a := e.post(t, query, "Authorization", "Bearer partner")
	if a.status != 200 || !strings.Contains(a.text, `"skip"`) || strings.Contains(a.text, `"defer"`) {
		t.Errorf("partner: %d %s", a.status, a.text)
	}
	if a := e.post(t, query); a.status != 400 {
		t.Errorf("anonymous, the document being known: %d %s", a.status, a.text)
	}
}

func TestOperationTimeout(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{OperationTimeout: time.Millisecond})
	a := e.post(t, "{wait}")
	if codes(a.body.Errors) != "UNAVAILABLE" {
		t.Errorf("got %s", a.text)
	}
}

// TestHooksHaveTheTimeOfAnOperation: a session store that hangs takes no more of anybody's patience than an operation
// may, on every transport.
func TestHooksHaveTheTimeOfAnOperation(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) (context.Context, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	e := start(t, nil, transport.Options{
		OperationTimeout: time.Millisecond,
		Authenticate:     func(ctx context.Context, _ string) (context.Context, error) { return hang(ctx) },
	})
	for _, accept := range []string{"application/json", "text/event-stream"} {
		if a := e.post(t, "{hello}", "Authorization", "Bearer ann", "Accept", accept); a.status != http.StatusServiceUnavailable || codes(a.body.Errors) != "UNAVAILABLE" {
			t.Errorf("%s: %d %s", accept, a.status, a.text)
		}
	}
	p := start(t, nil, transport.Options{OperationTimeout: time.Millisecond, Renew: hang}).open(t, `{"token":"ann"}`)
	p.subscribe("q", "{hello}")
	if got := p.want("error", "q"); !strings.Contains(got, "UNAVAILABLE") {
		t.Errorf("renewed: %s", got)
	}
}

// TestHooksAreFollowedByTheRequest: what a hook has found out holds as long as the request does, not as long as the hook
// was given.
func TestHooksAreFollowedByTheRequest(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Renew: func(ctx context.Context) (context.Context, error) {
			return context.WithValue(ctx, callerKey{}, "renewed"), nil
		},
	})
	p := e.open(t, `{"token":"ann"}`)
	p.subscribe("q", "{viewer}")
	if got := p.want("next", "q"); got != `{"data":{"viewer":"renewed"}}` {
		t.Errorf("got %s", got)
	}
	s := e.events(t, e.client, "subscription{countTo(n:2)}", "Authorization", "Bearer ann")
	s.want(next(`{"data":{"countTo":1}}`), next(`{"data":{"countTo":2}}`), completed, "")
}

// TestCallerGoesAway holds that a query ends when nobody waits for it.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	waiting := make(chan context.Context, 1)
	e := start(t, &probe.Resolver{Waiting: func(ctx context.Context) { waiting <- ctx }}, transport.Options{OperationTimeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		response, err := e.client.Do(e.request(t, "{wait}").WithContext(ctx))
		if err == nil {
			_ = response.Body.Close()
		}
		gone <- err
	}()
	running := <-waiting
	cancel()
	<-running.Done()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestHostileDocuments posts what would keep validation busy for minutes if it were reached.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{MaxBody: 4 << 20, Document: transport.Limits{Bytes: 1 << 30, Tokens: 1 << 30}})
	doubling := bytes.NewBufferString("{...f0} fragment f26 on Query {hello}")
	for i := range 26 {
		a, b := string(rune('a'+i)), string(rune('a'+i+1))
		doubling.WriteString(" fragment f" + a + " on Query {...f" + b + " ...f" + b + "}")
	}
	doubling.WriteString(" fragment f0 on Query {...fa} fragment f{ on Query {hello}")
	text := strings.ReplaceAll(doubling.String(), "f{", "fend")
	for name, query := range map[string]string{
		"doubling": text,
		"repeated": "{" + strings.Repeat("hello ", 16_000) + "}",
		"nested":   "{" + strings.Repeat(strings.Repeat("...{", 200)+"hello"+strings.Repeat("}", 200), 100) + "}",
	} {
		if a := e.post(t, query); codes(a.body.Errors) != "DOCUMENT_TOO_COMPLEX" {
			t.Errorf("%s: %.300s", name, a.text)
		}
	}
}
