package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

// patience is how long a test waits for something that must happen. It is never part of a result.
const patience = time.Minute

// log collects what the server logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// endpoint is a running server.
type endpoint struct {
	*transport.Server
	url    string
	client *http.Client
	log    *log
}

// start serves the probe schema. Tokens are "good", "bad" and "outage"; the caller's name is the token.
func start(t *testing.T, r *probe.Resolver, o transport.Options) *endpoint {
	t.Helper()
	e := &endpoint{log: &log{}}
	if r == nil {
		r = &probe.Resolver{}
	}
	if r.Viewer == nil {
		r.Viewer = caller
	}
	if o.Authenticate == nil {
		o.Authenticate = authenticate
	}
	if o.DrainJitter == 0 {
		o.DrainJitter = time.Millisecond
	}
	o.Logger = slog.New(slog.NewTextHandler(e.log, nil))
	server, err := transport.New(probe.Schema(r), o)
	if err != nil {
		t.Fatal(err)
	}
	e.Server = server
	front := httptest.NewServer(server)
	e.url, e.client = front.URL, front.Client()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := server.Drain(ctx); err != nil {
			t.Error(err)
		}
		front.CloseClientConnections()
		front.Close()
	})
	return e
}

type callerKey struct{}

func caller(ctx context.Context) *string {
	name, ok := ctx.Value(callerKey{}).(string)
	if !ok {
		return nil
	}
	return &name
}

var errOutage = errors.New("the session store is down")

func authenticate(ctx context.Context, bearer string) (context.Context, error) {
	switch bearer {
	case "bad":
		return nil, errors.New("signature is wrong: " + probe.Secret)
	case "outage":
		return nil, errOutage
	}
	return context.WithValue(ctx, callerKey{}, bearer), nil
}

// when is a session that is over once a channel is closed.
func when(over <-chan struct{}) func(func()) func() {
	return func(then func()) func() {
		left := make(chan struct{})
		go func() {
			select {
			case <-over:
				then()
			case <-left:
			}
		}()
		return func() { close(left) }
	}
}

// answer is an HTTP response, read to its end.
type answer struct {
	status int
	header http.Header
	text   string
	body   struct {
		Data       json.RawMessage
		Errors     []problem
		Extensions map[string]any
	}
}

type problem struct {
	Message    string
	Path       []any
	Locations  []any
	Extensions map[string]any
}

// codes lists extensions.code of all errors.
func codes(list []problem) string {
	var all []string
	for _, e := range list {
		code, _ := e.Extensions["code"].(string)
		all = append(all, code)
	}
	return strings.Join(all, " ")
}

// request is a POST of a document as JSON, to be changed by the test.
func (e *endpoint) request(t *testing.T, query string, header ...string) *http.Request {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (e *endpoint) do(t *testing.T, r *http.Request) *answer {
	t.Helper()
	response, err := e.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := &answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if len(text) > 0 && strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return a
}

// post sends a document with headers given as name, value, name, value.
func (e *endpoint) post(t *testing.T, query string, header ...string) *answer {
	t.Helper()
	return e.do(t, e.request(t, query, header...))
}
