package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
	"heyue/platform/clock"
)

// stream is an open event stream.
type stream struct {
	t      *testing.T
	body   io.ReadCloser
	lines  *bufio.Reader
	header http.Header
}

// events subscribes over an event stream with the client given.
func (e *endpoint) events(t *testing.T, client *http.Client, query string, header ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	r := e.request(t, query, append(header, "Accept", "text/event-stream")...).WithContext(ctx)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("got %d %v", response.StatusCode, response.Header)
	}
	return &stream{t, response.Body, bufio.NewReader(response.Body), response.Header}
}

// block returns the lines up to the next empty one, or "" at the end of the stream.
func (s *stream) block() string {
	s.t.Helper()
	var b strings.Builder
	for {
		line, err := s.lines.ReadString('\n')
		if errors.Is(err, io.EOF) && b.Len() == 0 {
			return ""
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

// event skips comments.
func (s *stream) event() string {
	s.t.Helper()
	for {
		if b := s.block(); b != ":\n" {
			return b
		}
	}
}

func (s *stream) want(blocks ...string) {
	s.t.Helper()
	for _, want := range blocks {
		if got := s.event(); got != want {
			s.t.Errorf("got %q, want %q", got, want)
		}
	}
}

const completed = "event: complete\ndata: \n"

func next(data string) string { return "event: next\ndata: " + data + "\n" }

func TestEventsOrder(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	s := e.events(t, e.client, "subscription{countTo(n:2)}")
	if first := s.block(); first != ":\n" {
		t.Errorf("begins with %q: a client should see at once that the stream is open", first)
	}
	s.want(next(`{"data":{"countTo":1}}`), next(`{"data":{"countTo":2}}`), completed, "")
	e.events(t, e.client, "{hello}").want(next(`{"data":{"hello":"world"}}`), completed, "")
	e.events(t, e.client, "{viewer}", "Authorization", "Bearer ann").want(next(`{"data":{"viewer":"ann"}}`), completed, "")
	if got := s.header.Get("X-Request-Id"); got == "" {
		t.Error("no request id")
	}
}

// TestEventsErrors holds that errors travel in next events, the stream being accepted, and leak nothing.
func TestEventsErrors(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{EventID: func(_ context.Context, r *graphql.Response) string {
		if strings.Contains(string(r.Data), "panic") {
			panic(probe.Secret)
		}
		return "bad\nid"
	}})
	for query, want := range map[string]struct {
		code   string
		before int
	}{
		"{":                                  {"GRAPHQL_PARSE_FAILED", 0},
		"{nowhere}":                          {"GRAPHQL_VALIDATION_FAILED", 0},
		"subscription{refused(how:CODED)}":   {"FORBIDDEN", 0},
		"subscription{refused(how:UNKNOWN)}": {"INTERNAL", 0},
		"subscription{refused(how:PANIC)}":   {"INTERNAL", 0},
		"subscription{broken}":               {"CURSOR_EXPIRED", 1},
		`{echo(text:"panic")}`:               {"INTERNAL", 0},
	} {
		s := e.events(t, e.client, query, "X-Request-Id", "stream-1")
		for range want.before {
			if got := s.event(); !strings.HasPrefix(got, "event: next\ndata: ") {
				t.Errorf("%s: got %q", query, got)
			}
		}
		text, found := strings.CutPrefix(s.event(), "event: next\ndata: ")
		var body struct{ Errors []problem }
		if err := json.Unmarshal([]byte(text), &body); err != nil || !found || codes(body.Errors) != want.code ||
			strings.Contains(text, `"data"`) || strings.Contains(text, probe.Secret) {
			t.Errorf("%s: got %q", query, text)
		} else if body.Errors[0].Extensions["requestId"] != "stream-1" {
			t.Errorf("%s: got %v", query, body.Errors[0].Extensions)
		}
		s.want(completed, "")
	}
}

func TestEventsResume(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{EventID: func(_ context.Context, r *graphql.Response) string {
		var data struct{ Messages struct{ Cursor string } }
		if err := json.Unmarshal(r.Data, &data); err != nil {
			return ""
		}
		return data.Messages.Cursor
	}})
	s := e.events(t, e.client, "subscription{messages{cursor}}", "Last-Event-ID", "41")
	s.want("event: next\nid: 42\ndata: {\"data\":{\"messages\":{\"cursor\":\"42\"}}}\n")
	s = e.events(t, e.client, "subscription{messages{cursor}}", "Last-Event-ID", strings.Repeat("4", 1025))
	s.want("event: next\nid: 1\ndata: {\"data\":{\"messages\":{\"cursor\":\"1\"}}}\n")
}

// extended adds a cursor to the extensions of every response.
type extended struct{}

func (extended) ExtensionName() string                   { return "Cursor" }
func (extended) Validate(graphql.ExecutableSchema) error { return nil }
func (extended) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	graphql.RegisterExtension(ctx, "cursor", "c1")
	return next(ctx)
}

