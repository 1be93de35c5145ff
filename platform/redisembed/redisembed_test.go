package redisembed

import (
	"errors"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"heyue/platform/clock"
)

func client(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestKeysExpireAsTimePasses(t *testing.T) {
	t.Parallel()
	now := clock.At(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))
	tick := make(chan time.Time)
	s, err := start(slog.New(slog.DiscardHandler), now, tick, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := client(t, s.URL())
	if err := c.Set(t.Context(), "lease", "mine", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	for _, c2 := range []struct {
		advance time.Duration
		left    time.Duration // 0 when the key must be gone
	}{
		{30 * time.Second, 30 * time.Second},
		{0, 30 * time.Second},
		{-time.Hour, 30 * time.Second},
		{29 * time.Second, time.Second},
		{time.Second, 0},
	} {
		now.Advance(c2.advance)
		tick <- now.Now()
		tick <- now.Now() // the first tick has been dealt with when the second is taken
		left, err := c.PTTL(t.Context(), "lease").Result()
		if err != nil {
			t.Fatal(err)
		}
		if c2.left == 0 {
			if err := c.Get(t.Context(), "lease").Err(); !errors.Is(err, redis.Nil) {
				t.Errorf("the key outlived its time: %v", err)
			}
		} else if left != c2.left {
			t.Errorf("after %v more: %v left, want %v", c2.advance, left, c2.left)
		}
	}
}

func TestKeysExpireByTheRealClock(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := client(t, s.URL())
	if err := c.Set(t.Context(), "short", "x", time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for c.Exists(t.Context(), "short").Val() != 0 { // go test's own limit ends a loop that would not
		if t.Context().Err() != nil {
			t.Fatal("the key never expired")
		}
	}
}

func TestScriptsStreamsAndMessagesWork(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := client(t, s.URL())
	if got, err := redis.NewScript("return redis.call('INCRBY', KEYS[1], ARGV[1])").Run(t.Context(), c, []string{"n"}, 5).Int(); err != nil || got != 5 {
		t.Errorf("script: %d %v", got, err)
	}
	if err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "s", Values: []string{"k", "v"}}).Err(); err != nil {
		t.Errorf("stream: %v", err)
	}
	messages := c.Subscribe(t.Context(), "news")
	defer func() { _ = messages.Close() }()
	if _, err := messages.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Publish(t.Context(), "news", "hello").Err(); err != nil {
		t.Fatal(err)
	}
	if m, err := messages.ReceiveMessage(t.Context()); err != nil || m.Payload != "hello" {
		t.Errorf("message: %v %v", m, err)
	}
}

func TestPasswordIsNeeded(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	address, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	address.User = nil
	if err := client(t, address.String()).Ping(t.Context()).Err(); err == nil {
		t.Error("a stranger on this machine can use the server")
	}
}

func TestCloseEndsEverything(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(&redis.Options{Addr: s.redis.Addr(), MaxRetries: -1})
	s.Close()
	s.Close()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a closed server answers")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
