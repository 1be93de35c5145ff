package outbox_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent"

	rows "heyue/ent"
	"heyue/outbox"
	"heyue/tests/fixture"
)

// reads records how many events each query of a world's client finds; sizes tells those since it was last asked. It comes
// before whatever reads in the background, for a client's interceptors may not change while it is used.
func reads(w *fixture.World) (sizes func() []int) {
	var mu sync.Mutex
	var all []int
	w.Client.OutboxEvent.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			if found, ok := v.([]*rows.OutboxEvent); ok && len(found) > 0 {
				mu.Lock()
				all = append(all, len(found))
				mu.Unlock()
			}
			return v, err
		})
	}))
	return func() []int {
		mu.Lock()
		defer mu.Unlock()
		since := all
		all = nil
		return since
	}
}

func TestRelayNumbersABatchAtATime(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	write(t, w, w.Tenant(t, "acme").Ctx, make([]thing, 5)...)
	r := relay(w)
	var told []int64
	r.Batch, r.Numbered = 2, func(_, last int64) { told = append(told, last) }
	if n, err := r.Drain(t.Context()); err != nil || n != 5 || !slices.Equal(told, []int64{2, 4, 5}) {
		t.Errorf("numbered %d up to %v, %v", n, told, err)
	}
}

// crowd counts who is inside at a time. The first to enter wait until it is full, so that a place that is never taken
// shows as a test that never ends.
type crowd struct {
	mu           sync.Mutex
	full         chan struct{}
	inside, most int
}

func (c *crowd) enter(places int) {
	c.mu.Lock()
	c.inside++
	c.most = max(c.most, c.inside)
	if c.most == places {
		select {
		case <-c.full:
		default:
			close(c.full)
		}
	}
	c.mu.Unlock()
	<-c.full
	c.mu.Lock()
	c.inside--
	c.mu.Unlock()
}

func TestWorkersAreAsManyAsIsSaid(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(t *testing.T, w *fixture.World, workers int, busy func(), tenants []*fixture.Tenant){
		"relay": func(t *testing.T, w *fixture.World, workers int, busy func(), _ []*fixture.Tenant) {
			r, done := relay(w), make(chan struct{}, 8)
			r.Workers, r.Poll, r.Numbered = workers, 5*time.Millisecond, func(int64, int64) { busy(); done <- struct{}{} }
			running(t, r.Run)
			for range 5 {
				<-done
			}
		},
		"hub": func(t *testing.T, w *fixture.World, workers int, busy func(), tenants []*fixture.Tenant) {
			h := hub(t, w, func(o *outbox.HubOptions) {
				o.Workers, o.Index = workers, func(*rows.OutboxEvent) ([]string, any) { busy(); return nil, nil }
			})
			var subs []*outbox.Subscription
			for _, tn := range tenants {
				subs = append(subs, subscribe(t, h, tn.Ctx, "", nil))
			}
			drain(t, w)
			for _, s := range subs {
				next(t, s, 1)
			}
		},
	} {
		for _, workers := range []int{1, 3} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := fixture.New(t)
				var tenants []*fixture.Tenant
				for _, slug := range []string{"acme", "globex", "initech", "umbrella", "hooli"} {
					tenants = append(tenants, w.Tenant(t, slug))
					write(t, w, tenants[len(tenants)-1].Ctx, thing{})
				}
				c := &crowd{full: make(chan struct{})}
				work(t, w, workers, func() { c.enter(workers) }, tenants)
				if c.most != workers {
					t.Errorf("%d at a time, want %d", c.most, workers)
				}
			})
		}
	}
}

func TestHubReadsAPageAtATime(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	sizes := reads(w)
	s := subscribe(t, hub(t, w, func(o *outbox.HubOptions) { o.Page = 2 }), acme.Ctx, "", nil)
	write(t, w, acme.Ctx, make([]thing, 5)...)
	drain(t, w)
	next(t, s, 5)
	if got := sizes(); slices.Max(got) != 2 {
		t.Errorf("pages of %v events", got)
	}
}

// TestHubRemembersTheNewest: who resumes from further back than is kept in memory costs a query.
func TestHubRemembersTheNewest(t *testing.T) {
	t.Parallel()
	for ring, want := range map[int]bool{1: true, 100: false} {
		w := fixture.New(t)
		acme := w.Tenant(t, "acme")
		sizes := reads(w)
		h := hub(t, w, func(o *outbox.HubOptions) { o.Ring = ring })
		s := subscribe(t, h, acme.Ctx, "", nil)
		for range 6 {
			write(t, w, acme.Ctx, thing{})
			drain(t, w)
			next(t, s, 1)
		}
		sizes()
		inOrder(t, next(t, subscribe(t, h, acme.Ctx, "", &outbox.Position{Epoch: 1}), 6), 1)
		if got := sizes(); len(got) > 0 != want {
			t.Errorf("with %d in memory the table was read for %v events", ring, got)
		}
	}
}

// TestHubLingers: after it a tenant's events are no longer in memory.
func TestHubLingers(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	short := hub(t, w, func(o *outbox.HubOptions) { o.Linger = time.Nanosecond })
	long := hub(t, w, func(o *outbox.HubOptions) { o.Linger = time.Hour })
	for _, h := range []*outbox.Hub{short, long} {
		s := subscribe(t, h, acme.Ctx, "", nil)
		write(t, w, acme.Ctx, thing{})
		drain(t, w)
		next(t, s, 1)
		s.Close()
	}
	sizes := reads(w)
	again := func(h *outbox.Hub) {
		s := subscribe(t, h, acme.Ctx, "", &outbox.Position{Epoch: 1, Seq: 1})
		inOrder(t, next(t, s, 1), 2)
		s.Close()
	}
	again(long)
	if got := sizes(); len(got) != 0 {
		t.Errorf("a tenant that is still followed was read: %v", got)
	}
	for len(sizes()) == 0 { // or the test never ends
		again(short)
	}
}

func TestRetentionDeletesABatchAtATime(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	write(t, w, w.Tenant(t, "acme").Ctx, make([]thing, 5)...)
	drain(t, w)
	w.Clock.Advance(31 * 24 * time.Hour)
	sizes := reads(w)
	r := relay(w)
	r.Forget = 2
	if n, err := r.Retention(t.Context(), w.Clock.Now()); err != nil || n != 5 || !slices.Equal(sizes(), []int{2, 2, 1}) {
		t.Errorf("deleted %d in batches of %v, %v", n, sizes(), err)
	}
}
