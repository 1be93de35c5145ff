package transport

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// maxMessage is how many bytes of an error message are sent. Validation messages quote names from the
// document, which may be long, and every one of twenty errors may quote the same name.
const maxMessage = 1000

// presenter turns every error into what the caller may see: a code, a safe message and the request id.
type presenter struct {
	known func(context.Context, error) *gqlerror.Error // Options.Present; may be nil
	log   *slog.Logger
}

// present is gqlgen's error presenter. An error nobody vouches for becomes INTERNAL and goes to the log.
func (p *presenter) present(ctx context.Context, err error) *gqlerror.Error {
	var placed *gqlerror.Error
	errors.As(err, &placed)
	e := p.classify(ctx, err, placed)
	out := *e
	if placed != nil && out.Path == nil {
		out.Path = placed.Path
	}
	if placed != nil && out.Locations == nil {
		out.Locations = placed.Locations
	}
	if out.Locations == nil {
		out.Locations = location(ctx, out.Path)
	}
	out.Message = shorten(out.Message)
	out.Extensions = maps.Clone(e.Extensions)
	if out.Extensions == nil {
		out.Extensions = map[string]any{}
	}
	if id := RequestID(ctx); id != "" {
		out.Extensions["requestId"] = id
	}
	return &out
}

// location is where the document asks for the field that failed. gqlgen gives none for fields that it resolves in
// batches; their paths differ from the present one in the position within a list at most. Errors about a part of a
// field's arguments lie deeper and have no place of their own.
func location(ctx context.Context, path ast.Path) []gqlerror.Location {
	at := graphql.GetFieldContext(ctx)
	if at == nil || at.Field.Field == nil || at.Field.Position == nil || len(path) != len(graphql.GetPath(ctx)) {
		return nil
	}
	return []gqlerror.Location{{Line: at.Field.Position.Line, Column: at.Field.Position.Column}}
}

// classify finds who vouches for the error: a code already in it, Options.Present, or gqlgen's own number
// errors, which say only that an Int does not fit. What is left when the operation has been stopped is
// taken for a consequence of that: drivers say so in many words. INTERNAL is nobody's to vouch for.
func (p *presenter) classify(ctx context.Context, err error, placed *gqlerror.Error) *gqlerror.Error {
	if codeOf(placed) != "" {
		return placed
	}
	if p.known != nil {
		if e := p.known(ctx, err); codeOf(e) != "" && codeOf(e) != fault.CodeInternal {
			return e
		}
	}
	var number *graphql.IntegerError
	switch {
	case errors.As(err, &number):
		return coded(fault.CodeBadRequest, "%s", number.Message)
	case ctx.Err() != nil:
		p.log.InfoContext(ctx, "graphql operation stopped", "error", err, "requestId", RequestID(ctx), "operation", operationName(ctx))
		return stopped(ctx)
	}
	return p.internal(ctx, "graphql error nobody vouches for", slog.String("error", err.Error()))
}

// recovered is gqlgen's recover function: the panic and its stack go to the log, the caller sees INTERNAL.
func (p *presenter) recovered(ctx context.Context, panicked any) error {
	return p.internal(ctx, "graphql panic", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
}

func (p *presenter) internal(ctx context.Context, message string, attrs ...slog.Attr) *gqlerror.Error {
	attrs = append(attrs, slog.String("requestId", RequestID(ctx)), slog.String("operation", operationName(ctx)))
	if path := graphql.GetPath(ctx); len(path) > 0 {
		attrs = append(attrs, slog.String("path", path.String()))
	}
	p.log.LogAttrs(ctx, slog.LevelError, message, attrs...)
	return coded(fault.CodeInternal, "internal error")
}

// list presents errors that did not pass through gqlgen.
func (p *presenter) list(ctx context.Context, errs ...*gqlerror.Error) gqlerror.List {
	out := make(gqlerror.List, len(errs))
	for i, e := range errs {
		out[i] = p.present(ctx, e)
	}
	return out
}

// stopped tells an operation that ran out of time from one whose caller went away.
func stopped(ctx context.Context) *gqlerror.Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return coded(fault.CodeUnavailable, "the operation took too long and was stopped")
	}
	return coded(fault.CodeUnavailable, "the operation was stopped")
}

func operationName(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	return graphql.GetOperationContext(ctx).OperationName
}

func shorten(message string) string {
	if len(message) <= maxMessage && utf8.ValidString(message) {
		return message
	}
	cut := message[:min(len(message), maxMessage)]
	return strings.ToValidUTF8(cut, "") + "…"
}
