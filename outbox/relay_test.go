package outbox_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"heyue/ent"
	"heyue/outbox"
	"heyue/platform/redistest"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// TestRelaysNumberWithoutGaps: four relays at once, under writers whose transactions commit in any order. Each tenant
// ends with 1, 2, 3 … and each writer finds its own events in the order it wrote them in.
func TestRelaysNumberWithoutGaps(t *testing.T) {
	t.Parallel()
	const writers, each = 6, 40
	w := fixture.New(t)
	tenants := []*fixture.Tenant{w.Tenant(t, "acme"), w.Tenant(t, "globex")}
	var stops []func()
	for range 4 {
		r := relay(w)
		r.Batch, r.Poll = 7, 5*time.Millisecond
		stops = append(stops, running(t, r.Run))
	}
	var wg sync.WaitGroup
	for n := range writers {
		for _, tn := range tenants {
			wg.Go(func() {
				for i := range each {
					slowly(t, w, tn.Ctx, thing{Writer: n, N: i})
				}
			})
		}
	}
	wg.Wait()
	for _, stop := range stops {
		stop()
	}
	drain(t, w)
	for _, tn := range tenants {
		events := numbered(t, w, tn.Ctx)
		if len(events) != writers*each {
			t.Errorf("%s has %d events, want %d", tn.Slug, len(events), writers*each)
		}
		next := map[int]int{}
		for _, e := range events {
			var v thing
			if err := json.Unmarshal(e.Payload, &v); err != nil {
				t.Fatal(err)
			}
			if v.N != next[v.Writer] {
				t.Errorf("writer %d's event %d came when %d was next", v.Writer, v.N, next[v.Writer])
			}
			next[v.Writer]++
		}
	}
}

// slowly commits some milliseconds after it wrote; one of eight transactions rolls back in the end.
func slowly(t testing.TB, w *fixture.World, ctx context.Context, v thing) {
	t.Helper()
	for {
		again := rand.IntN(8) == 0
		err := tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
			if err := w.Outbox.Append(ctx, tx, happened(v)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `SELECT pg_sleep($1::float8)`, rand.Float64()*0.004); err != nil {
				return err
			}
			if again {
				return context.Canceled
			}
			return nil
		})
		if err != nil && !again {
			t.Error(err)
		}
		if !again {
			return
		}
	}
}

// TestAKilledRelayLeavesNoGap: a batch is numbered or it is not.
func TestAKilledRelayLeavesNoGap(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	for i := range 200 {
		write(t, w, acme.Ctx, thing{N: i})
	}
	for range 60 {
		ctx, kill := context.WithTimeout(t.Context(), time.Duration(rand.IntN(8_000))*time.Microsecond)
		r := relay(w)
		r.Batch = 5
		_, _ = r.Drain(ctx) // killed or not
		kill()
	}
	drain(t, w)
	if n := len(numbered(t, w, acme.Ctx)); n != 200 {
		t.Errorf("%d events", n)
	}
}

// TestEventsOfARollbackNeverWere
func TestEventsOfARollbackNeverWere(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	var woken []int64
	w.Outbox.Committed = func(tenant int64) { woken = append(woken, tenant) }
	_ = tenancy.Write(acme.Ctx, w.Client, func(tx *ent.Tx) error {
		if err := w.Outbox.Append(acme.Ctx, tx, happened(thing{})); err != nil {
			t.Error(err)
		}
		return context.Canceled
	})
	if woken != nil {
		t.Errorf("a rollback woke %v", woken)
	}
	write(t, w, acme.Ctx, thing{N: 1})
	drain(t, w)
	if n := len(numbered(t, w, acme.Ctx)); n != 1 || len(woken) != 1 || woken[0] != acme.ID {
		t.Errorf("%d events, woken %v", n, woken)
	}
}

// TestAnotherProcessWakesTheRelay over Redis, long before its poll.
func TestAnotherProcessWakesTheRelay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	commands, messages := clients(t, redistest.Start(t).URL())
	bell := outbox.NewDoorbell(commands, quiet())
	running(t, bell.Run)
	told := make(chan int64, 1)
	r := relay(w)
	r.Poll, r.Messages = time.Hour, messages
	r.Numbered = func(_, last int64) { told <- last }
	running(t, r.Run)
	for commands.PubSubNumSub(t.Context(), "relay").Val()["relay"] == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the relay never listened")
		}
	}
	w.Outbox.Committed = bell.Relay
	write(t, w, acme.Ctx, thing{})
	select {
	case last := <-told:
		if last != 1 {
			t.Errorf("numbered up to %d", last)
		}
	case <-t.Context().Done():
		t.Fatal("nobody woke the relay")
	}
}

func TestRetentionForgetsTheOldestOnly(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	write(t, w, acme.Ctx, thing{N: 1}, thing{N: 2})
	drain(t, w)
	w.Clock.Advance(20 * 24 * time.Hour)
	write(t, w, acme.Ctx, thing{N: 3})
	drain(t, w)
	write(t, w, acme.Ctx, thing{N: 4}) // not numbered yet
	reader := outbox.Reader{Client: w.Client}
	for days, want := range []int{0, 2, 1, 0} {
		w.Clock.Advance(time.Duration(days) * 11 * 24 * time.Hour)
		if n, err := relay(w).Retention(t.Context(), w.Clock.Now()); err != nil || n != want {
			t.Errorf("step %d: deleted %d, %v; want %d", days, n, err, want)
		}
	}
	if _, err := reader.Read(acme.Ctx, 0, 10); !isExpired(err) {
		t.Errorf("from the beginning: %v, want CURSOR_EXPIRED", err)
	}
	if events, err := reader.Read(acme.Ctx, 3, 10); err != nil || len(events) != 0 {
		t.Errorf("from the end: %v, %v", events, err)
	}
	if _, err := reader.Read(acme.Ctx, 4, 10); !isExpired(err) {
		t.Errorf("from the future: %v, want CURSOR_EXPIRED", err)
	}
	drain(t, w)
	if events, err := reader.Read(acme.Ctx, 3, 10); err != nil || len(events) != 1 || *events[0].Seq != 4 {
		t.Errorf("the next number after everything was forgotten: %v, %v", events, err)
	}
}
