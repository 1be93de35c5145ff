// Package tracing follows work through the process in spans (OpenTelemetry), and hands them to a collector. It is off
// unless the settings name one; nothing is measured then and nothing started. Spans hold names out of the program: routes,
// fields of the schema, statements without their values, commands of Redis. They never hold what callers send, nor whose
// it is.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"heyue/platform/fault"
)

// Options say where spans go and how many.
type Options struct {
	URL      string            // of the collector, OTLP over HTTP: https://collector.example.com/v1/traces
	Headers  map[string]string // such as a key for it; they are secrets
	PerMille int               // how many of a thousand traces are kept
	Queue    int               // spans that wait to be sent; more are dropped
	Timeout  time.Duration     // how long sending may take
	Version  string
	// Exporter stands in for a collector in tests; URL and Headers are not looked at then.
	Exporter sdk.SpanExporter
}

// Tracer makes spans. A nil one makes none and costs nothing.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New returns a Tracer that sends what it samples in the background until Close.
func New(ctx context.Context, o Options) (*Tracer, error) {
	exporter := o.Exporter
	if exporter == nil {
		var err error
		exporter, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.URL), otlptracehttp.WithHeaders(o.Headers), otlptracehttp.WithTimeout(o.Timeout))
		if err != nil {
			return nil, fmt.Errorf("send traces: %w", err)
		}
	}
	// A trace that began elsewhere keeps its number and is sampled by it like our own: whoever calls cannot make us trace all
	// that they ask for.
	ours := sdk.TraceIDRatioBased(float64(o.PerMille) / 1000)
	provider := sdk.NewTracerProvider(
		sdk.WithSampler(sdk.ParentBased(ours, sdk.WithRemoteParentSampled(ours), sdk.WithRemoteParentNotSampled(sdk.NeverSample()))),
		sdk.WithBatcher(exporter, sdk.WithMaxQueueSize(o.Queue), sdk.WithMaxExportBatchSize(min(o.Queue, sdk.DefaultMaxExportBatchSize)), sdk.WithExportTimeout(o.Timeout)),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "heyue"), attribute.String("service.version", o.Version))),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("heyue")}, nil
}

// Close sends what waits, for as long as ctx lives.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Flush sends what waits.
func (t *Tracer) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.ForceFlush(ctx)
}

type key struct{}

// With returns a context whose work t follows; a nil t changes nothing.
func (t *Tracer) With(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, t)
}

// Follow begins the first span of a piece of work in this process, below the one that the caller of a request has named.
func (t *Tracer) Follow(ctx context.Context, carrier propagation.TextMapCarrier, name string, attributes ...attribute.KeyValue) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	if carrier != nil {
		ctx = propagation.TraceContext{}.Extract(ctx, carrier)
	}
	return begin(t.With(ctx), t, name, trace.SpanKindServer, attributes)
}

// Span is a piece of work that has begun. A nil one is nobody's.
type Span struct{ span trace.Span }

// Start begins a span below the one of ctx, when ctx is followed.
func Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, *Span) {
	t, ok := ctx.Value(key{}).(*Tracer)
	if !ok {
		return ctx, nil
	}
	return begin(ctx, t, name, trace.SpanKindInternal, attributes)
}

// Call is Start for what another server does: a statement, a command. It begins no trace: what nobody waits for, such as a
// look for work, is not worth one.
func Call(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, *Span) {
	t, ok := ctx.Value(key{}).(*Tracer)
	if !ok || !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, nil
	}
	return begin(ctx, t, name, trace.SpanKindClient, attributes)
}

func begin(ctx context.Context, t *Tracer, name string, kind trace.SpanKind, attributes []attribute.KeyValue) (context.Context, *Span) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return ctx, &Span{span}
}

// End ends the span. Of an error it tells the kind alone: its text may say what callers sent.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, kindOf(err))
	}
	s.span.End()
}

// Set adds an attribute.
func (s *Span) Set(a attribute.KeyValue) {
	if s != nil {
		s.span.SetAttributes(a)
	}
}

// Fail marks the span as failed, with a word of the program's.
func (s *Span) Fail(code string) {
	if s != nil {
		s.span.SetStatus(codes.Error, code)
	}
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "CANCELED"
	case errors.Is(err, context.DeadlineExceeded):
		return "DEADLINE_EXCEEDED"
	}
	if all := fault.All(err); len(all) > 0 {
		return string(all[0].Code)
	}
	return "INTERNAL"
}

// Traceparent is how the trace of ctx is told to another server (W3C Trace Context); "" when ctx is not followed.
func Traceparent(ctx context.Context) string {
	if _, ok := ctx.Value(key{}).(*Tracer); !ok {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// ID is the number of the trace of ctx, for log lines; "" when it is not followed or not kept.
func ID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.IsSampled() {
		return s.TraceID().String()
	}
	return ""
}
