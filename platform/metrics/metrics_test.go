package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heyue/platform/metrics"
)

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l+"\n") {
			t.Errorf("metrics lack %q", l)
		}
	}
}

func TestRequestsAreMeasured(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry("1.2.3")
	web := metrics.NewHTTP(r)
	handler := metrics.Handler(r)
	inside := ""
	h := web.Wrap("/graphql", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside = scrape(t, handler)
		if _, ok := w.(http.Flusher); !ok {
			t.Error("the Flusher is lost")
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql?x=private", nil))
	wantLines(t, inside, `heyue_http_running{kind="request",route="/graphql"} 1`)
	out := scrape(t, handler)
	wantLines(t, out,
		`heyue_http_request_seconds_count{code="418",method="post",route="/graphql"} 1`,
		`heyue_http_running{kind="request",route="/graphql"} 0`,
		`heyue_build_info{version="1.2.3"} 1`,
	)
	if strings.Contains(out, "private") || !strings.Contains(out, "go_goroutines ") {
		t.Error("a query string is a label, or the runtime is not measured")
	}
}

func TestSocketsKeepTheirConnection(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry("x")
	web := metrics.NewHTTP(r)
	inside := ""
	srv := httptest.NewServer(web.Wrap("/graphql", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside = scrape(t, metrics.Handler(r))
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = conn.Close()
	})))
	defer srv.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "WebSocket")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", res, err)
	}
	_ = res.Body.Close()
	wantLines(t, inside, `heyue_http_running{kind="socket",route="/graphql"} 1`)
	if out := scrape(t, metrics.Handler(r)); strings.Contains(out, "heyue_http_request_seconds_count") {
		t.Error("a socket has a duration")
	}
}

func TestOperationsAreMeasured(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry("x")
	ops := metrics.NewOperations(r)
	ops.Observe("query", "contracts", "ok", 3*time.Millisecond)
	ops.Observe("query", "contracts", "ok", 30*time.Millisecond)
	ops.Observe("mutation", "signContract", "FORBIDDEN", time.Second)
	wantLines(t, scrape(t, metrics.Handler(r)),
		`heyue_operation_seconds_bucket{field="contracts",kind="query",outcome="ok",le="0.005"} 1`,
		`heyue_operation_seconds_count{field="contracts",kind="query",outcome="ok"} 2`,
		`heyue_operation_seconds_count{field="signContract",kind="mutation",outcome="FORBIDDEN"} 1`,
	)
}

func TestTheProductIsMeasured(t *testing.T) {
	t.Parallel()
	p := metrics.NewProduct()
	p.Statement(3*time.Millisecond, false) // before anybody reads
	r := metrics.NewRegistry("1.2.3")
	subscribers := 2
	p.Register(r, metrics.Gauges{
		Subscriptions: func() (int, int) { return subscribers, 1 }, Snapshots: func() (uint64, uint64, int) { return 7, 3, 1 },
	})
	p.Statement(time.Second, true)
	p.Numbered(90 * time.Second)
	p.Scanned(2*time.Hour, 5, 2, 1)
	subscribers++
	wantLines(t, scrape(t, metrics.Handler(r)),
		`heyue_sql_seconds_bucket{outcome="ok",le="0.002"} 0`, `heyue_sql_seconds_bucket{outcome="ok",le="0.005"} 1`, `heyue_sql_seconds_count{outcome="failed"} 1`,
		`heyue_outbox_lag_seconds_bucket{le="60"} 0`, `heyue_outbox_lag_seconds_bucket{le="300"} 1`, `heyue_scan_lag_seconds_bucket{le="3600"} 0`,
		`heyue_reminders_total{result="raised"} 5`, `heyue_reminders_total{result="skipped"} 2`, `heyue_reminders_total{result="unheard"} 1`,
		`heyue_subscribers 3`, `heyue_executions_subscribed 1`, `heyue_snapshots_asked_total 7`, `heyue_snapshots_loaded_total 3`, `heyue_snapshots_kept 1`)
}
