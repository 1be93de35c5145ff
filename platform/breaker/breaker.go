// Package breaker keeps a dependency that has stopped answering from slowing down whoever can go on without it: after
// a few failures in a row calls fail at once, until a probe in the background finds that it answers again. No call
// pays for finding out.
package breaker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// ErrOpen is the failure of a call that was not tried.
var ErrOpen = errors.New("not tried: it has stopped answering")

// Options are what a Breaker needs. Name, Probe and Log must be set.
type Options struct {
	Name string // of the dependency, for the log
	// Failures in a row open the breaker. At least 1.
	Failures int
	// Every is the time between two probes while it is open.
	Every time.Duration
	// Probe asks the dependency for a sign of life, past the breaker. Nil means that it answers.
	Probe func(context.Context) error
	Log   *slog.Logger
	// After is time.After when nil.
	After func(time.Duration) <-chan time.Time
}

// Breaker is safe for concurrent use.
type Breaker struct {
	o    Options
	ctx  context.Context // of the probes
	stop context.CancelFunc

	mu     sync.Mutex
	failed int // in a row
	open   bool
	probes sync.WaitGroup
}

// New returns a closed breaker. Close it at the end.
func New(o Options) *Breaker {
	o.Failures = max(o.Failures, 1)
	if o.After == nil {
		o.After = time.After
	}
	b := &Breaker{o: o}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// Allow says whether a call may be tried: nil, or ErrOpen.
func (b *Breaker) Allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		return ErrOpen
	}
	return nil
}

// Done reports how a call that was tried has ended. A call that its caller gave up says nothing about the dependency
// and is not reported.
func (b *Breaker) Done(ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		b.failed = 0
		return
	}
	b.failed++
	if b.open || b.failed < b.o.Failures || b.ctx.Err() != nil {
		return
	}
	b.open = true
	b.o.Log.Warn(b.o.Name+" has stopped answering; going on without it", "failures", b.failed)
	b.probes.Go(b.probe)
}

// probe asks until there is an answer, and closes the breaker.
func (b *Breaker) probe() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-b.o.After(b.o.Every):
		}
		if b.o.Probe(b.ctx) == nil {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open, b.failed = false, 0
	b.o.Log.Info(b.o.Name + " answers again")
}

// Close ends the probes. A breaker that is open stays so.
func (b *Breaker) Close() {
	b.stop()
	b.probes.Wait()
}
