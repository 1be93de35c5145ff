package compile

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Difference is a query that was answered in two ways.
type Difference struct {
	Operation          *graphql.OperationContext
	Compiled, Resolved []byte
}

// Checked answers one of every so many queries a second time by the resolvers alone, and tells differs of answers that are not the
// same. Since rows may change between the two, it looks a second time before it does. Callers get the first answer, and wait for the
// comparison.
func Checked(es graphql.ExecutableSchema, every int, differs func(context.Context, Difference)) graphql.ExecutableSchema {
	if every <= 0 {
		return es
	}
	return &checked{ExecutableSchema: es, every: uint64(every), differs: differs}
}

type checked struct {
	graphql.ExecutableSchema
	every   uint64
	asked   atomic.Uint64
	differs func(context.Context, Difference)
}

// Exec runs an operation.
func (c *checked) Exec(ctx context.Context) graphql.ResponseHandler {
	first := c.ExecutableSchema.Exec(ctx)
	oc := graphql.GetOperationContext(ctx)
	if oc.Operation.Operation != ast.Query || c.asked.Add(1)%c.every != 0 {
		return first
	}
	return func(ctx context.Context) *graphql.Response {
		response := first(ctx)
		if response == nil {
			return nil
		}
		d := Difference{Operation: oc, Compiled: response.Data}
		if d.Resolved = c.answer(Off(ctx)); bytes.Equal(d.Compiled, d.Resolved) {
			return response
		}
		d.Compiled, d.Resolved = c.answer(ctx), c.answer(Off(ctx))
		if !bytes.Equal(d.Compiled, d.Resolved) && ctx.Err() == nil {
			c.differs(ctx, d)
		}
		return response
	}
}

// answer carries the operation out once more, with errors of its own.
func (c *checked) answer(ctx context.Context) []byte {
	ctx = graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	response := c.ExecutableSchema.Exec(ctx)(ctx)
	if response == nil {
		return nil
	}
	return slices.Clone(response.Data)
}
