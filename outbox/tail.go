package outbox

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"heyue/ent"
	"heyue/platform/fault"
)

// Entry is one event as subscribers get it. It is shared by all of them: nobody may change it.
type Entry struct {
	Event  *ent.OutboxEvent
	Value  any // what HubOptions.Index made of it
	topics []string
}

// Position is a place in a tenant's events: everything up to Seq has been seen. The epoch changes when a tenant is
// restored from a backup, after which old positions mean nothing.
type Position struct {
	Epoch int64
	Seq   int64
}

// tail is the newest events of one tenant and those who wait for more. Only the worker that has the tenant's turn
// moves it on; mu is never held over input or output.
type tail struct {
	tenant int64

	starting sync.Mutex // one subscriber asks where the tail begins, the others wait for the answer
	started  atomic.Bool
	epoch    int64        // fixed once started
	head     atomic.Int64 // the last event handed out; written under mu

	mu      sync.Mutex
	ring    []*Entry // the newest events up to head without a gap, oldest first
	size    int
	waiting map[string]map[*Subscription]struct{} // by topic; "" for those who want everything
	over    error                                 // why the tail has ended

	users   int // under the shard's lock
	linger  *time.Timer
	dropped bool // under the shard's lock: a new subscriber starts another tail
}

// start finds out where the tail begins, unless that is known.
func (t *tail) start(ctx context.Context, h *Hub) error {
	t.starting.Lock()
	defer t.starting.Unlock()
	if t.started.Load() {
		return nil
	}
	heads, err := h.heads(ctx, []int64{t.tenant})
	if err != nil {
		return err
	}
	p, ok := heads[t.tenant]
	if !ok {
		return fault.NoSuch("tenant")
	}
	t.epoch = p.Epoch
	t.head.Store(p.Seq)
	t.started.Store(true)
	return nil
}

// give appends events to the ring and to the queues of those who want them.
func (t *tail) give(entries []*Entry) {
	if len(entries) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range entries {
		t.ring = append(t.ring, e)
		for s := range t.waiting[""] {
			s.put(e)
		}
		for _, topic := range e.topics {
			for s := range t.waiting[topic] {
				s.put(e)
			}
		}
	}
	if over := len(t.ring) - t.size; over > t.size { // not for every event: the copy is shared by as many as it moves
		t.ring = append([]*Entry(nil), t.ring[over:]...)
	}
	t.head.Store(*entries[len(entries)-1].Event.Seq)
}

// join makes s live if the ring reaches back to where s stands, and gives it what it lacks. It reports false when s
// has to read the table first.
func (t *tail) join(s *Subscription) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != nil {
		s.fail(t.over)
		return true // take tells
	}
	first := t.head.Load() + 1 - int64(len(t.ring))
	if s.seen < first-1 {
		return false
	}
	if s.err != nil {
		return true
	}
	s.start(t.ring[min(s.seen+1-first, int64(len(t.ring))):])
	members := t.waiting[s.topic]
	if members == nil {
		members = map[*Subscription]struct{}{}
		t.waiting[s.topic] = members
	}
	members[s] = struct{}{}
	return true
}

// remove takes s out of the index; mu is held.
func (t *tail) remove(s *Subscription) {
	delete(t.waiting[s.topic], s)
	if len(t.waiting[s.topic]) == 0 {
		delete(t.waiting, s.topic)
	}
}

// end ends the tail: every live subscription with err, and whoever joins later.
func (t *tail) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = err
	for _, members := range t.waiting {
		for s := range members {
			s.fail(err)
		}
	}
	clear(t.waiting)
}
