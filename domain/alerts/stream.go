package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
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
	EventSnoozed: due.EventSnoozed, EventWoken: due.EventWoken, EventAssigned: due.EventAssigned,
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

// Feed is one user's stream, a source of package transport: it waits for nothing, and rings. It is for one goroutine at a
// time; Close it at the end.
type Feed struct {
	stream *Stream
	sub    *outbox.Subscription
	filter *Filter
	past   bool // it began at a place of the past

	telling bool            // a position is to be returned
	found   []*outbox.Entry // seen by Ready
	ready   []*Event        // made of them
	last    string          // the cursor of what Poll returned last
	err     error

	ring  atomic.Pointer[func()] // the timer rings too
	quiet *time.Timer
	due   atomic.Bool // the next position
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
	f := &Feed{stream: s, sub: sub, filter: filter, past: from != nil}
	f.Notify(func() {})
	f.due.Store(true)
	return f, nil
}

func binding(tenant int64) page.Binding {
	return page.Binding{Tenant: tenant, Purpose: []byte("alertEvents")}
}

// Close ends the feed. It may be called more than once.
func (f *Feed) Close() {
	f.sub.Close()
	if f.quiet != nil {
		f.quiet.Stop()
	}
}

// Notify takes what to ring when Poll may have something.
func (f *Feed) Notify(ring func()) {
	f.ring.Store(&ring)
	f.sub.Notify(ring)
}

// Ready looks for events, or whether a position is due. A position comes by itself, since what has been found is behind it.
func (f *Feed) Ready(ctx context.Context) bool {
	if f.err != nil || f.telling || len(f.found)+len(f.ready) > 0 {
		return true
	}
	if f.telling = f.due.Swap(false); !f.telling {
		f.found, f.err = f.sub.Poll(ctx)
	}
	return f.telling || len(f.found) > 0 || f.err != nil
}

// Poll returns the next event that Ready has seen; the first is always a position. Permissions are asked for anew: an alert
// whose subject the caller may no longer read is left out, and without alert:read the feed ends with FORBIDDEN. It also ends
// with CURSOR_EXPIRED, UNAVAILABLE, or a *Lagged; an end is final.
func (f *Feed) Poll(ctx context.Context) (*Event, bool, error) {
	if f.err == nil && len(f.ready) == 0 {
		f.ready, f.err = f.made(ctx)
	}
	if f.err != nil {
		f.Close()
		return nil, false, f.end(ctx)
	}
	if len(f.ready) == 0 {
		return nil, false, nil
	}
	e := f.ready[0]
	f.ready, f.last = f.ready[1:], e.Cursor
	return e, true, nil
}

// end is why the feed is over, as its reader is told.
func (f *Feed) end(ctx context.Context) error {
	var slow *outbox.SlowError
	if errors.As(f.err, &slow) {
		return f.lagged(ctx, slow.At)
	}
	return tenancy.Fault(f.err, "follow events")
}

// Greet is a position, for who joins.
func (f *Feed) Greet(ctx context.Context) (*Event, bool, error) {
	e, err := f.position(ctx)
	return e, err == nil, err
}

// At is the cursor to go on from after what Poll has returned.
func (f *Feed) At(ctx context.Context) string {
	if len(f.found)+len(f.ready) > 0 {
		return f.last
	}
	sealed, err := f.seal(ctx, f.sub.Position())
	if err != nil {
		return f.last
	}
	return sealed
}

// Joinable reports whether the feed began now, and not at a cursor.
func (f *Feed) Joinable() bool { return !f.past }

// made are the events of what Ready has seen.
func (f *Feed) made(ctx context.Context) ([]*Event, error) {
	if f.telling {
		f.telling = false
		e, err := f.position(ctx)
		f.rest()
		return []*Event{e}, err
	}
	if len(f.found) == 0 {
		return nil, nil
	}
	found := f.found
	f.found = nil
	return f.events(ctx, found)
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

func (f *Feed) position(ctx context.Context) (*Event, error) {
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
	return &Event{Cursor: sealed, Type: due.EventPosition, OccurredAt: f.stream.Clock.Now(), UnreadCount: unread}, err
}

// rest puts the next position off.
func (f *Feed) rest() {
	every := f.stream.Every
	if every == 0 {
		every = DefaultPositionEvery
	}
	if f.quiet != nil {
		f.quiet.Reset(every)
		return
	}
	f.quiet = time.AfterFunc(every, func() {
		f.due.Store(true)
		(*f.ring.Load())()
	})
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
