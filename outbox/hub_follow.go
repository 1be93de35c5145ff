package outbox

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// enter counts a subscriber of a tenant and begins to follow the tenant with the first.
func (h *Hub) enter(tenant int64) *tail {
	s := h.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tails[tenant]
	if t == nil {
		t = &tail{tenant: tenant, size: h.o.Ring, waiting: map[string]map[*Subscription]struct{}{}}
		s.tails[tenant] = t
		h.doors.leave(tenant, struct{}{})
	}
	if t.linger != nil {
		t.linger.Stop()
		t.linger = nil
	}
	t.users++
	return t
}

// leave counts a subscriber out. The tenant is followed a while longer, since clients come back.
func (h *Hub) leave(t *tail) {
	s := h.shard(t.tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.users--
	if t.users > 0 || t.dropped {
		return
	}
	t.linger = time.AfterFunc(h.o.Linger, func() { h.forget(t) })
}

// forget stops following a tenant that nobody came back to.
func (h *Hub) forget(t *tail) {
	s := h.shard(t.tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.users == 0 {
		h.remove(s, t)
	}
}

// drop ends a tail and everybody on it. The next subscriber of its tenant begins another one.
func (h *Hub) drop(t *tail, why error) {
	s := h.shard(t.tenant)
	s.mu.Lock()
	h.remove(s, t)
	s.mu.Unlock()
	t.end(why)
}

func (h *Hub) remove(s *shard, t *tail) {
	if !t.dropped {
		t.dropped = true
		delete(s.tails, t.tenant)
		h.doors.leave(t.tenant, struct{}{})
	}
}

// channels are the names that a hub listens to.
type channels struct {
	mu      sync.Mutex
	tenants map[string]int64
}

func (c *channels) tenant(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tenants[name]
}

// change notes that a tenant is followed, or no longer is, and returns its channel if that is news.
func (c *channels) change(tenant int64, followed bool) (name string, news bool) {
	name, err := channelOf(tenant)
	if err != nil {
		return "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.tenants[name]
	if followed {
		c.tenants[name] = tenant
	} else {
		delete(c.tenants, name)
	}
	return name, known != followed
}

// listen turns Redis' messages into wake-ups. The library makes a lost connection again and subscribes anew, which it
// reports, so that what happened meanwhile is read at once.
func (h *Hub) listen(ctx context.Context) {
	sub := h.o.Messages.Subscribe(ctx)
	names := &channels{tenants: map[string]int64{}}
	var wg sync.WaitGroup
	wg.Go(func() { h.open(ctx, sub, names) })
	defer wg.Wait()
	defer func() { _ = sub.Close() }() // nothing is owed to a subscription
	messages := sub.ChannelWithSubscriptions(redis.WithChannelSize(channelSize))
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			h.heard(m, names)
		}
	}
}

// heard never waits: the library drops messages when its channel is full for long.
func (h *Hub) heard(m any, names *channels) {
	switch m := m.(type) {
	case *redis.Subscription:
		h.Wake(names.tenant(m.Channel), 0)
	case *redis.Message:
		if m.Payload == rulesChanged {
			if h.o.Rules != nil {
				h.o.Rules(names.tenant(m.Channel))
			}
			return
		}
		last, _ := strconv.ParseInt(m.Payload, 10, 64) // 0 when it cannot be read: then the table is asked
		h.Wake(names.tenant(m.Channel), last)
	}
}

// open subscribes to the channels of the tenants that are followed, and leaves those of others. While Redis is away
// the library keeps the list and subscribes when it is back.
func (h *Hub) open(ctx context.Context, sub *redis.PubSub, names *channels) {
	for {
		noted, ok := h.doors.take(ctx)
		if !ok {
			return
		}
		var enter, leave []string
		for tenant := range noted {
			followed := h.tail(tenant) != nil
			switch name, news := names.change(tenant, followed); {
			case news && followed:
				enter = append(enter, name)
			case news:
				leave = append(leave, name)
			}
		}
		h.tell(ctx, sub.Subscribe, enter)
		h.tell(ctx, sub.Unsubscribe, leave)
	}
}

func (h *Hub) tell(ctx context.Context, do func(context.Context, ...string) error, names []string) {
	if len(names) == 0 {
		return
	}
	if err := do(ctx, names...); err != nil && ctx.Err() == nil {
		h.o.Log.DebugContext(ctx, "Redis cannot be told which tenants are followed", "error", err)
	}
}
