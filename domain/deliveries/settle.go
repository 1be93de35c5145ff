package deliveries

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/endpoint"
	"heyue/platform/carrier"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// outcome is what a try came to.
type outcome struct {
	began   time.Time
	took    time.Duration
	receipt carrier.Receipt
	failure *carrier.Failure // nil: it was taken
	reason  posting.Reason   // why it was not even tried; NoReason: it was
}

// try sends one message and notes what became of it.
func (w *Worker) try(ctx context.Context, p parcel) error {
	letter, reason, err := w.compose(ctx, &p)
	if err != nil {
		return err // the lease ends, and it is tried again
	}
	if len(p.rows) == 0 {
		return nil // each has had its own reason
	}
	if reason != posting.NoReason {
		return w.settle(ctx, p, outcome{began: w.Clock.Now(), reason: reason})
	}
	o := outcome{began: w.Clock.Now(), reason: posting.NoReason}
	o.receipt, err = w.Carrier.Carry(ctx, p.head().Channel, letter.provider, letter.target, letter.message)
	o.took = max(0, w.Clock.Now().Sub(o.began))
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // the process stops; nobody knows what the other side got, and the lease decides
	}
	if err != nil && !errors.As(err, &o.failure) {
		return err
	}
	return w.settle(ctx, p, o)
}

// settle writes a try down in one transaction: the attempt, where the deliveries stand and what it says of the endpoint.
// What somebody else has tried since, after a lease that was over, is theirs to settle. The endpoint is locked first, as
// by whoever changes it.
func (w *Worker) settle(ctx context.Context, p parcel, o outcome) error {
	now := w.Clock.Now()
	var first verdict
	err := tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
		var e *ent.Endpoint
		if p.endpoint() != nil && o.reason == posting.NoReason {
			var err error
			if e, err = tx.Endpoint.Query().Where(endpoint.ID(p.endpoint().ID)).ForUpdate().Only(ctx); err != nil {
				return tenancy.Fault(err, "load an endpoint")
			}
		}
		rest := w.rest(e, o, now)
		for i, d := range p.rows {
			v := w.verdict(d, o, now, rest)
			if i == 0 {
				first = v
			}
			if err := w.note(ctx, tx, d, o, v, now); err != nil {
				return err
			}
		}
		if e == nil {
			return nil
		}
		return w.judge(ctx, tx, e, o, now, rest)
	})
	if err == nil {
		w.report(ctx, p.head(), o, first)
	}
	return err
}

// verdict is what becomes of a delivery: its state, why, and when it is tried next.
type verdict struct {
	state  posting.State
	reason posting.Reason
	next   time.Time
}

// verdict judges a delivery after a try. When its endpoint is left alone until rest, that decides: the first message after
// it is a try of the endpoint too.
func (w *Worker) verdict(d *ent.Delivery, o outcome, now, rest time.Time) verdict {
	switch {
	case o.reason == posting.NoWay:
		return verdict{state: posting.Dead, reason: o.reason}
	case o.reason != posting.NoReason:
		return verdict{state: posting.Cancelled, reason: o.reason}
	case o.failure == nil:
		return verdict{state: posting.Delivered, reason: posting.NoReason}
	case o.failure.Gone:
		return verdict{state: posting.Dead, reason: posting.Gone}
	case o.failure.Result == posting.Rejected:
		return verdict{state: posting.Dead, reason: posting.Refused}
	}
	at := now.Add(max(jitter(w.backoff(d.Attempt)), o.failure.Wait))
	if !rest.IsZero() && rest.Before(at) {
		at = rest
	}
	if at.After(d.ExpiresAt) {
		return verdict{state: posting.Dead, reason: posting.Expired}
	}
	return verdict{state: posting.Waiting, reason: posting.NoReason, next: at}
}

// note writes the attempt, if there was one, and moves a delivery on.
func (w *Worker) note(ctx context.Context, tx *ent.Tx, d *ent.Delivery, o outcome, v verdict, now time.Time) error {
	if o.reason == posting.NoReason {
		create := tx.DeliveryAttempt.Create().SetDeliveryID(d.ID).SetNumber(d.Attempt).SetBeganAt(o.began).SetLatencyMs(int(o.took.Milliseconds())).
			SetResult(o.result()).SetStatus(o.receipt.Status)
		if o.failure != nil {
			create.SetTrouble(o.failure.Trouble)
		}
		if d.EndpointID != nil {
			create.SetResponseHead(o.receipt.Head)
		}
		if err := create.Exec(ctx); err != nil {
			return fault.Wrap(err, "write an attempt down")
		}
	}
	update := tx.Delivery.Update().Where(delivery.ID(d.ID), delivery.Attempt(d.Attempt), delivery.StateEQ(posting.Waiting)).
		SetState(v.state).SetReason(v.reason).ClearLeasedUntil().SetUpdatedAt(now)
	if v.state == posting.Waiting {
		update.SetNextAt(v.next)
	} else {
		update.ClearNextAt()
	}
	if v.state == posting.Delivered {
		update.SetDeliveredAt(now).SetProviderID(o.receipt.ID)
	}
	return fault.Wrap(update.Exec(ctx), "note what became of a message")
}

func (o outcome) result() posting.Result {
	if o.failure == nil {
		return posting.Accepted
	}
	return o.failure.Result
}

// backoff is how long to wait after so many tries.
func (w *Worker) backoff(tries int) time.Duration {
	return grown(w.Limits.Wait, w.Limits.WaitMost, 3, tries-1) //nolint:mnd // three times as long after each: 5 s, 15 s, 45 s … 6 h
}

// grown multiplies a time so many times, up to most.
func grown(d, most time.Duration, by, times int) time.Duration {
	for range times {
		if d >= most/time.Duration(by) {
			return most
		}
		d *= time.Duration(by)
	}
	return min(d, most)
}

// jitter spreads waits by a quarter to both sides, so that what failed together does not come back together.
func jitter(d time.Duration) time.Duration {
	return d - d/4 + rand.N(d/2+1) //nolint:mnd // see above
}

// report tells the metrics and the log. Neither hears whom a message was for or what it said.
func (w *Worker) report(ctx context.Context, d *ent.Delivery, o outcome, v verdict) {
	by := string(d.Channel)
	if w.Metrics != nil && o.reason == posting.NoReason {
		w.Metrics.DeliveryTried(by, string(o.result()), o.took)
	}
	if w.Metrics != nil && v.reason != posting.NoReason {
		w.Metrics.DeliveryGivenUp(by, string(v.reason))
	}
	if o.failure != nil {
		w.Log.LogAttrs(ctx, slog.LevelInfo, "a message could not be delivered", slog.String("delivery", d.ID.String()), slog.String("channel", by),
			slog.Int("attempt", d.Attempt), slog.Int("status", o.receipt.Status), slog.String("trouble", o.failure.Trouble), slog.String("state", string(v.state)))
	}
}
