package transport

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport/cost"
	"heyue/platform/fault"
	"heyue/platform/ratelimit"
)

// CodeCostLimitExceeded is the code of an operation that asks for more than any one may.
const CodeCostLimitExceeded fault.Code = "COST_LIMIT_EXCEEDED"

// Cost is extensions.cost of a response: what the operation might have cost, what it did, and how the tightest of the
// caller's budgets stands.
type Cost struct {
	Requested int       `json:"requested"`
	Actual    int       `json:"actual"`
	Throttle  *Throttle `json:"throttle,omitempty"`
}

// Throttle is a budget: points of a full one, points left, and points that come back each second.
type Throttle struct {
	Maximum     int `json:"maximum"`
	Available   int `json:"available"`
	RestoreRate int `json:"restoreRate"`

	full time.Duration // until it is full again
}

// costExtension is where a response carries its Cost.
const costExtension = "cost"

// eventsAtOnce is how many points of a subscription's events are paid for in one go, so that events do not each cost a
// trip to the limiter. What a broken process owes still is forgiven.
const eventsAtOnce = 50

// charges makes operations pay.
type charges struct {
	CostOptions
	log *slog.Logger
}

// bill is what one operation pays.
type bill struct {
	mu        sync.Mutex
	charges   *charges
	plan      *cost.Plan
	kind      ast.Operation
	buckets   []ratelimit.Bucket
	level     ratelimit.Level // as it stood after the points were taken
	requested int
	held      int // points taken that are not settled yet; below zero: points owed
	closed    bool
}

// open prices an operation and takes what it may cost. It refuses with COST_LIMIT_EXCEEDED what nobody may ask for, and
// with RATE_LIMITED what the caller's budget does not hold now.
func (c *charges) open(ctx context.Context, oc *graphql.OperationContext) (*bill, *gqlerror.Error, *Cost) {
	b := &bill{charges: c, kind: oc.Operation.Operation, plan: cost.Read(oc.Operation, oc.Variables, c.Pages)}
	p := b.plan.Requested()
	b.requested = p.Points
	for _, limit := range []struct {
		name         string
		got, allowed int
	}{{"points", p.Points, c.Points}, {"nodes", p.Nodes, c.Nodes}} {
		if limit.got > limit.allowed {
			return nil, tooDear(limit.name, limit.got, limit.allowed), &Cost{Requested: p.Points}
		}
	}
	if c.Limiter == nil || c.Buckets == nil || p.Points == 0 {
		return b, nil, nil
	}
	if b.buckets = c.Buckets(ctx); len(b.buckets) == 0 {
		return b, nil, nil
	}
	verdict, err := c.Limiter.Take(ctx, p.Points, b.buckets...)
	if err != nil {
		c.log.WarnContext(ctx, "an operation was not paid for", "error", err)
		b.buckets = nil
		return b, nil, nil
	}
	if !verdict.Granted {
		level := verdict.Tightest()
		return nil, tooSoon(level), &Cost{Requested: p.Points, Throttle: throttle(level)}
	}
	b.level, b.held = verdict.Tightest(), p.Points
	if b.kind == ast.Subscription {
		b.held -= cost.Subscription
	}
	return b, nil, nil
}

// settle gives back what an answer has not cost and writes the bill into its extensions, for whoever has a budget. An
// operation that was stopped costs what it asked for: its work was done.
func (b *bill) settle(ctx context.Context, r *graphql.Response) {
	if len(b.buckets) == 0 {
		return
	}
	actual := b.requested
	if ctx.Err() == nil {
		actual = min(b.plan.Actual(r.Data), b.requested)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.adjust(ctx, actual-b.held)
	b.held = 0
	if b.charges.Quiet {
		return
	}
	if r.Extensions == nil {
		r.Extensions = map[string]any{}
	}
	r.Extensions[costExtension] = &Cost{Requested: b.requested, Actual: actual, Throttle: throttle(b.level)}
}

// join shares the plan of a bill for the same operation.
func (b *bill) join(other *bill) { b.plan = other.plan }

// event notes what an event has cost. The start has taken the price of the first one.
func (b *bill) event(ctx context.Context, r *graphql.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.buckets) == 0 {
		return
	}
	b.held -= max(1, b.plan.Actual(r.Data))
	if b.held <= -eventsAtOnce {
		b.adjust(ctx, -b.held)
		b.held = 0
	}
}

// close squares what is left when the operation is over: all that was taken when it never ran.
func (b *bill) close(ctx context.Context, ran bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	if b.kind == ast.Subscription && !ran {
		b.held += cost.Subscription
	}
	b.adjust(ctx, -b.held)
	b.held = 0
}

// adjust moves the caller's budgets, if there are any, even when the caller has gone.
func (b *bill) adjust(ctx context.Context, points int) {
	if len(b.buckets) == 0 || points == 0 {
		return
	}
	verdict, err := b.charges.Limiter.Adjust(context.WithoutCancel(ctx), points, b.buckets...)
	if err != nil {
		b.charges.log.WarnContext(ctx, "an operation was not settled", "error", err)
		return
	}
	b.level = verdict.Tightest()
}

func throttle(l ratelimit.Level) *Throttle {
	return &Throttle{Maximum: l.Maximum, Available: l.Available, RestoreRate: l.PerSecond, full: l.Full()}
}

func tooDear(limit string, requested, allowed int) *gqlerror.Error {
	e := coded(CodeCostLimitExceeded, "the operation may cost %d %s, at most %d are allowed: ask for shorter pages or less below them", requested, limit, allowed)
	if requested >= 1<<30 {
		e.Message = fmt.Sprintf("the operation may cost more than a billion %s, at most %d are allowed: ask for shorter pages or less below them", limit, allowed)
	}
	e.Extensions["limit"], e.Extensions["requested"], e.Extensions["allowed"] = limit, requested, allowed
	return e
}

func tooSoon(l ratelimit.Level) *gqlerror.Error {
	seconds := whole(l.Wait)
	e := coded(fault.CodeRateLimited, "the budget of %d points is used up for now; try again in %d s", l.Maximum, seconds)
	e.Extensions["retryAfter"] = seconds
	return e
}

// whole is a time in seconds, rounded up, as headers want it.
func whole(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
