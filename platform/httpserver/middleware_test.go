package httpserver_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"heyue/platform/httpserver"
	"heyue/platform/logging"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func mustRequest(t *testing.T) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	r := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") != logging.RequestID(r.Context()) {
			t.Error("the handler sees another id in the header than in the context")
		}
		_, _ = io.WriteString(w, logging.RequestID(r.Context()))
	}), nil)
	tests := map[string]struct {
		given string
		kept  bool
	}{
		"none": {"", false}, "good": {"abc-DEF_123.4", true}, "longest": {strings.Repeat("a", 64), true},
		"short": {"abcdefg", false}, "long": {strings.Repeat("a", 65), false}, "forging a log": {"abcdefgh level=ERROR", false},
		"markup": {"<b>12345678</b>", false},
	}
	for name, tt := range tests {
		_, body, header := r.get(t, r.Addr(), "/", "X-Request-Id", tt.given)
		if body != header.Get("X-Request-Id") || (body == tt.given) != tt.kept || len(body) < 8 {
			t.Errorf("%s: context %q, header %q; kept want %v", name, body, header.Get("X-Request-Id"), tt.kept)
		}
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

func TestPanicIsAnAnswerAndALine(t *testing.T) {
	t.Parallel()
	r := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		panic("a bug, with password=hunter2")
	}), nil)
	code, body, header := r.get(t, r.Addr(), "/")
	if code != 500 || body != "internal error\n" || header.Get("X-Request-Id") == "" {
		t.Errorf("answer %d %q", code, body)
	}
	log := r.log.String()
	if !strings.Contains(log, "a bug") || !strings.Contains(log, "middleware_test.go") ||
		!strings.Contains(log, header.Get("X-Request-Id")) || strings.Contains(log, "hunter2") {
		t.Errorf("log: %s", log)
	}
	if res, err := r.client.Get("http://" + r.Addr() + "/abort"); err == nil {
		_ = res.Body.Close()
		t.Error("ErrAbortHandler was answered")
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

func TestStalledBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	r := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		failed <- err
	}), func(o *httpserver.Options) { o.Limits.Read = time.Millisecond })
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading the rest: %v; want a timeout", err)
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

// deadlines records what a handler asks of the connection.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

// SetReadDeadline is called by http.ResponseController.
func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// TestStreamsOutliveTheirBodysDeadline is about answers that go on for hours after the body has been read.
func TestStreamsOutliveTheirBodysDeadline(t *testing.T) {
	t.Parallel()
	read := httpserver.ReadDeadline(time.Second, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
	}))
	w := &deadlines{ResponseRecorder: newRecorder()}
	read.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("body")))
	if len(w.set) != 2 || w.set[0].IsZero() || !w.set[1].IsZero() {
		t.Errorf("deadlines %v; want one that is lifted at the end of the body", w.set)
	}
	w = &deadlines{ResponseRecorder: newRecorder()}
	read.ServeHTTP(w, mustRequest(t))
	if len(w.set) != 0 {
		t.Errorf("a request without a body got deadlines %v", w.set)
	}
}
