package httpserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"heyue/platform/httpserver"
	"heyue/platform/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// syncBuffer is a log that the server's goroutines may write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

type running struct {
	*httpserver.Server
	health *httpserver.Health
	log    *syncBuffer
	client *http.Client
	delay  chan time.Time     // sending ends the drain delay
	asked  chan time.Duration // the delay that was asked for
	stop   context.CancelFunc
	hurry  chan struct{}
	done   chan error
}

// start runs a server on free ports. Time only passes when the test says so.
func start(t *testing.T, public http.Handler, change func(*httpserver.Options), checks ...httpserver.Check) *running {
	t.Helper()
	r := &running{
		log: &syncBuffer{}, client: &http.Client{Transport: &http.Transport{}},
		delay: make(chan time.Time), asked: make(chan time.Duration, 1), hurry: make(chan struct{}), done: make(chan error, 1),
	}
	log, err := logging.New(r.log, logging.Options{Level: "info", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	r.health = httpserver.NewHealth(log, time.Minute, checks...)
	o := httpserver.Options{
		Addr: "127.0.0.1:0", InternalAddr: "127.0.0.1:0", Public: public, Health: r.health, Log: log,
		Metrics:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
		DrainDelay: 3 * time.Second, Grace: time.Minute,
		After: func(d time.Duration) <-chan time.Time { r.asked <- d; return r.delay },
	}
	if change != nil {
		change(&o)
	}
	if r.Server, err = httpserver.Listen(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() { r.done <- r.Run(ctx, r.hurry) }()
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

func (r *running) get(t *testing.T, addr, path string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func (r *running) finish(t *testing.T) error {
	t.Helper()
	r.stop()
	close(r.hurry)
	return <-r.done
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestInternalPagesAreNotPublic(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", hello)
	r := start(t, mux, nil)
	for path, want := range map[string]int{"/hello": 200, "/metrics": 404, "/livez": 404, "/readyz": 404} {
		if code, body, _ := r.get(t, r.Addr(), path); code != want {
			t.Errorf("public %s: %d %s; want %d", path, code, body, want)
		}
	}
	for path, want := range map[string]string{"/metrics": "metrics", "/livez": `{"status":"live"}` + "\n", "/readyz": `{"status":"ready"}` + "\n"} {
		if code, body, _ := r.get(t, r.InternalAddr(), path); code != 200 || body != want {
			t.Errorf("internal %s: %d %q; want %q", path, code, body, want)
		}
	}
	if code, _, _ := r.get(t, r.InternalAddr(), "/hello"); code != 404 {
		t.Error("the API is on the internal address")
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

// TestWithoutCallers is a process that only works: operators can watch it, and there is nobody to wait for.
func TestWithoutCallers(t *testing.T) {
	t.Parallel()
	r := start(t, nil, nil)
	if r.Addr() != "" {
		t.Errorf("it listens for callers at %s", r.Addr())
	}
	if code, _, _ := r.get(t, r.InternalAddr(), "/readyz"); code != 200 {
		t.Errorf("readyz: %d", code)
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

func TestStopLosesNothing(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", hello)
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if err := r.Context().Err(); err != nil {
			t.Errorf("the running request was cancelled: %v", err)
		}
		hello(w, r)
	})
	drained := make(chan struct{})
	r := start(t, mux, func(o *httpserver.Options) { o.OnDrain = func(context.Context) { close(drained) } })
	slow := make(chan string)
	go func() {
		res, err := http.Get("http://" + r.Addr() + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		slow <- string(b)
	}()
	<-entered
	r.stop()
	if d := <-r.asked; d != 3*time.Second {
		t.Errorf("drain delay %v", d)
	}
	// In the delay: not ready, and still serving.
	if code, body, _ := r.get(t, r.InternalAddr(), "/readyz"); code != 503 || !strings.Contains(body, "draining") {
		t.Errorf("/readyz while stopping: %d %s", code, body)
	}
	if code, _, _ := r.get(t, r.InternalAddr(), "/livez"); code != 200 {
		t.Errorf("/livez while stopping: %d", code)
	}
	if code, body, _ := r.get(t, r.Addr(), "/hello"); code != 200 || body != "hello" {
		t.Errorf("new request in the delay: %d %s", code, body)
	}
	r.delay <- time.Time{}
	<-drained // sockets are told while the slow request still runs
	select {
	case err := <-r.done:
		t.Fatalf("stopped before the running request had its answer: %v", err)
	default:
	}
	close(release)
	if got := <-slow; got != "hello" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v", err)
	}
	if c, err := net.Dial("tcp", r.Addr()); err == nil {
		_ = c.Close()
		t.Error("the address still takes connections")
	}
}

func TestHurrySkipsTheDelay(t *testing.T) {
	t.Parallel()
	r := start(t, http.HandlerFunc(hello), nil)
	r.stop()
	<-r.asked // the delay has begun, and nothing in this test ends it
	close(r.hurry)
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

func TestGraceEnds(t *testing.T) {
	t.Parallel()
	entered, ended := make(chan struct{}), make(chan struct{})
	r := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(ended)
	}), func(o *httpserver.Options) { o.Grace = 0 })
	go func() {
		if res, err := http.Get("http://" + r.Addr()); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-entered
	err := r.finish(t)
	if err == nil || !strings.Contains(err.Error(), "still ran") {
		t.Errorf("Run = %v; want an error about the request that was cut off", err)
	}
	<-ended // its context was cancelled
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	log := slog.New(slog.DiscardHandler)
	for name, o := range map[string]httpserver.Options{
		"callers":   {Addr: taken, InternalAddr: "127.0.0.1:0"},
		"operators": {Addr: "127.0.0.1:0", InternalAddr: taken},
	} {
		o.Log, o.Health, o.Public = log, httpserver.NewHealth(log, time.Second), http.NotFoundHandler()
		_, err := httpserver.Listen(o)
		if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want an error with the address", name, err)
		}
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var database, cache error
	r := start(t, http.HandlerFunc(hello), nil,
		httpserver.Check{Name: "database", Probe: func(context.Context) error { return database }},
		httpserver.Check{Name: "redis", Probe: func(context.Context) error { return cache }, Optional: true},
	)
	tests := []struct {
		name            string
		database, cache error
		code            int
		body            string
	}{
		{"all there", nil, nil, 200, `{"status":"ready","checks":[{"name":"database","ok":true},{"name":"redis","ok":true,"optional":true}]}`},
		{"optional missing", nil, errors.New("inner detail"), 200, `{"status":"ready","checks":[{"name":"database","ok":true},{"name":"redis","ok":false,"optional":true}]}`},
		{"needed missing", errors.New("inner detail"), nil, 503, `{"status":"not ready","checks":[{"name":"database","ok":false},{"name":"redis","ok":true,"optional":true}]}`},
	}
	for _, tt := range tests {
		database, cache = tt.database, tt.cache
		code, body, _ := r.get(t, r.InternalAddr(), "/readyz")
		if code != tt.code || strings.TrimSpace(body) != tt.body {
			t.Errorf("%s: %d %s; want %d %s", tt.name, code, body, tt.code, tt.body)
		}
	}
	if !strings.Contains(r.log.String(), "inner detail") {
		t.Error("the reason is not in the log")
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

func TestCheckThatHangsEndsWithItsTime(t *testing.T) {
	t.Parallel()
	h := httpserver.NewHealth(slog.New(slog.DiscardHandler), time.Nanosecond,
		httpserver.Check{Name: "database", Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
	w := newRecorder()
	h.Ready(w, mustRequest(t))
	if w.Code != 503 {
		t.Errorf("a hanging check: %d", w.Code)
	}
}
