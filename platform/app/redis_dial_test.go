package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"heyue/platform/app"
	"heyue/platform/redistest"
)

// heard publishes until one of a subscription's messages comes, which it does again and again while servers come and go.
func heard(t *testing.T, clients app.Redis, channel string, messages <-chan *redis.Message) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); ; {
		_ = clients.Commands.Publish(t.Context(), channel, "hello").Err() // it may be lost, as messages are
		select {
		case m := <-messages:
			if m.Channel != channel || m.Payload != "hello" {
				t.Errorf("got %v", m)
			}
			return
		case <-tick.C:
		case <-end:
			t.Fatalf("nothing comes on %s", channel)
		}
	}
}

// drained takes out what has come, so that the next message is a later one.
func drained(messages <-chan *redis.Message) {
	for len(messages) > 0 {
		<-messages
	}
}

// TestRedisCluster moves slots and kills a node under subscriptions and commands: both go on by themselves.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	r := resources(t, settings(t, map[string]string{"REDIS_URL": c.URL(), "HEYUE_REDIS_TIMEOUT": "2s", "HEYUE_REDIS_PROBE": "50ms"}), false)
	checkRedis(t, r)
	clients, err := r.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	channels := []string{"t:{1}:rt", "t:{2}:rt", "t:{3}:rt", "relay"} // on different nodes
	subs := map[string]<-chan *redis.Message{}
	for _, name := range channels {
		sub := clients.Messages.Subscribe(t.Context(), name)
		t.Cleanup(func() { _ = sub.Close() })
		subs[name] = sub.Channel()
		heard(t, clients, name, subs[name])
		if err := clients.Commands.Set(t.Context(), name+":k", name, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for from := range 3 {
		c.Reshard(t, from, (from+1)%3, 2000)
	}
	for _, name := range channels {
		if got, err := clients.Commands.Get(t.Context(), name+":k").Result(); err != nil || got != name {
			t.Errorf("after slots have moved: %q, %v", got, err)
		}
		drained(subs[name])
		heard(t, clients, name, subs[name])
	}
	for node := range c.Nodes {
		c.Nodes[node].Stop(t)
		c.Nodes[node].Restart(t)
		c.Settle(t)
		for _, name := range channels {
			drained(subs[name])
			heard(t, clients, name, subs[name])
		}
	}
}

// TestRedisSentinels kills the master: the clients follow to the replica that is promoted.
func TestRedisSentinels(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinels(t)
	r := resources(t, settings(t, map[string]string{"REDIS_URL": s.URL(), "HEYUE_REDIS_TIMEOUT": "2s", "HEYUE_REDIS_PROBE": "50ms"}), false)
	checkRedis(t, r)
	clients, err := r.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sub := clients.Messages.Subscribe(t.Context(), "t:{1}:rt")
	defer func() { _ = sub.Close() }()
	messages := sub.Channel()
	heard(t, clients, "t:{1}:rt", messages)
	s.Master.Stop(t)
	s.Promoted(t)
	drained(messages)
	heard(t, clients, "t:{1}:rt", messages)
	if info, err := clients.Commands.Info(t.Context(), "replication").Result(); err != nil || !strings.Contains(info, "role:master") {
		t.Errorf("commands go to %s, %v", info, err)
	}
}

// TestRedisURLsAreRead: what cannot be used is said with its name.
func TestRedisURLsAreRead(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://h/0?nonsense=1", "redis+cluster://h?nonsense=1", "redis+sentinel://h/0?master_name=m&nonsense=1"} {
		r := resources(t, settings(t, map[string]string{"REDIS_URL": url}), false)
		if _, err := r.Redis(t.Context()); err == nil || !strings.Contains(err.Error(), "REDIS_URL") || !strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
