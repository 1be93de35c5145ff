package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"heyue/platform/app"
	"heyue/platform/breaker"
	"heyue/platform/redistest"
)

func TestBuiltInRedis(t *testing.T) {
	t.Parallel()
	checkRedis(t, resources(t, settings(t, map[string]string{"HEYUE_REDIS_TIMEOUT": "5s"}), false))
}

func TestGivenRedis(t *testing.T) {
	t.Parallel()
	checkRedis(t, resources(t, settings(t, map[string]string{"REDIS_URL": redistest.URL(t), "HEYUE_REDIS_TIMEOUT": "5s"}), false))
}

// checkRedis wants commands and subscriptions of both kinds of server.
func checkRedis(t *testing.T, r *app.Resources) {
	t.Helper()
	ctx := t.Context()
	clients, err := r.Redis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Redis(ctx); again != clients || err != nil {
		t.Errorf("other clients the second time: %v", err)
	}
	if err := clients.Commands.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	sub := clients.Messages.Subscribe(ctx, "news")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	if err := clients.Commands.Publish(ctx, "news", "hello").Err(); err != nil {
		t.Fatal(err)
	}
	if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "hello" {
		t.Errorf("message %v, %v", m, err)
	}
}

// TestHungRedisIsGivenUp counts connections: more than one would mean that the client tries again.
func TestHungRedisIsGivenUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int32
	first := make(chan struct{})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if taken.Add(1) == 1 {
				close(first)
			}
			defer c.Close() // and never a word
		}
	}()
	r := resources(t, settings(t, map[string]string{"REDIS_URL": "redis://" + l.Addr().String()}), false)
	clients, err := r.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = clients.Commands.Get(t.Context(), "k").Err()
	if err == nil || !os.IsTimeout(err) {
		t.Errorf("a hung Redis: %v; want a timeout", err)
	}
	<-first
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := taken.Load(); n != 1 {
		t.Errorf("%d connections for one command", n)
	}
	if err := clients.Commands.Get(t.Context(), "k").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("Redis that is gone: %v", err)
	}
}

// TestRedisIsLeftAloneWhileItIsAway: once a few commands have failed none waits any more, alone or with others, until
// Redis answers again; then all go through.
func TestRedisIsLeftAloneWhileItIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := resources(t, settings(t, map[string]string{"REDIS_URL": server.URL(), "HEYUE_REDIS_FAILURES": "2", "HEYUE_REDIS_PROBE": "10ms"}), false)
	clients, err := r.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := clients.Commands
	ends := func(want func(error) bool, what string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			err := c.Get(t.Context(), "k").Err()
			if want(err) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", what, err)
			}
		}
	}
	answered := func(err error) bool { return errors.Is(err, redis.Nil) }
	ends(answered, "well")
	if err := c.Do(t.Context(), "NONSENSE").Err(); err == nil || errors.Is(err, breaker.ErrOpen) {
		t.Fatal("a wrong command: ", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if err := c.Get(gone, "k").Err(); !errors.Is(err, context.Canceled) {
			t.Fatal("a caller who has gone: ", err)
		}
	}
	ends(answered, "after commands that Redis is not to blame for")
	server.Pause(t)
	ends(func(err error) bool { return errors.Is(err, breaker.ErrOpen) }, "hung")
	if cmds, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error { p.Get(t.Context(), "k"); return nil }); !errors.Is(err, breaker.ErrOpen) || !errors.Is(cmds[0].Err(), breaker.ErrOpen) {
		t.Errorf("several together: %v", err)
	}
	server.Resume(t)
	ends(answered, "back")
}

// TestRedisPoolIsBounded: a command that finds every connection taken is given up too.
func TestRedisPoolIsBounded(t *testing.T) {
	t.Parallel()
	r := resources(t, settings(t, map[string]string{"REDIS_URL": redistest.URL(t), "HEYUE_REDIS_TIMEOUT": "5s", "HEYUE_REDIS_POOL": "1"}), false)
	clients, err := r.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	only := clients.Commands.(*redis.Client).Conn()
	if err := only.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if got := clients.Commands.(*redis.Client).Options().PoolTimeout; got != 5*time.Second {
		t.Errorf("a command waits %v for a connection", got)
	}
	if stats := clients.Commands.PoolStats(); stats.TotalConns != 1 {
		t.Errorf("%d connections", stats.TotalConns)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := clients.Commands.Ping(soon).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second connection: %v", err)
	}
	if err := only.Close(); err != nil {
		t.Error(err)
	}
	if err := clients.Commands.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestRedisAddressWithAnUnknownOption(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := app.NewResources(app.Options{
		Config: settings(t, map[string]string{"REDIS_URL": "redis://:hunter2@h/0?wishes=3"}), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	_, err := r.Redis(t.Context())
	if err == nil || !strings.Contains(err.Error(), "REDIS_URL") || !strings.Contains(err.Error(), "wishes") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
