package deliveries

import (
	"context"
	"log/slog"
	"time"

	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// judge keeps an endpoint's standing after a try (realtime.md 7). One that fails several times in a row is left alone for
// a while, longer each time, and then tried with one message: so it costs nobody else a turn. One that takes a message
// gets at once what has waited for it. One that has failed for days, or says that it is gone, is disabled.
func (w *Worker) judge(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, o outcome, now, rest time.Time) error {
	switch {
	case o.failure == nil:
		return w.recovered(ctx, tx, e, now)
	case o.failure.Gone:
		return w.disable(ctx, tx, e, posting.Gone, now)
	case o.failure.Result == posting.Rejected:
		return nil // the message was at fault
	}
	failures := e.Failures + 1
	since := now
	if e.FailingSince != nil {
		since = *e.FailingSince
	}
	if now.Sub(since) >= w.Limits.DisableAfter {
		return w.disable(ctx, tx, e, posting.Failing, now)
	}
	update := tx.Endpoint.UpdateOne(e).SetFailures(failures).SetFailingSince(since)
	if !rest.IsZero() {
		update.SetOpenUntil(rest)
	}
	return fault.Wrap(update.Exec(ctx), "note that an endpoint fails")
}

// rest is until when an endpoint is left alone after a try; zero when it is not.
func (w *Worker) rest(e *ent.Endpoint, o outcome, now time.Time) time.Time {
	if e == nil || o.failure == nil || o.failure.Result != posting.Later || e.Failures+1 < w.Limits.Failures {
		return time.Time{}
	}
	wait := grown(w.Limits.Open, w.Limits.OpenMost, 2, e.Failures+1-w.Limits.Failures) //nolint:mnd // twice as long after each
	return now.Add(max(jitter(wait), o.failure.Wait))
}

// recovered forgets an endpoint's failures, and hurries what was put off while it was left alone.
func (w *Worker) recovered(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, now time.Time) error {
	if e.Failures == 0 {
		return nil
	}
	if err := tx.Endpoint.UpdateOne(e).SetFailures(0).ClearFailingSince().ClearOpenUntil().Exec(ctx); err != nil {
		return fault.Wrap(err, "note that an endpoint works")
	}
	if e.Failures < w.Limits.Failures {
		return nil
	}
	err := tx.Delivery.Update().Where(delivery.EndpointID(e.ID), delivery.StateEQ(posting.Waiting), delivery.AttemptGT(0), delivery.LeasedUntilIsNil(), delivery.NextAtGT(now)).
		SetNextAt(now).SetUpdatedAt(now).Exec(ctx)
	return fault.Wrap(err, "hurry what waits for an endpoint")
}

// disable stops sending to an endpoint, keeps what waits for it, and has the tenant's administrators told.
func (w *Worker) disable(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, reason posting.Reason, now time.Time) error {
	if !e.Enabled {
		return nil
	}
	if err := tx.Endpoint.UpdateOne(e).SetEnabled(false).SetDisabledReason(reason).AddVersion(1).Exec(ctx); err != nil {
		return fault.Wrap(err, "disable an endpoint")
	}
	if err := park(ctx, tx, e, now); err != nil {
		return err
	}
	w.Log.LogAttrs(ctx, slog.LevelWarn, "an endpoint was disabled", slog.String("endpoint", e.ID.String()), slog.String("reason", string(reason)))
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the tenant's settings")
	}
	zone, err := tenant.Settings.Zone()
	if err != nil {
		return fault.Wrap(err, "read the tenant's zone")
	}
	return w.Reminders.Set(ctx, tx, due.Date{Kind: due.EndpointDisabled, SubjectID: e.ID.UUID(), Title: e.Name, DueOn: date.In(now, zone)})
}

// park puts what waits for an endpoint aside: it is not lost, and nobody looks at it until the endpoint is enabled again.
func park(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, now time.Time) error {
	err := tx.Delivery.Update().Where(delivery.EndpointID(e.ID), delivery.StateEQ(posting.Waiting)).ClearNextAt().SetUpdatedAt(now).Exec(ctx)
	return fault.Wrap(err, "put an endpoint's messages aside")
}

// unpark lets what waits for an endpoint go on, with its whole time before it.
func unpark(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, now time.Time, life time.Duration) error {
	err := tx.Delivery.Update().Where(delivery.EndpointID(e.ID), delivery.StateEQ(posting.Waiting), delivery.NextAtIsNil()).
		SetNextAt(now).SetExpiresAt(now.Add(life)).SetUpdatedAt(now).Exec(ctx)
	return fault.Wrap(err, "let an endpoint's messages go on")
}
