package app

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/clock"
	"heyue/platform/metrics"
)

// operations counts and times GraphQL operations: a query or mutation when its answer is ready, a subscription when its
// first event is, or when it ends without one. Labels are names of the schema and error codes.
type operations struct {
	metrics *metrics.Operations
	clock   clock.Clock
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = operations{}

// ExtensionName is asked for by gqlgen.
func (operations) ExtensionName() string { return "OperationMetrics" }

// Validate has nothing to object to.
func (operations) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation measures to the first response.
func (o operations) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	began := o.clock.Now()
	definition := graphql.GetOperationContext(ctx).Operation
	kind, field := string(definition.Operation), firstField(definition.SelectionSet)
	handler, seen := next(ctx), false
	return func(ctx context.Context) *graphql.Response {
		response := handler(ctx)
		if !seen {
			seen = true
			o.metrics.Observe(kind, field, outcome(response), o.clock.Now().Sub(began))
		}
		return response
	}
}

// refused counts a document that never became an operation.
func (o operations) refused(_ context.Context, code string) { o.metrics.Observe("", "", code, 0) }

// firstField is the schema's name of the first root field. The document is valid, so there is one and it is known.
func firstField(set ast.SelectionSet) string {
	for _, s := range set {
		var name string
		switch s := s.(type) {
		case *ast.Field:
			name = s.Name
		case *ast.InlineFragment:
			name = firstField(s.SelectionSet)
		case *ast.FragmentSpread:
			name = firstField(s.Definition.SelectionSet)
		}
		if name != "" {
			return name
		}
	}
	return ""
}

// outcome is "ok" or the code of the first error.
func outcome(r *graphql.Response) string {
	if r == nil || len(r.Errors) == 0 {
		return "ok"
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}
