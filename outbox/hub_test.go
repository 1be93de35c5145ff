package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent"

	rows "heyue/ent"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/platform/redistest"
	"heyue/tests/fixture"
)

func isExpired(err error) bool {
	l := fault.All(err)
	return len(l) == 1 && l[0].Code == fault.CodeCursorExpired
}

// index puts the tests' events under their topic.
func index(e *rows.OutboxEvent) ([]string, any) {
	var v thing
	if json.Unmarshal(e.Payload, &v) != nil || v.Topic == "" {
		return nil, v
	}
	return []string{v.Topic, v.Topic}, v
}

func hub(t testing.TB, w *fixture.World, set func(*outbox.HubOptions)) *outbox.Hub {
	t.Helper()
	o := outbox.HubOptions{Reader: outbox.Reader{Client: w.Client}, System: w.System, Log: quiet(), Index: index, Poll: 5 * time.Millisecond}
	set(&o)
	h := outbox.NewHub(o)
	running(t, h.Run)
	return h
}

func plain(*outbox.HubOptions) {}

func subscribe(t testing.TB, h *outbox.Hub, ctx context.Context, topic string, after *outbox.Position) *outbox.Subscription {
	t.Helper()
	s, err := h.Subscribe(ctx, topic, after)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// next reads until n events have come and returns their numbers.
func next(t testing.TB, s *outbox.Subscription, n int) []int64 {
	t.Helper()
	var got []int64
	for len(got) < n {
		entries, err := s.Next(t.Context())
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		for _, e := range entries {
			got = append(got, *e.Event.Seq)
		}
	}
	if len(got) != n {
		t.Fatalf("got %v, want %d events", got, n)
	}
	return got
}

func inOrder(t testing.TB, got []int64, first int64) {
	t.Helper()
	for i, seq := range got {
		if seq != first+int64(i) {
			t.Fatalf("got %v, want %d and on", got, first)
		}
	}
}

func TestSubscribersResumeAndGoLive(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	for i := range 30 {
		write(t, w, acme.Ctx, thing{N: i})
	}
	drain(t, w)
	h := hub(t, w, func(o *outbox.HubOptions) { o.Page = 7 })
	fromNow := subscribe(t, h, acme.Ctx, "", nil)
	if p := fromNow.Position(); p != (outbox.Position{Epoch: 1, Seq: 30}) {
		t.Errorf("now is %+v", p)
	}
	resumed := subscribe(t, h, acme.Ctx, "", &outbox.Position{Epoch: 1, Seq: 4})
	write(t, w, acme.Ctx, thing{N: 30}, thing{N: 31})
	drain(t, w)
	inOrder(t, next(t, resumed, 28), 5)
	inOrder(t, next(t, fromNow, 2), 31)
	if p := resumed.Position(); p.Seq != 32 {
		t.Errorf("resumed is at %+v", p)
	}
}

// TestAQuietSubscriberMovesOn: what others get moves its position, so that its cursor never grows old.
func TestAQuietSubscriberMovesOn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	h := hub(t, w, func(o *outbox.HubOptions) { o.Ring, o.Queue = 4, 4 })
	all, li, wang := subscribe(t, h, acme.Ctx, "", nil), subscribe(t, h, acme.Ctx, "li", nil), subscribe(t, h, acme.Ctx, "wang", nil)
	for i := range 20 {
		write(t, w, acme.Ctx, thing{N: i, Topic: "li"})
		drain(t, w)
		inOrder(t, next(t, li, 1), int64(i+1))
		inOrder(t, next(t, all, 1), int64(i+1))
	}
	if p := wang.Position(); p.Seq != 20 {
		t.Errorf("wang is at %+v", p)
	}
	write(t, w, acme.Ctx, thing{Topic: "wang"})
	drain(t, w)
	inOrder(t, next(t, wang, 1), 21)
}

// TestEventsAreReadOncePerProcess: subscribers that are live, or resume from what is in memory, cost no query.
func TestEventsAreReadOncePerProcess(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	var queries atomic.Int64
	w.Client.OutboxEvent.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			if found, ok := v.([]*rows.OutboxEvent); ok {
				queries.Add(int64(len(found)))
			}
			return v, err
		})
	}))
	h := hub(t, w, plain)
	var subs []*outbox.Subscription
	for range 50 {
		subs = append(subs, subscribe(t, h, acme.Ctx, "", nil))
	}
	for i := range 10 {
		write(t, w, acme.Ctx, thing{N: i})
	}
	drain(t, w)
	for _, s := range subs {
		inOrder(t, next(t, s, 10), 1)
	}
	for range 50 {
		inOrder(t, next(t, subscribe(t, h, acme.Ctx, "", &outbox.Position{Epoch: 1, Seq: 3}), 7), 4)
	}
	if n := queries.Load(); n != 10 {
		t.Errorf("100 subscribers read %d rows for 10 events", n)
	}
}

