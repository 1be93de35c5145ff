package app

import (
	"context"
	"sync"
	"time"

	"heyue/domain/decisions"
)

// Work starts the loops of the roles and returns what stops them and waits for their end. They outlive the context of
// the process, because requests that are finished during a stop still need them.
func (s *Services) Work(roles Roles) (stop func()) {
	ctx, cancel := context.WithCancel(s.tracer.With(context.Background()))
	var wg sync.WaitGroup
	run := func(loop func(context.Context)) { wg.Go(func() { loop(ctx) }) }
	run(s.doorbell.Run)
	if roles.API {
		run(s.hub.Run)
		run(every(s.cfg.Login.SessionPoll, s.watcher.Run))
		run(every(s.cfg.Login.KeyUsesPoll, s.uses.Run))
		run(every(s.cfg.Worker.DecisionPoll, s.Journal.Run))
		run(s.Recovery.Run)
	}
	if roles.Worker {
		run(s.relay.Run)
		run(s.scanner.Run)
		run(every(s.cfg.Worker.ReminderPoll, s.waker.Run))
		run(s.deliverer.Run)
		run(s.calendar.Run)
		run(s.escalator.Run)
		run(s.sealer.Run)
		run(s.letters.Run)
		run(s.install)
		run(every(s.cfg.Worker.RetentionEvery, s.doing("sealed", func(ctx context.Context) (int, error) { return s.vault.SealAll(ctx, s.system) })))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("old events", func(ctx context.Context) (int, error) { return s.relay.Retention(ctx, s.clock.Now()) })))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("idempotency keys", s.Keys.Forget)))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("old decisions", s.forgetting().Forget)))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("one-time tokens", func(ctx context.Context) (int, error) { return s.Recovery.Forget(ctx, s.cfg.Worker.RetentionBatch) })))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("ways to sign-in providers", func(ctx context.Context) (int, error) { return s.OIDC.Forget(ctx, s.cfg.Worker.RetentionBatch) })))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("old sessions", func(ctx context.Context) (int, error) {
			return s.Sessions.Forget(ctx, s.cfg.Keep.Sessions, s.cfg.Worker.RetentionBatch)
		})))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("old mails", func(ctx context.Context) (int, error) {
			return s.letters.Forget(ctx, s.directory, s.cfg.Keep.Mails, s.cfg.Worker.RetentionBatch)
		})))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("old deliveries", s.deliverer.Forget)))
		run(every(s.cfg.Worker.RetentionEvery, s.deleting("tries to sign in", func(ctx context.Context) (int, error) { return s.attempts.Forget(ctx, s.cfg.Worker.RetentionBatch) })))
	}
	return func() {
		cancel()
		wg.Wait()
		s.OIDC.Close()
		s.calls.CloseIdleConnections()
	}
}

// forgetting deletes decisions that are past their time.
func (s *Services) forgetting() decisions.Retention {
	w := s.cfg.Worker
	return decisions.Retention{Client: s.client, System: s.system, Clock: s.clock, Keep: w.DecisionKeep, Batch: w.RetentionBatch}
}

// every gives a loop a ticker.
func every(d time.Duration, loop func(context.Context, <-chan time.Time)) func(context.Context) {
	return func(ctx context.Context) {
		tick := time.NewTicker(d)
		defer tick.Stop()
		loop(ctx, tick.C)
	}
}

// deleting deletes what nobody keeps any longer, on every tick. What fails is tried again by the next.
func (s *Services) deleting(what string, del func(context.Context) (int, error)) func(context.Context, <-chan time.Time) {
	return s.doing("deleted "+what, del)
}

// doing does something to rows on every tick, at once first.
func (s *Services) doing(what string, del func(context.Context) (int, error)) func(context.Context, <-chan time.Time) {
	del = s.job(what, del)
	return func(ctx context.Context, ticks <-chan time.Time) {
		for {
			n, err := del(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				s.log.ErrorContext(ctx, "not "+what, "error", err)
			case n > 0:
				s.log.InfoContext(ctx, what, "rows", n)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticks:
			}
		}
	}
}
