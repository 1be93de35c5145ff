package deliveries

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// parcel is what goes out as one message: a delivery, or several that are joined.
type parcel struct{ rows []*ent.Delivery }

func (p parcel) head() *ent.Delivery { return p.rows[0] }

// endpoint is where it goes; nil for a mailbox.
func (p parcel) endpoint() *ent.Endpoint { return p.head().Edges.Endpoint }

// joined reports whether it is a digest, of one alert even.
func (p parcel) joined() bool { return len(p.rows) > 1 || p.head().DigestKey != "" }

// claim takes up to most messages of the context's tenant that may go out now. Each is counted as tried and put off for
// the lease, so that nobody else sends it and a worker that dies holds it no longer than that.
func (w *Worker) claim(ctx context.Context, most int) (parcels []parcel, err error) {
	err = tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
		parcels = nil
		now := w.Clock.Now()
		ids, err := w.ready(ctx, tx, now, most)
		if err != nil || len(ids) == 0 {
			return err
		}
		rows, err := tx.Delivery.Query().Where(among(delivery.FieldID, ids), delivery.NextAtLTE(now)).
			Order(delivery.ByNextAt(), delivery.ByPosition(), delivery.ByID()).
			ForUpdate(sql.WithLockAction(sql.SkipLocked)).WithEndpoint().All(ctx)
		if err != nil {
			return fault.Wrap(err, "claim messages")
		}
		taken := map[publicid.DeliveryID]bool{}
		for _, d := range rows {
			if taken[d.ID] {
				continue // joined to one before
			}
			p := parcel{[]*ent.Delivery{d}}
			if err := w.fill(ctx, tx, now, &p); err != nil {
				return err
			}
			for _, r := range p.rows {
				taken[r.ID] = true
			}
			parcels = append(parcels, p)
		}
		return w.lease(ctx, tx, now, parcels)
	})
	if err != nil {
		return nil, err
	}
	return parcels, nil
}

// ready names the deliveries that the tenant's limits let out now.
func (w *Worker) ready(ctx context.Context, tx *ent.Tx, now time.Time, most int) (ids []raw, err error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	var locked bool
	err = query(ctx, tx, "lock a tenant's messages", func(r *sql.Rows) error { return r.Scan(&locked) }, lockSQL, tenant)
	if err != nil || !locked {
		return nil, err
	}
	var busy, begun int
	err = query(ctx, tx, "count a tenant's messages", func(r *sql.Rows) error { return r.Scan(&busy, &begun) }, roomSQL, tenant, now, now.Add(-time.Minute))
	if err != nil {
		return nil, err
	}
	most = min(most, w.Limits.PerTenant-busy, w.Limits.Rate-begun-busy)
	if most <= 0 {
		return nil, nil
	}
	err = query(ctx, tx, "find messages to send", func(r *sql.Rows) error {
		var id uuid.UUID
		err := r.Scan(&id)
		ids = append(ids, raw(id))
		return err
	}, dueSQL, tenant, now, most, w.Limits.PerEndpoint, w.Limits.Failures)
	return ids, err
}

// raw is a plain id where a typed one is expected.
type raw uuid.UUID

// UUID returns the bare UUID.
func (r raw) UUID() uuid.UUID { return uuid.UUID(r) }

// fill joins to a message what goes out with it: the rest of its digest, or everything that waits for a robot that may
// send fewer messages than that (realtime.md 7).
func (w *Worker) fill(ctx context.Context, tx *ent.Tx, now time.Time, p *parcel) error {
	d, e := p.head(), p.endpoint()
	q := tx.Delivery.Query().Where(delivery.ChannelEQ(d.Channel), delivery.Target(d.Target), delivery.NextAtLTE(now), delivery.IDNEQ(d.ID)).
		Order(delivery.ByNextAt(), delivery.ByPosition(), delivery.ByID()).Limit(w.Limits.Digest - 1).ForUpdate(sql.WithLockAction(sql.SkipLocked))
	switch {
	case d.DigestKey != "":
		q.Where(delivery.DigestKey(d.DigestKey))
	case e != nil && isRobot(e.Channel) && d.Kind != eventTest:
		q.Where(delivery.KindNEQ(eventTest))
	default:
		return nil
	}
	rest, err := q.All(ctx)
	if err != nil {
		return fault.Wrap(err, "join messages")
	}
	if d.DigestKey == "" && len(rest) < w.tokens(e, now) {
		return nil // there is room for each to go by itself
	}
	for _, r := range rest {
		r.Edges.Endpoint = e
	}
	p.rows = append(p.rows, rest...)
	return nil
}

// lease counts a try of each claimed delivery and puts the next one off, and takes a message off each robot's rate.
func (w *Worker) lease(ctx context.Context, tx *ent.Tx, now time.Time, parcels []parcel) error {
	until := now.Add(w.Limits.Lease)
	var ids []publicid.DeliveryID
	for _, p := range parcels {
		for _, d := range p.rows {
			d.Attempt++
			ids = append(ids, d.ID)
		}
		if e := p.endpoint(); e != nil && isRobot(e.Channel) {
			if err := tx.Endpoint.UpdateOne(e).SetFreeAt(w.spent(e, now)).Exec(ctx); err != nil {
				return fault.Wrap(err, "take a message off a robot's rate")
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := tx.Delivery.Update().Where(among(delivery.FieldID, ids)).AddAttempt(1).SetNextAt(until).SetLeasedUntil(until).SetUpdatedAt(now).Exec(ctx)
	return fault.Wrap(err, "lease messages")
}

// A robot may send half of its minute's messages at once and gets one back every so often: no minute has more than all.

func (w *Worker) burst() int { return max(1, w.Limits.RobotRate/2) } //nolint:mnd // see above

func (w *Worker) interval() time.Duration { return time.Minute / time.Duration(w.burst()) }

// tokens is how many messages a robot may send now.
func (w *Worker) tokens(e *ent.Endpoint, now time.Time) int {
	if e.FreeAt == nil {
		return w.burst()
	}
	if now.Before(*e.FreeAt) {
		return 0
	}
	return min(w.burst(), int(now.Sub(*e.FreeAt)/w.interval())+1)
}

// spent is when a robot may send the next message after one now.
func (w *Worker) spent(e *ent.Endpoint, now time.Time) time.Time {
	full := now.Add(-time.Duration(w.burst()-1) * w.interval())
	if e.FreeAt != nil && e.FreeAt.After(full) {
		full = *e.FreeAt
	}
	return full.Add(w.interval())
}
