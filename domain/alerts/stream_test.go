package alerts_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// screen is a bed with a hub, and streams on it.
type screen struct {
	*bed
	streams *alerts.Stream
}

func newScreen(t testing.TB, set ...func(*outbox.HubOptions)) *screen {
	t.Helper()
	b := newBed(t)
	o := outbox.HubOptions{Reader: outbox.Reader{Client: b.Client}, System: b.System, Log: slog.New(slog.DiscardHandler), Index: alerts.Index, Poll: 5 * time.Millisecond}
	for _, s := range set {
		s(&o)
	}
	hub := outbox.NewHub(o)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { hub.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return &screen{b, &alerts.Stream{Client: b.Client, Policies: b.Policies, Hub: hub, Sealer: sealer(t), Clock: b.Clock, Every: time.Hour}}
}

func (s *screen) relay(t testing.TB) {
	t.Helper()
	r := outbox.Relay{Client: s.Client, System: s.System, Log: slog.New(slog.DiscardHandler)}
	if _, err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *screen) feed(t testing.TB, ctx context.Context, after *string, f *alerts.Filter) *alerts.Feed {
	t.Helper()
	feed, err := s.streams.Events(ctx, after, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(feed.Close)
	if e := want(t, feed, ctx, due.EventPosition); e.Alert != nil {
		t.Errorf("a position came with %v", e.Alert)
	}
	return feed
}

// want reads one event and fails unless it is of the type.
func want(t testing.TB, f *alerts.Feed, ctx context.Context, kind due.EventType) *alerts.Event {
	t.Helper()
	e, err := f.Next(ctx)
	if err != nil {
		t.Fatalf("waiting for %s: %v", kind, err)
	}
	if e.Type != kind || e.Cursor == "" || (e.Alert == nil) != (kind == due.EventPosition) {
		t.Fatalf("got %+v, want %s", e, kind)
	}
	return e
}

func TestStreamFollowsAnAlert(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	feed, other := s.feed(t, s.seller, nil, nil), s.feed(t, s.manager, nil, nil)
	d := s.raise(t)
	s.raise(t, titled("经理的"), func(d *due.Date) { d.Owner = nil })
	s.relay(t)
	raised := want(t, feed, s.seller, due.EventRaised)
	if raised.UnreadCount != 1 || raised.Alert.Title != d.Title || alerts.Mine(raised.Alert).UserID != *d.Owner {
		t.Errorf("raised %+v", raised)
	}
	i := s.inbox(t)
	if _, err := i.Acknowledge(s.seller, raised.Alert.ID); err != nil {
		t.Fatal(err)
	}
	s.relay(t)
	if e := want(t, feed, s.seller, due.EventAcknowledged); e.UnreadCount != 0 || alerts.Mine(e.Alert).AcknowledgedAt == nil {
		t.Errorf("acknowledged %+v", e)
	}
	s.Write(t, s.acme.Ctx, func(tx *ent.Tx) error { return s.owed.Meet(s.acme.Ctx, tx, d.Kind, d.SubjectID) })
	s.relay(t)
	last := want(t, feed, s.seller, due.EventWithdrawn)
	if last.Alert.State != due.Withdrawn {
		t.Errorf("withdrawn %+v", last)
	}
	if e := want(t, other, s.manager, due.EventRaised); e.Alert.Title != "经理的" {
		t.Errorf("the manager got %+v", e)
	}
	resumed := s.feed(t, s.seller, &raised.Cursor, nil)
	want(t, resumed, s.seller, due.EventAcknowledged)
	if e := want(t, resumed, s.seller, due.EventWithdrawn); e.Cursor != last.Cursor {
		t.Errorf("the same event has two cursors")
	}
}

func TestStreamFilters(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	feed := s.feed(t, s.seller, nil, &alerts.Filter{Kind: []due.Kind{due.ContractEnd}})
	s.raise(t)
	s.raise(t, titled("终止"), func(d *due.Date) { d.Kind = due.ContractEnd })
	s.relay(t)
	if e := want(t, feed, s.seller, due.EventRaised); e.Alert.Title != "终止" {
		t.Errorf("got %+v", e)
	}
}

// TestPermissionLostMidStream: what may no longer be read is left out, and without alert:read the stream ends.
func TestPermissionLostMidStream(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	feed := s.feed(t, s.seller, nil, nil)
	hidden := s.raise(t, titled("已转走"))
	other := user(t, s.manager)
	hidden.Owner = &other
	s.set(t, hidden)
	s.raise(t, titled("还在"))
	s.relay(t)
	if e := want(t, feed, s.seller, due.EventRaised); e.Alert.Title != "还在" {
		t.Errorf("got %+v", e)
	}
	s.raise(t)
	s.takeRole(t, s.seller)
	s.relay(t)
	for range 2 {
		if e, err := feed.Next(s.seller); fault.KindOf(err) != fault.Denied {
			t.Errorf("got %+v, %v; want FORBIDDEN", e, err)
		}
	}
	if _, err := s.streams.Events(s.Next(t, s.seller), nil, nil); fault.KindOf(err) != fault.Denied {
		t.Errorf("a new stream: %v", err)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	globex := s.Tenant(t, "globex")
	feed := s.feed(t, s.seller, nil, nil)
	s.raise(t)
	s.relay(t)
	e := want(t, feed, s.seller, due.EventRaised)
	for name, c := range map[string]struct {
		ctx    context.Context
		cursor string
	}{"another tenant's": {globex.Admin, e.Cursor}, "nonsense": {s.seller, "bm9uc2Vuc2U"}, "empty": {s.seller, ""}} {
		_, err := s.streams.Events(c.ctx, &c.cursor, nil)
		if l := fault.All(err); len(l) != 1 || l[0].Code != fault.CodeInvalidCursor {
			t.Errorf("%s: %v, want INVALID_CURSOR", name, err)
		}
	}
	s.raise(t)
	s.relay(t)
	s.Clock.Advance(31 * 24 * time.Hour)
	r := outbox.Relay{Client: s.Client, System: s.System, Log: slog.New(slog.DiscardHandler)}
	if n, err := r.Retention(t.Context(), s.Clock.Now()); err != nil || n != 2 {
		t.Fatalf("forgot %d, %v", n, err)
	}
	fresh := newStreamOn(t, s)
	_, err := fresh.Events(s.seller, &e.Cursor, nil)
	if l := fault.All(err); len(l) != 1 || l[0].Code != fault.CodeCursorExpired {
		t.Errorf("too old: %v, want CURSOR_EXPIRED", err)
	}
}

// newStreamOn is another process's stream on the same database, with nothing in memory.
func newStreamOn(t testing.TB, s *screen) *alerts.Stream {
	t.Helper()
	other := *s.streams
	other.Hub = outbox.NewHub(outbox.HubOptions{Reader: outbox.Reader{Client: s.Client}, System: s.System, Log: slog.New(slog.DiscardHandler), Index: alerts.Index})
	return &other
}

// TestQuietStreamsMoveOn: positions come without events, with the cursor of what others got.
func TestQuietStreamsMoveOn(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	s.streams.Every = 10 * time.Millisecond
	quiet, err := s.streams.Events(s.manager, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	before := want(t, quiet, s.manager, due.EventPosition)
	s.raise(t)
	s.relay(t)
	after := before
	for after.Cursor == before.Cursor {
		after = want(t, quiet, s.manager, due.EventPosition)
	}
	s.raise(t, func(d *due.Date) { d.Owner = nil })
	s.relay(t)
	resumed := s.feed(t, s.manager, &after.Cursor, nil)
	for e := after; e.Type == due.EventPosition; {
		if e, err = resumed.Next(s.manager); err != nil {
			t.Fatal(err)
		}
		after = e
		if e.Type != due.EventPosition {
			break
		}
	}
	if after.Type != due.EventRaised || after.UnreadCount != 1 {
		t.Errorf("got %+v", after)
	}
}

func TestASlowReaderIsToldWhereToResume(t *testing.T) {
	t.Parallel()
	s := newScreen(t, func(o *outbox.HubOptions) { o.Queue = 3 })
	slow, watch := s.feed(t, s.seller, nil, nil), s.feed(t, s.seller, nil, nil)
	for range 6 {
		s.raise(t)
		s.relay(t)
		want(t, watch, s.seller, due.EventRaised)
	}
	var lagged *alerts.Lagged
	if e, err := slow.Next(s.seller); !errors.As(err, &lagged) || fault.KindOf(err) != fault.Exhausted {
		t.Fatalf("got %+v, %v", e, err)
	}
	seen := map[publicid.AlertID]bool{}
	resumed := s.feed(t, s.seller, &lagged.Cursor, nil)
	for range 6 {
		seen[want(t, resumed, s.seller, due.EventRaised).Alert.ID] = true
	}
	if len(seen) != 6 {
		t.Errorf("resumed to %d alerts", len(seen))
	}
}

func TestStreamNeedsACaller(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	if _, err := s.streams.Events(s.acme.Ctx, nil, nil); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("nobody: %v", err)
	}
	feed := s.feed(t, s.seller, nil, nil)
	ctx, cancel := context.WithCancel(s.seller)
	cancel()
	if _, err := feed.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader who left: %v", err)
	}
}
