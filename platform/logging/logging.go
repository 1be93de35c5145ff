// Package logging makes the process's logger: structured, with the request's id on every line, and without what must
// not be in a log.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"heyue/platform/tracing"
)

// Options say what is written and how. The values are those of HEYUE_LOG_LEVEL and HEYUE_LOG_FORMAT.
type Options struct {
	Level  string // debug, info, warn or error
	Format string // text or json
}

// New returns a logger that writes to w. It fails on an unknown level or format.
func New(w io.Writer, o Options) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.Level)); err != nil {
		return nil, fmt.Errorf("unknown log level %q", o.Level)
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	switch o.Format {
	case "text":
		return slog.New(contextual{slog.NewTextHandler(w, opts)}), nil
	case "json":
		return slog.New(contextual{slog.NewJSONHandler(w, opts)}), nil
	}
	return nil, fmt.Errorf("unknown log format %q", o.Format)
}

type key struct{}

// scope is what a context adds to every line.
type scope struct {
	requestID string
	attrs     []slog.Attr
}

// WithRequest returns a context whose lines carry the request's id.
func WithRequest(ctx context.Context, id string) context.Context {
	s := of(ctx)
	s.requestID = id
	return context.WithValue(ctx, key{}, s)
}

// With returns a context whose lines carry attrs too, for example the tenant's number.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	s := of(ctx)
	s.attrs = append(s.attrs[:len(s.attrs):len(s.attrs)], attrs...)
	return context.WithValue(ctx, key{}, s)
}

// RequestID returns the id of the request that ctx belongs to, or "" outside a request. Callers see it in
// extensions.requestId of an error and quote it to support.
func RequestID(ctx context.Context) string { return of(ctx).requestID }

func of(ctx context.Context) scope {
	s, _ := ctx.Value(key{}).(scope)
	return s
}

// requestKey is spelt as in extensions.requestId of an answer, so that one search finds both.
const requestKey = "requestId"

// traceKey leads from a line to the trace of its request, when that is kept.
const traceKey = "traceId"

// contextual adds the context's attributes to each record.
type contextual struct{ slog.Handler }

// Handle adds what the context carries.
func (h contextual) Handle(ctx context.Context, r slog.Record) error {
	s := of(ctx)
	if s.requestID != "" && !has(r, requestKey) {
		r.AddAttrs(slog.String(requestKey, s.requestID))
	}
	if id := tracing.ID(ctx); id != "" && !has(r, traceKey) {
		r.AddAttrs(slog.String(traceKey, id))
	}
	r.AddAttrs(s.attrs...)
	return h.Handler.Handle(ctx, r)
}

// has reports whether the line names key itself. A socket gives each of its operations an id of its own.
func has(r slog.Record, key string) (found bool) {
	r.Attrs(func(a slog.Attr) bool {
		found = found || a.Key == key
		return !found
	})
	return found
}

// WithAttrs keeps the wrapper around the inner handler.
func (h contextual) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextual{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the wrapper around the inner handler.
func (h contextual) WithGroup(name string) slog.Handler { return contextual{h.Handler.WithGroup(name)} }
