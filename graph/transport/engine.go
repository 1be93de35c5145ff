package transport

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// engine runs operations on gqlgen's executor. It is the one way from a protocol to execution.
type engine struct {
	exec    graphql.GraphExecutor
	present *presenter
	refused func(context.Context, string) // Options.Refused; may be nil
	timeout time.Duration
	charges *charges
	trusted *trusted
}

// operation is one GraphQL operation. Its methods are for one goroutine at a time.
type operation struct {
	engine  *engine
	ctx     context.Context
	cancel  context.CancelFunc
	oc      *graphql.OperationContext
	kind    ast.Operation
	handler graphql.ResponseHandler
	run     *run
	bill    *bill
	given   int
	over    bool
}

// prepare parses, guards, validates and prices. A refusal is a response without data. The caller must stop the
// operation it gets.
func (e *engine) prepare(ctx context.Context, params *graphql.RawParams) (op *operation, refusal *graphql.Response) {
	return e.ready(ctx, params, nil)
}

// again is prepare for an operation that has been paid for.
func (e *engine) again(ctx context.Context, params *graphql.RawParams, paid *bill) (op *operation, refusal *graphql.Response) {
	return e.ready(ctx, params, paid)
}

func (e *engine) ready(ctx context.Context, params *graphql.RawParams, paid *bill) (op *operation, refusal *graphql.Response) {
	ctx = graphql.StartOperationTrace(ctx)
	op = &operation{engine: e, run: &run{}, bill: paid}
	ctx = context.WithValue(ctx, runKey, op.run)
	defer func() {
		if p := recover(); p != nil {
			op, refusal = nil, e.panicked(ctx, p)
		}
	}()
	if problem := e.trusted.resolve(ctx, params); problem != nil {
		return nil, e.refuse(ctx, gqlerror.List{problem}, nil)
	}
	oc, errs := e.exec.CreateOperationContext(ctx, params)
	if oc != nil {
		ctx = graphql.WithOperationContext(ctx, oc)
	}
	if len(errs) > 0 {
		return nil, e.refuse(ctx, errs, nil)
	}
	if paid == nil {
		bill, problem, estimate := e.charges.open(ctx, oc)
		if problem != nil {
			return nil, e.refuse(ctx, gqlerror.List{problem}, estimate)
		}
		op.bill = bill
	}
	op.oc, op.kind = oc, oc.Operation.Operation
	if op.kind == ast.Subscription { // it may outlive whoever began it
		op.ctx, op.cancel = context.WithCancel(context.WithoutCancel(ctx))
	} else {
		op.ctx, op.cancel = context.WithTimeout(ctx, e.timeout)
	}
	return op, nil
}

// refuse answers an operation that is not carried out.
func (e *engine) refuse(ctx context.Context, errs gqlerror.List, estimate *Cost) *graphql.Response {
	r := &graphql.Response{Errors: e.present.list(ctx, errs...)}
	if e.refused != nil {
		e.refused(ctx, string(codeOf(r.Errors[0])))
	}
	if estimate != nil {
		r.Extensions = map[string]any{costExtension: estimate}
	}
	return r
}

// next returns the operation's next response, or nil when there are no more. It blocks until a
// subscription has one. A panic becomes a last response.
func (o *operation) next() (response *graphql.Response) {
	if o.over {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			o.over, response = true, o.engine.panicked(o.ctx, p)
		}
	}()
	if o.handler == nil {
		o.handler, o.ctx = o.engine.exec.DispatchOperation(o.ctx, o.oc)
	}
	response = o.handler(o.ctx)
	switch {
	case response != nil && o.kind == ast.Subscription: // who gets it pays for it
		o.given++
		o.over = failed(response)
	case response != nil:
		o.given++
		o.over = true
		o.bill.settle(o.ctx, response)
	case o.given == 0 && o.kind != ast.Subscription:
		o.over, response = true, &graphql.Response{Errors: o.engine.present.list(o.ctx, stopped(o.ctx))}
	default:
		o.over = true
		if err := o.run.ended(); err != nil {
			response = &graphql.Response{Errors: gqlerror.List{o.engine.present.present(o.ctx, err)}}
		}
	}
	return response
}

// start runs the resolver of a subscription, without waiting for an event.
func (o *operation) start() {
	defer func() {
		if p := recover(); p != nil {
			response := o.engine.panicked(o.ctx, p)
			o.handler = graphql.OneShot(response)
		}
	}()
	o.handler, o.ctx = o.engine.exec.DispatchOperation(o.ctx, o.oc)
}

// stop ends the operation's context and squares its bill. Once is enough; more do nothing.
func (o *operation) stop() {
	o.cancel()
	o.bill.close(o.ctx, o.handler != nil)
}

// failed reports whether a response is an error of the operation as a whole rather than a result.
func failed(r *graphql.Response) bool { return len(r.Data) == 0 && len(r.Errors) > 0 }

func (e *engine) panicked(ctx context.Context, p any) *graphql.Response {
	err := e.present.recovered(ctx, p)
	return &graphql.Response{Errors: gqlerror.List{e.present.present(ctx, err)}}
}
