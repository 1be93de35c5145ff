package tracing_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"heyue/platform/tracing"
)

func watched(t *testing.T, perMille int) (*tracing.Tracer, func() tracetest.SpanStubs) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	tracer, err := tracing.New(t.Context(), tracing.Options{PerMille: perMille, Queue: 100, Exporter: spans})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracer.Close(context.WithoutCancel(t.Context())) })
	return tracer, func() tracetest.SpanStubs {
		t.Helper()
		if err := tracer.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return spans.GetSpans()
	}
}

// caller is a trace that began elsewhere.
const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestARequestIsFollowed from the caller's trace to what is called for it, and says nothing that the caller has written.
func TestARequestIsFollowed(t *testing.T) {
	t.Parallel()
	tracer, spans := watched(t, 1000)
	var onward, id string
	handler := tracer.HTTP("/graphql", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, work := tracing.Start(r.Context(), "Query.contracts")
		below, call := tracing.Call(ctx, "SELECT")
		onward, id = tracing.Traceparent(below), tracing.ID(below)
		call.End(errors.New("MARK"))
		work.End(nil)
		w.WriteHeader(http.StatusBadGateway)
		http.NewResponseController(w).Flush()
	}))
	r := httptest.NewRequest("MARK", "/graphql?q=MARK", strings.NewReader("MARK"))
	r.Header.Set("Traceparent", caller)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	got := spans()
	if len(got) != 3 {
		t.Fatalf("%d spans", len(got))
	}
	below := map[string]string{}
	for _, s := range got {
		if s.SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is of another trace", s.Name)
		}
		for _, a := range s.Attributes {
			if strings.Contains(a.Value.Emit(), "MARK") {
				t.Errorf("%s says %s", s.Name, a.Value.Emit())
			}
		}
		if strings.Contains(s.Status.Description, "MARK") {
			t.Errorf("%s says %s", s.Name, s.Status.Description)
		}
		below[s.SpanContext.SpanID().String()] = s.Name
	}
	if got[0].Name != "SELECT" || below[got[0].Parent.SpanID().String()] != "Query.contracts" || below[got[1].Parent.SpanID().String()] != "OTHER /graphql" || got[2].Parent.SpanID().String() != "b7ad6b7169203331" {
		t.Errorf("the spans are %v", below)
	}
	if want := "00-" + id + "-" + got[0].SpanContext.SpanID().String() + "-01"; onward != want || id == "" {
		t.Errorf("others are told %s, want %s", onward, want)
	}
}

// TestCallersDoNotDecideWhatIsKept: a trace that a caller marks as kept is sampled like any other, and one marked as not
// kept is not.
func TestCallersDoNotDecideWhatIsKept(t *testing.T) {
	t.Parallel()
	none, spans := watched(t, 0)
	all, kept := watched(t, 1000)
	for _, tracer := range []*tracing.Tracer{none, all} {
		for _, parent := range []string{caller, strings.TrimSuffix(caller, "1") + "0", ""} {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("Traceparent", parent)
			tracer.HTTP("/", http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	if got := len(spans()); got != 0 {
		t.Errorf("with no sampling %d spans were kept", got)
	}
	if got := len(kept()); got != 2 {
		t.Errorf("%d spans were kept, want the caller's and our own", got)
	}
}

// TestOffCostsNothing: without a tracer nothing is allocated, and the handler is the one that was given.
func TestOffCostsNothing(t *testing.T) { //nolint:paralleltest // allocations are counted for the whole process
	var off *tracing.Tracer
	next := &handler{}
	if off.HTTP("/", next) != http.Handler(next) || off.With(t.Context()) != t.Context() {
		t.Error("a tracer that is off stands in the way")
	}
	ctx := context.Background()
	allocated := testing.AllocsPerRun(100, func() {
		_, span := tracing.Start(ctx, "x")
		_, call := tracing.Call(ctx, "x")
		span.End(nil)
		call.End(nil)
	})
	if allocated != 0 || tracing.Traceparent(ctx) != "" || tracing.ID(ctx) != "" || off.Close(ctx) != nil || off.Flush(ctx) != nil {
		t.Errorf("%v allocations", allocated)
	}
}

type handler struct{}

func (*handler) ServeHTTP(http.ResponseWriter, *http.Request) {}

// TestSpansReachACollector over OTLP, with its key.
func TestSpansReachACollector(t *testing.T) {
	t.Parallel()
	got := make(chan *http.Request, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r }))
	defer collector.Close()
	tracer, err := tracing.New(t.Context(), tracing.Options{
		URL: collector.URL + "/v1/traces", Headers: map[string]string{"Authorization": "Bearer x"}, PerMille: 1000, Queue: 10, Timeout: 10_000_000_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tracing.Start(tracer.With(t.Context()), "job")
	span.End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := <-got; r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("the collector got %s, %v", r.URL, r.Header)
	}
}
