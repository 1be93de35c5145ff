package outbox_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/goleak"

	"heyue/ent"
	"heyue/ent/outboxevent"
	"heyue/outbox"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// silent keeps the library from telling that Redis is down, which these tests make it.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// thing is the payload of the tests' events: the n-th of a writer, for a topic.
type thing struct {
	Writer int    `json:"writer"`
	N      int    `json:"n"`
	Topic  string `json:"topic,omitempty"`
}

func happened(v thing) outbox.Event {
	return outbox.Event{Kind: "test.happened", Subject: uuid.Must(uuid.NewV7()), Payload: v}
}

// write appends one event for each thing, in one transaction.
func write(t testing.TB, w *fixture.World, ctx context.Context, things ...thing) {
	t.Helper()
	w.Write(t, ctx, func(tx *ent.Tx) error {
		var events []outbox.Event
		for _, v := range things {
			events = append(events, happened(v))
		}
		return w.Outbox.Append(ctx, tx, events...)
	})
}

func relay(w *fixture.World) *outbox.Relay {
	return &outbox.Relay{Client: w.Client, System: w.System, Log: quiet()}
}

// drain numbers what there is.
func drain(t testing.TB, w *fixture.World) {
	t.Helper()
	if _, err := relay(w).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// numbered returns a tenant's events by number and fails unless they are 1, 2, 3 … without a gap.
func numbered(t testing.TB, w *fixture.World, ctx context.Context) []*ent.OutboxEvent {
	t.Helper()
	events, err := w.Client.OutboxEvent.Query().Order(outboxevent.BySeq()).All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.Seq == nil || *e.Seq != int64(i+1) {
			t.Fatalf("the event at place %d has number %v", i+1, e.Seq)
		}
	}
	return events
}

// running runs something until the test, or stop, ends it.
func running(t testing.TB, run func(ctx context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { run(ctx) })
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// clients are Redis clients as the product makes them: commands give up at once, messages wait.
func clients(t testing.TB, url string) (commands, messages *redis.Client) {
	t.Helper()
	make := func(set func(*redis.Options)) *redis.Client {
		o, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		o.MaxRetries, o.DialerRetries, o.PipelinePoolSize, o.DisableIdentity = -1, 1, -1, true
		o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		set(o)
		c := redis.NewClient(o)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	const limit = 50 * time.Millisecond
	return make(func(o *redis.Options) {
			o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.ContextTimeoutEnabled = limit, limit, limit, limit, true
		}), make(func(o *redis.Options) {
			o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, -1, time.Second
		})
}