func TestEventsTakeTheirIDFromExtensions(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Extensions: []graphql.HandlerExtension{extended{}}})
	e.events(t, e.client, "{hello}").want("event: next\nid: c1\ndata: {\"data\":{\"hello\":\"world\"},\"extensions\":{\"cursor\":\"c1\"}}\n", completed)
}

func TestEventsKeepAlive(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{KeepAlive: time.Millisecond})
	s := e.events(t, e.client, "subscription{messages{cursor}}")
	s.event()
	for range 3 {
		if got := s.block(); got != ":\n" {
			t.Errorf("got %q", got)
		}
	}
}

// TestEventsEndWithTheirClient holds that a client that goes away ends its resolver.
func TestEventsEndWithTheirClient(t *testing.T) {
	t.Parallel()
	running := make(chan context.Context, 1)
	e := start(t, &probe.Resolver{Messages: silent(running)}, transport.Options{})
	s := e.events(t, e.client, "subscription{messages{cursor}}")
	operation := <-running
	_ = s.body.Close()
	<-operation.Done()
}

// TestEventsStalled holds that a client that stops reading is ended by the write deadline.
func TestEventsStalled(t *testing.T) {
	t.Parallel()
	var given atomic.Int64
	ended := make(chan struct{}, 1)
	e := start(t, &probe.Resolver{Messages: flood(&given, ended)}, transport.Options{WriteTimeout: 300 * time.Millisecond})
	e.events(t, narrow(t), "subscription{messages{text}}")
	<-ended
	if n := given.Load(); n > 100 {
		t.Errorf("%d events were taken for a client that reads none", n)
	}
}

// TestEventsLease ends streams without complete, so that clients come back.
func TestEventsLease(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	revoked := make(chan struct{})
	e := start(t, nil, transport.Options{
		Clock: clock.At(now),
		Init: func(ctx context.Context) (transport.Lease, error) {
			switch *caller(ctx) {
			case "expired":
				return transport.Lease{Expires: now.Add(time.Millisecond)}, nil
			case "revoked":
				return transport.Lease{Ended: when(revoked)}, nil
			}
			return transport.Lease{}, errors.New("not you")
		},
	})
	const query = "subscription{messages{cursor}}"
	s := e.events(t, e.client, query, "Authorization", "Bearer expired")
	for got := s.event(); got != ""; got = s.event() {
		if got == completed {
			t.Error("an expired stream completed")
		}
	}
	s = e.events(t, e.client, query, "Authorization", "Bearer revoked")
	s.event()
	close(revoked)
	s.want("")
	if a := e.post(t, query, "Authorization", "Bearer mallory", "Accept", "text/event-stream"); a.status != 401 || codes(a.body.Errors) != "UNAUTHENTICATED" {
		t.Errorf("refused by Init: %d %s", a.status, a.text)
	}
}

func TestEventsDrain(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	s := e.events(t, e.client, "subscription{messages{cursor}}")
	s.event()
	if err := e.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	s.want("")
	a := e.post(t, "subscription{messages{cursor}}", "Accept", "text/event-stream")
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("a new stream while draining: %d %v", a.status, a.header)
	}
}

// TestPresentKnowsItsErrors holds that the hook's form of an error is used, placed where the error happened.
func TestPresentKnowsItsErrors(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Present: func(_ context.Context, err error) *gqlerror.Error {
		if strings.Contains(err.Error(), probe.Secret) {
			return &gqlerror.Error{Message: "known", Extensions: map[string]any{"code": "CONFLICT"}}
		}
		return nil
	}})
	a := e.post(t, "{fail(how:UNKNOWN)}")
	if codes(a.body.Errors) != "CONFLICT" || a.body.Errors[0].Message != "known" || len(a.body.Errors[0].Path) != 1 || len(a.body.Errors[0].Locations) != 1 {
		t.Errorf("got %s", a.text)
	}
	if strings.Contains(e.log.String(), probe.Secret) {
		t.Error("an error somebody vouches for was logged as unknown")
	}
}
