package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/identity"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// DefaultPositionEvery is how often a stream tells its cursor when nothing else does (realtime.md 4.5).
const DefaultPositionEvery = 30 * time.Second

// CodeSlowConsumer is the code of a stream that ended because its reader did not keep up. The message names the cursor
// to resume after, and so does Lagged.
const CodeSlowConsumer fault.Code = "SLOW_CONSUMER"

// Stream delivers what happens to a user's alerts (J9, HR2): at least once, in the order of the tenant's events,
// resumable without a gap. The hub must have been made with Index.
type Stream struct {
	Client   *ent.Client
	Policies *policies.Engine
	Hub      *outbox.Hub
	Sealer   *page.Sealer
	Clock    clock.Clock
	Every    time.Duration // between two positions; 0: DefaultPositionEvery
}

// Event is one thing that happened to an alert of the caller's, or a position. Alert is as it is now, with the
// caller's inbox row as its only recipient (Mine); nil for a position. UnreadCount is the number now, not a change.
type Event struct {
	Cursor      string
	Type        due.EventType
	OccurredAt  time.Time
	Alert       *ent.Alert
	UnreadCount int
}

// Lagged ends a stream whose reader did not keep up. Nothing is lost: it may resume after Cursor.
type Lagged struct {
	Cursor string
	Fault  *fault.Fault
}

// Error is the fault's.
func (l *Lagged) Error() string { return l.Fault.Error() }

// Unwrap returns the fault.
func (l *Lagged) Unwrap() error { return l.Fault }

// types are the events of this package. Others are not delivered.
var types = map[string]due.EventType{
	EventRaised: due.EventRaised, EventWithdrawn: due.EventWithdrawn, EventRead: due.EventRead, EventAcknowledged: due.EventAcknowledged,
}

// Index puts this package's events under their recipients, for outbox.HubOptions.Index. Other kinds have no topics.
func Index(e *ent.OutboxEvent) (topics []string, value any) {
	if _, ours := types[e.Kind]; !ours {
		return nil, nil
	}
	var n Notice
	if json.Unmarshal(e.Payload, &n) != nil {
		return nil, nil
	}
	for _, u := range n.Recipients {
		topics = append(topics, u.String())
	}
	return topics, n
}

// Feed is one caller's stream. It is for one goroutine; Close it at the end.
type Feed struct {
	stream *Stream
	sub    *outbox.Subscription
	filter *Filter
	ready  []*Event
	err    error

	quiet context.Context // ends when the next position is due; nil before the first
	stop  context.CancelFunc
}

// cursor is what the sealed text holds.
type cursor struct {
	Epoch int64 `json:"e"`
	Seq   int64 `json:"s"`
}

// Events begins a stream of the caller's alerts after a cursor, or from now on without one. It needs alert:read. It
// fails with INVALID_CURSOR for a cursor that was not made for this tenant, and with CURSOR_EXPIRED for one that is
// too old: the client then reads its inbox again and starts without a cursor.
func (s *Stream) Events(ctx context.Context, after *string, filter *Filter) (*Feed, error) {
	if _, err := s.Policies.Require(ctx, policies.AlertRead); err != nil {
		return nil, err
	}
	caller, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	var from *outbox.Position
	if after != nil {
		var c cursor
		if err := s.Sealer.Open(binding(caller.TenantID), *after, &c); err != nil {
			return nil, err
		}
		from = &outbox.Position{Epoch: c.Epoch, Seq: c.Seq}
	}
	sub, err := s.Hub.Subscribe(ctx, caller.UserID.String(), from)
	if err != nil {
		return nil, tenancy.Fault(err, "follow events")
	}
	return &Feed{stream: s, sub: sub, filter: filter}, nil
}

func binding(tenant int64) page.Binding {
	return page.Binding{Tenant: tenant, Purpose: []byte("alertEvents")}
}

// Close ends the feed. It may be called more than once.
func (f *Feed) Close() {
	f.sub.Close()
	if f.stop != nil {
		f.stop()
	}
}

// Next waits for the next event; the first is always a position. Permissions are asked for anew before each: an alert
// whose subject the caller may no longer read is left out, and without alert:read the feed ends with FORBIDDEN. It
// also ends with CURSOR_EXPIRED, UNAVAILABLE, a *Lagged, or ctx's error; an end is final.
func (f *Feed) Next(ctx context.Context) (*Event, error) {
	for f.err == nil && len(f.ready) == 0 {
		f.ready, f.err = f.more(ctx)
	}
	if f.err != nil {
		f.Close()
		return nil, f.err
	}
	e := f.ready[0]
	f.ready = f.ready[1:]
	return e, nil
}

