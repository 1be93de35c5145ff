package tenancy

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"heyue/platform/tracing"
)

// spanText is how many bytes of a statement a span keeps.
const spanText = 2048

// statementSpan begins the span of a statement. Its text has no values in it: those are parameters.
func statementSpan(ctx context.Context, sql string) *tracing.Span {
	verb, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	text := strings.ToValidUTF8(sql[:min(len(sql), spanText)], "")
	_, span := tracing.Call(ctx, strings.ToUpper(verb), attribute.String("db.system.name", "postgresql"), attribute.String("db.query.text", text))
	return span
}
