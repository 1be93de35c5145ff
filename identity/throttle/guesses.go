package throttle

import (
	"context"
	"errors"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"heyue/platform/clientip"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// guessed bounds how many addresses and secrets one process remembers.
const guessed = 10_000

// rightFor is how long a secret that was right from an address is let through from there without a look at the others.
const rightFor = 15 * time.Minute

// Guesses slows down whoever guesses secrets that come with every request. Only what was wrong is counted, in the table
// of a Throttle, so that what is right costs nothing; an address that has to wait is refused in this process without any
// query. It is safe for concurrent use.
type Guesses struct {
	throttle *Throttle
	kind     string
	clock    clock.Clock
	waiting  *lru.Cache[netip.Addr, time.Time]
	right    *lru.Cache[seen, time.Time]
}

type seen struct {
	from   netip.Addr
	digest [32]byte
}

// NewGuesses counts guesses of a kind with t.
func NewGuesses(t *Throttle, kind string) (*Guesses, error) {
	waiting, err := lru.New[netip.Addr, time.Time](guessed)
	if err != nil {
		return nil, err
	}
	right, err := lru.New[seen, time.Time](guessed)
	return &Guesses{throttle: t, kind: kind, clock: t.Clock, waiting: waiting, right: right}, err
}

// Admit fails with RATE_LIMITED while an address has to wait, unless the secret was right from there a moment ago: a program
// that is wrong does not shut its neighbours out.
func (g *Guesses) Admit(from netip.Addr, digest [32]byte) error {
	from = clientip.Group(from)
	now := g.clock.Now()
	free, ok := g.waiting.Get(from)
	if !ok || !now.Before(free) {
		return nil
	}
	if until, ok := g.right.Get(seen{from, digest}); ok && now.Before(until) {
		return nil
	}
	return limited(free.Sub(now))
}

// Right remembers a secret that was right.
func (g *Guesses) Right(from netip.Addr, digest [32]byte) {
	g.right.Add(seen{clientip.Group(from), digest}, g.clock.Now().Add(rightFor))
}

// Wrong counts a wrong secret and returns the answer to it: refusal, or RATE_LIMITED when there were too many from the
// address; UNAVAILABLE when it could not be counted.
func (g *Guesses) Wrong(ctx context.Context, from netip.Addr, refusal error) error {
	from = clientip.Group(from)
	if !from.IsValid() {
		return refusal
	}
	now := g.clock.Now()
	wait, err := g.throttle.count(tenancy.With(ctx, 0), g.throttle.key(g.kind, "address", from.String()), g.throttle.Address, now)
	if f, ok := errors.AsType[*fault.Fault](err); ok && f.RetryAfter > 0 && f.Code == fault.CodeRateLimited {
		wait = f.RetryAfter
		g.waiting.Add(from, now.Add(wait))
		return err
	}
	if err != nil {
		return err
	}
	if wait > 0 {
		g.waiting.Add(from, now.Add(wait))
	}
	return refusal
}
