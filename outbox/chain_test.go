package outbox_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heyue/outbox"
	"heyue/platform/redistest"
	"heyue/tests/fixture"
)

// disconnects is how often subscribers break off in TestChainUnderFire. `make soak` asks for more by HEYUE_SOAK.
func disconnects() int {
	if os.Getenv("HEYUE_SOAK") != "" {
		return 1000
	}
	return 200
}

// station is one process of the chain: a relay and a hub that are stopped and started anew under its subscribers.
type station struct {
	mu  sync.Mutex
	hub *outbox.Hub
}

func (s *station) current() *outbox.Hub {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hub
}

// TestChainUnderFire runs writers, relays, Redis, hubs and subscribers while all but PostgreSQL break: subscribers
// leave at any moment and resume at another process; processes stop in mid-work and are replaced; Redis is killed,
// comes back empty, or freezes. In the end every subscriber has had every committed event of its tenant exactly once
// and in order (realtime.md 4.4, 9.3).
func TestChainUnderFire(t *testing.T) {
	t.Parallel()
	const stations, readers, writers = 3, 8, 4
	w := fixture.New(t)
	tenants := []*fixture.Tenant{w.Tenant(t, "acme"), w.Tenant(t, "globex")}
	server := redistest.Start(t)
	c := &chain{World: w, breaks: int64(disconnects())}
	var wg sync.WaitGroup
	background, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	defer stop()
	for range stations {
		s := &station{}
		c.stations = append(c.stations, s)
		started := make(chan struct{})
		wg.Go(func() { c.process(t, background, s, server.URL(), started) })
		<-started
	}
	wg.Go(func() { trouble(t, background, server) })
	var writing, reading sync.WaitGroup
	for n := range writers {
		writing.Go(func() { c.writeUntilDone(t, tenants[n%len(tenants)], n) })
	}
	got := make([][]int64, readers)
	for n := range readers {
		reading.Go(func() { got[n] = c.read(t, tenants[n%len(tenants)]) })
	}
	writing.Wait()
	c.written.Store(true)
	reading.Wait()
	stop()
	wg.Wait()
	c.check(t, tenants, got)
}

type chain struct {
	*fixture.World
	stations []*station
	breaks   int64        // disconnects still to come
	written  atomic.Bool  // all writers are done
	resumes  atomic.Int64 // how often a reader began
}

// done reports whether the subscribers have broken off as often as they should.
func (c *chain) done() bool { return c.resumes.Load() >= c.breaks }

// process is a relay and a hub that live for some tens of milliseconds, over and over.
func (c *chain) process(t testing.TB, ctx context.Context, s *station, url string, started chan struct{}) {
	commands, messages := clients(t, url)
	for n := 0; ctx.Err() == nil; n++ {
		life, kill := context.WithTimeout(ctx, time.Duration(100+rand.IntN(400))*time.Millisecond)
		if c.done() {
			life, kill = context.WithCancel(ctx)
		}
		bell := outbox.NewDoorbell(commands, quiet())
		h := outbox.NewHub(outbox.HubOptions{Reader: outbox.Reader{Client: c.Client}, System: c.System, Messages: messages, Log: quiet(),
			Poll: 200 * time.Millisecond, Ring: 32, Queue: 64, Page: 10, Linger: time.Millisecond})
		r := &outbox.Relay{Client: c.Client, System: c.System, Messages: messages, Log: quiet(), Batch: 5, Poll: 50 * time.Millisecond}
		r.Numbered = bell.Numbered
		s.mu.Lock()
		s.hub = h
		s.mu.Unlock()
		if n == 0 {
			close(started)
		}
		var wg sync.WaitGroup
		for _, run := range []func(context.Context){bell.Run, h.Run, r.Run} {
			wg.Go(func() { run(life) })
		}
		wg.Wait()
		kill()
	}
}

// trouble kills, restarts and freezes Redis.
func trouble(t testing.TB, ctx context.Context, server *redistest.Server) {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch n % 5 {
		case 0:
			server.Restart(t)
		case 2:
			server.Pause(t)
		case 3:
			server.Resume(t)
		}
	}
}

// writeUntilDone commits events at random speed until the readers have broken off often enough.
func (c *chain) writeUntilDone(t testing.TB, tn *fixture.Tenant, writer int) {
	for n := 0; n < 20 || !c.done(); n++ {
		if t.Context().Err() != nil {
			return
		}
		slowly(t, c.World, tn.Ctx, thing{Writer: writer, N: n})
	}
}

// read follows a tenant from its first event, leaving and resuming somewhere else at random, until everything is
// written and read. It returns the numbers in the order they came.
func (c *chain) read(t testing.TB, tn *fixture.Tenant) (got []int64) {
	at := outbox.Position{Epoch: 1}
	for {
		c.resumes.Add(1)
		s, err := c.stations[rand.IntN(len(c.stations))].current().Subscribe(tn.Ctx, "", &at)
		if isExpired(err) {
			t.Errorf("resume after %d of %d: %v", at.Seq, len(got), err)
			return got
		}
		if err != nil {
			continue // the process is going down
		}
		ctx, leave := context.WithTimeout(tn.Ctx, time.Duration(1+rand.IntN(60))*time.Millisecond)
		for err == nil {
			var entries []*outbox.Entry
			if entries, err = s.Next(ctx); err != nil {
				break
			}
			if rand.IntN(20) == 0 {
				break // the connection broke before these were delivered
			}
			for _, e := range entries {
				got = append(got, *e.Event.Seq)
				at.Seq = *e.Event.Seq
			}
		}
		leave()
		s.Close()
		if c.written.Load() && c.complete(t, tn, at.Seq) {
			return got
		}
	}
}

// complete reports whether a tenant has no event after number seq, numbered or not.
func (c *chain) complete(t testing.TB, tn *fixture.Tenant, seq int64) bool {
	n, err := c.Client.OutboxEvent.Query().Count(tn.Ctx)
	if err != nil {
		t.Error(err)
	}
	return err != nil || int64(n) == seq
}

func (c *chain) check(t testing.TB, tenants []*fixture.Tenant, got [][]int64) {
	t.Helper()
	total := 0
	for n, seqs := range got {
		tn := tenants[n%len(tenants)]
		events := numbered(t, c.World, tn.Ctx)
		if len(seqs) != len(events) {
			t.Errorf("reader %d had %d events of %s's %d", n, len(seqs), tn.Slug, len(events))
			continue
		}
		inOrder(t, seqs, 1)
		total += len(seqs)
	}
	for _, tn := range tenants {
		next := map[int]int{}
		for _, e := range numbered(t, c.World, tn.Ctx) {
			var v thing
			if err := json.Unmarshal(e.Payload, &v); err != nil || v.N != next[v.Writer] {
				t.Errorf("%s: writer %d's event %d came when %d was next, %v", tn.Slug, v.Writer, v.N, next[v.Writer], err)
			}
			next[v.Writer]++
		}
	}
	if c.resumes.Load() < c.breaks {
		t.Errorf("only %d disconnects", c.resumes.Load())
	}
	t.Log("delivered " + strconv.Itoa(total) + " events over " + strconv.FormatInt(c.resumes.Load(), 10) + " connections")
}
