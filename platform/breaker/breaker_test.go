package breaker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"heyue/platform/breaker"
)

// TestBreaker goes through its life: a few failures in a row open it, no call is tried while it is open, and the first
// probe that is answered closes it.
func TestBreaker(t *testing.T) {
	t.Parallel()
	ticks, probes := make(chan time.Time), make(chan error)
	var lines bytes.Buffer
	b := breaker.New(breaker.Options{
		Name: "Redis", Failures: 3, Every: time.Hour, Log: slog.New(slog.NewTextHandler(&lines, nil)),
		Probe: func(context.Context) error { return <-probes },
		After: func(time.Duration) <-chan time.Time { return ticks },
	})
	for _, ok := range []bool{false, false, true, false, false} {
		if err := b.Allow(); err != nil {
			t.Fatal("not allowed: ", err)
		}
		b.Done(ok)
	}
	if err := b.Allow(); err != nil {
		t.Fatal("opened by failures that were not in a row")
	}
	b.Done(false)
	b.Done(false) // of a call that began earlier
	if err := b.Allow(); !errors.Is(err, breaker.ErrOpen) {
		t.Fatal("allowed after three failures: ", err)
	}
	ticks <- time.Time{}
	probes <- errors.New("still away")
	ticks <- time.Time{} // the probe failed and waits again
	if err := b.Allow(); !errors.Is(err, breaker.ErrOpen) {
		t.Error("closed by a probe that failed: ", err)
	}
	probes <- nil
	for deadline := time.Now().Add(time.Minute); b.Allow() != nil; { // the probe's goroutine has yet to say so
		if time.Now().After(deadline) {
			t.Fatal("not closed by a probe that was answered")
		}
	}
	b.Done(false)
	b.Done(false)
	if b.Allow() != nil {
		t.Error("failures from before count still")
	}
	b.Close()
	if n := strings.Count(lines.String(), "\n"); n != 2 {
		t.Errorf("it said:\n%s", &lines)
	}
}

// TestCloseEndsProbes even while the dependency is away.
func TestCloseEndsProbes(t *testing.T) {
	t.Parallel()
	b := breaker.New(breaker.Options{
		Name: "Redis", Every: time.Nanosecond, Log: slog.New(slog.DiscardHandler),
		Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	})
	b.Done(false)
	b.Close()
	if !errors.Is(b.Allow(), breaker.ErrOpen) {
		t.Error("closed without an answer")
	}
}