// TestASlowConsumerEndsAloneAndCanResume
func TestASlowConsumerEndsAloneAndCanResume(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	h := hub(t, w, func(o *outbox.HubOptions) { o.Queue = 5 })
	slow, quick := subscribe(t, h, acme.Ctx, "", nil), subscribe(t, h, acme.Ctx, "", nil)
	write(t, w, acme.Ctx, thing{})
	drain(t, w)
	inOrder(t, next(t, slow, 1), 1)
	inOrder(t, next(t, quick, 1), 1)
	for i := range 10 {
		write(t, w, acme.Ctx, thing{N: i})
		drain(t, w)
		inOrder(t, next(t, quick, 1), int64(i+2))
	}
	var e *outbox.SlowError
	if _, err := slow.Next(t.Context()); !errors.As(err, &e) || e.At != (outbox.Position{Epoch: 1, Seq: 1}) {
		t.Fatalf("the slow one got %v", err)
	}
	inOrder(t, next(t, subscribe(t, h, acme.Ctx, "", &e.At), 10), 2)
}

func TestTenantsHearNothingOfEachOther(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	h := hub(t, w, plain)
	a, g := subscribe(t, h, acme.Ctx, "", nil), subscribe(t, h, globex.Ctx, "", nil)
	write(t, w, acme.Ctx, thing{N: 1}, thing{N: 2})
	write(t, w, globex.Ctx, thing{N: 7})
	drain(t, w)
	inOrder(t, next(t, a, 2), 1)
	entries, err := g.Next(t.Context())
	if err != nil || len(entries) != 1 || entries[0].Value != (thing{N: 7}) || entries[0].Event.TenantID != globex.ID {
		t.Errorf("globex got %v, %v", entries, err)
	}
	if _, err := h.Subscribe(t.Context(), "", nil); err == nil {
		t.Error("a context without tenant subscribed")
	}
}

func TestPositionsThatCannotGoOn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	write(t, w, acme.Ctx, thing{N: 1}, thing{N: 2})
	drain(t, w)
	w.Clock.Advance(31 * 24 * time.Hour)
	write(t, w, acme.Ctx, thing{N: 3})
	drain(t, w)
	if n, err := relay(w).Retention(t.Context(), w.Clock.Now()); err != nil || n != 2 {
		t.Fatalf("deleted %d, %v", n, err)
	}
	h := hub(t, w, plain)
	for name, p := range map[string]outbox.Position{"too old": {Epoch: 1, Seq: 1}, "another epoch": {Epoch: 2, Seq: 3}, "never given out": {Epoch: 1, Seq: 4}} {
		if _, err := h.Subscribe(acme.Ctx, "", &p); !isExpired(err) {
			t.Errorf("%s: %v, want CURSOR_EXPIRED", name, err)
		}
	}
	inOrder(t, next(t, subscribe(t, h, acme.Ctx, "", &outbox.Position{Epoch: 1, Seq: 2}), 1), 3)
}

// TestARestoredTenantEndsItsStreams: a new epoch says that numbers may be given out a second time.
func TestARestoredTenantEndsItsStreams(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	h := hub(t, w, plain)
	s := subscribe(t, h, acme.Ctx, "", nil)
	if _, err := pgtest.Open(t, w.DB.SuperDSN).ExecContext(t.Context(), `UPDATE tenant_directory SET epoch = epoch + 1 WHERE tenant_id = $1`, acme.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(t.Context()); !isExpired(err) {
		t.Errorf("got %v, want CURSOR_EXPIRED", err)
	}
	if p := subscribe(t, h, acme.Ctx, "", nil).Position(); p.Epoch != 2 {
		t.Errorf("a new subscription is at %+v", p)
	}
}

// TestWokenByRedisAlone: another process's relay rings, and the poll is an hour away.
func TestWokenByRedisAlone(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	server := redistest.Start(t)
	commands, messages := clients(t, server.URL())
	bell := outbox.NewDoorbell(commands, quiet())
	running(t, bell.Run)
	h := hub(t, w, func(o *outbox.HubOptions) { o.Messages, o.Poll = messages, time.Hour })
	s := subscribe(t, h, acme.Ctx, "", nil)
	r := relay(w)
	r.Numbered = bell.Numbered
	for i := range 20 {
		write(t, w, acme.Ctx, thing{N: i})
		if _, err := r.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i == 10 {
			server.Restart(t) // the hub reads what it missed as soon as it is subscribed again
		}
	}
	inOrder(t, next(t, s, 20), 1)
}

// TestAStoppedHubEndsItsSubscriptions, which then resume at another.
func TestAStoppedHubEndsItsSubscriptions(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	o := outbox.HubOptions{Reader: outbox.Reader{Client: w.Client}, System: w.System, Log: quiet()}
	h := outbox.NewHub(o)
	stop := running(t, h.Run)
	s := subscribe(t, h, acme.Ctx, "", nil)
	stop()
	if _, err := s.Next(t.Context()); fault.KindOf(err) != fault.Unavailable || fault.All(err) == nil {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
}

// TestASubscriptionSurvivesADeadline: position frames are sent by giving Next a deadline.
func TestASubscriptionSurvivesADeadline(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	s := subscribe(t, hub(t, w, plain), acme.Ctx, "", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	write(t, w, acme.Ctx, thing{})
	drain(t, w)
	inOrder(t, next(t, s, 1), 1)
	s.Close()
	s.Close()
}