// more waits for events, or until a position is due.
func (f *Feed) more(ctx context.Context) ([]*Event, error) {
	if f.quiet == nil {
		return f.position(ctx)
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.quiet, cancel)()
	entries, err := f.sub.Next(wait)
	var slow *outbox.SlowError
	switch {
	case err == nil:
		return f.events(ctx, entries)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &slow):
		return nil, f.lagged(ctx, slow.At)
	case f.quiet.Err() != nil && errors.Is(err, context.Canceled):
		return f.position(ctx)
	}
	return nil, tenancy.Fault(err, "follow events")
}

// reader asks what the caller may do now.
func (f *Feed) reader(ctx context.Context) (reader, *policies.Grants, error) {
	grants, err := f.stream.Policies.Now(ctx)
	if err != nil {
		return reader{}, nil, err
	}
	r, err := readerWith(ctx, grants)
	return r, grants, err
}

func (f *Feed) position(ctx context.Context) ([]*Event, error) {
	r, _, err := f.reader(ctx)
	if err != nil {
		return nil, err
	}
	at := f.sub.Position()
	unread, err := r.unread(ctx, f.stream.Client)
	if err != nil {
		return nil, err
	}
	sealed, err := f.seal(ctx, at)
	f.rest()
	return []*Event{{Cursor: sealed, Type: due.EventPosition, OccurredAt: f.stream.Clock.Now(), UnreadCount: unread}}, err
}

// rest puts the next position off.
func (f *Feed) rest() {
	every := f.stream.Every
	if every == 0 {
		every = DefaultPositionEvery
	}
	if f.stop != nil {
		f.stop()
	}
	f.quiet, f.stop = context.WithTimeout(context.Background(), every)
}

func (f *Feed) seal(ctx context.Context, at outbox.Position) (string, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return "", tenancy.ErrNoTenant
	}
	sealed, err := f.stream.Sealer.Seal(binding(tenant), cursor(at))
	return sealed, fault.Wrap(err, "seal a cursor")
}

func (f *Feed) lagged(ctx context.Context, at outbox.Position) error {
	sealed, err := f.seal(ctx, at)
	if err != nil {
		return err
	}
	return &Lagged{sealed, fault.New(fault.Exhausted, CodeSlowConsumer, "events were not read quickly enough; resume after %q", sealed)}
}

// events turns what the hub gave into what the caller may see of it, with three queries however many there are.
func (f *Feed) events(ctx context.Context, entries []*outbox.Entry) ([]*Event, error) {
	r, grants, err := f.reader(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]publicid.AlertID, len(entries))
	for i, e := range entries {
		ids[i] = publicid.AlertID(e.Event.SubjectID)
	}
	found, err := r.withMine(f.stream.Client.Alert.Query().Where(among(alert.FieldID, ids)).WithObligation()).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read alerts")
	}
	visible := make(map[publicid.AlertID]*ent.Alert, len(found))
	for _, a := range found {
		if mine := Mine(a); mine != nil && mayRead(grants, a.Edges.Obligation) && f.filter.matches(a, mine) {
			visible[a.ID] = a
		}
	}
	if len(visible) == 0 {
		return nil, nil
	}
	unread, err := r.unread(ctx, f.stream.Client)
	if err != nil {
		return nil, err
	}
	return f.build(ctx, entries, visible, unread)
}

func (f *Feed) build(ctx context.Context, entries []*outbox.Entry, visible map[publicid.AlertID]*ent.Alert, unread int) ([]*Event, error) {
	var events []*Event
	epoch := f.sub.Position().Epoch
	for _, e := range entries {
		a, ok := visible[publicid.AlertID(e.Event.SubjectID)]
		if !ok {
			continue
		}
		sealed, err := f.seal(ctx, outbox.Position{Epoch: epoch, Seq: *e.Event.Seq})
		if err != nil {
			return nil, err
		}
		events = append(events, &Event{Cursor: sealed, Type: types[e.Event.Kind], OccurredAt: e.Event.OccurredAt, Alert: a, UnreadCount: unread})
	}
	return events, nil
}
