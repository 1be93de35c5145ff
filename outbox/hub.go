package outbox

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/redis/go-redis/v9"

	"heyue/ent"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Defaults of a Hub.
const (
	DefaultHubRing    = 1024             // events of a tenant kept in memory for those who join
	DefaultHubQueue   = 256              // events that may wait for one subscriber
	DefaultHubPage    = 500              // events read at a time
	DefaultHubWorkers = 4                // tenants read at a time
	DefaultHubLinger  = 30 * time.Second // how long a tenant is followed after its last subscriber
)

// channelSize is how many messages of Redis may wait for us; go-redis drops more (realtime.md 4.1). It is no setting:
// whoever takes them out never waits.
const channelSize = 4096

// hubShards is how many locks the tenants of a process are spread over.
const hubShards = 64

// HubOptions say what a hub works with. Reader, System and Log are required.
type HubOptions struct {
	Reader   Reader
	System   *sql.DB               // sees the tenants' last numbers
	Messages redis.UniversalClient // for Subscribe, with no read timeout; nil: only Wake and the poll tell of events
	Log      *slog.Logger

	// Index says, once for each event and process, which topics an event is for and what its subscribers want to know
	// of it (Entry.Value). Without it events have no topics.
	Index func(*ent.OutboxEvent) (topics []string, value any)

	// Rules is told the tenants whose permissions another process has changed (Doorbell.Rules), for what it is worth: messages
	// get lost. It must not wait. Nil: nobody is.
	Rules func(tenant int64)

	Ring    int           // 0: DefaultHubRing
	Queue   int           // 0: DefaultHubQueue
	Page    int           // 0: DefaultHubPage
	Workers int           // 0: DefaultHubWorkers
	Poll    time.Duration // 0: DefaultPoll
	Linger  time.Duration // 0: DefaultHubLinger
}

// Hub hands numbered events to the subscribers of this process. It reads each event once per process and tenant,
// however many subscribe; it holds one connection to Redis, on which a tenant with subscribers is one channel; and it
// looks at all its tenants' last numbers once a second, in one query, so that a lost message costs a second and
// nothing else. It never waits for a subscriber: one whose queue is full ends with a *SlowError.
type Hub struct {
	o      HubOptions
	shards [hubShards]shard
	queue  *queue
	doors  *notes[int64, struct{}] // tenants whose subscription to Redis may have to change
}

type shard struct {
	mu    sync.Mutex
	tails map[int64]*tail
}

// NewHub returns a hub. Subscriptions may be made at once; they are served while Run runs.
func NewHub(o HubOptions) *Hub {
	o.Ring, o.Queue, o.Page = or(o.Ring, DefaultHubRing), or(o.Queue, DefaultHubQueue), or(o.Page, DefaultHubPage)
	o.Workers, o.Poll, o.Linger = or(o.Workers, DefaultHubWorkers), or(o.Poll, DefaultPoll), or(o.Linger, DefaultHubLinger)
	h := &Hub{o: o, queue: newQueue(), doors: newNotes[int64, struct{}]()}
	for i := range h.shards {
		h.shards[i].tails = map[int64]*tail{}
	}
	return h
}

func (h *Hub) shard(tenant int64) *shard { return &h.shards[uint64(tenant)%hubShards] }

func (h *Hub) tail(tenant int64) *tail {
	s := h.shard(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tails[tenant]
}

// Wake says that a tenant's events are numbered up to last; 0 when that is not known. It never waits. A relay in the
// same process calls it, so that delivery does not depend on Redis.
func (h *Hub) Wake(tenant, last int64) {
	if t := h.tail(tenant); t != nil && (last == 0 || last > t.head.Load()) {
		h.queue.add(tenant)
	}
}

// Run serves subscriptions until ctx ends, and then ends them all with UNAVAILABLE: their clients resume elsewhere.
func (h *Hub) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for range h.o.Workers {
		wg.Go(func() { h.work(ctx) })
	}
	if h.o.Messages != nil {
		wg.Go(func() { h.listen(ctx) })
	}
	tick := time.NewTicker(h.o.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := h.look(ctx); err != nil && ctx.Err() == nil {
			h.o.Log.ErrorContext(ctx, "compare event numbers", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	wg.Wait()
	for _, t := range h.followed() {
		h.drop(t, fault.New(fault.Unavailable, fault.CodeUnavailable, "the server is restarting; connect again"))
	}
}

// work reads what is new of the tenants in the queue.
func (h *Hub) work(ctx context.Context) {
	for {
		tenant, ok := h.queue.take(ctx)
		if !ok {
			return
		}
		more, err := h.pump(ctx, tenant)
		h.queue.done(tenant, more)
		if err != nil && ctx.Err() == nil {
			h.o.Log.ErrorContext(ctx, "read events", "tenant", tenant, "error", err)
		}
	}
}

// pump reads a page of a tenant's events and hands it out.
func (h *Hub) pump(ctx context.Context, tenant int64) (more bool, err error) {
	t := h.tail(tenant)
	if t == nil || !t.started.Load() {
		return false, nil
	}
	events, err := h.o.Reader.Read(tenancy.With(ctx, tenant), t.head.Load(), h.o.Page)
	if expired(err) { // the tenant was restored, or nobody read for longer than events are kept
		h.drop(t, Expired())
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t.give(h.entries(events))
	return len(events) == h.o.Page, nil
}

func expired(err error) bool {
	f := fault.All(err)
	return len(f) == 1 && f[0].Code == fault.CodeCursorExpired
}

func (h *Hub) entries(events []*ent.OutboxEvent) []*Entry {
	entries := make([]*Entry, len(events))
	for i, e := range events {
		entries[i] = &Entry{Event: e}
		if h.o.Index != nil {
			entries[i].topics, entries[i].Value = h.o.Index(e)
		}
	}
	return entries
}

// followed lists the tenants that have subscribers, or had them a moment ago.
func (h *Hub) followed() map[int64]*tail {
	all := map[int64]*tail{}
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for id, t := range s.tails {
			all[id] = t
		}
		s.mu.Unlock()
	}
	return all
}

// look compares what has been handed out with the last numbers there are.
func (h *Hub) look(ctx context.Context) error {
	tails := h.followed()
	if len(tails) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(tails))
	for id := range tails {
		ids = append(ids, id)
	}
	heads, err := h.heads(ctx, ids)
	if err != nil {
		return err
	}
	for id, p := range heads {
		switch t := tails[id]; {
		case !t.started.Load():
		case t.epoch != p.Epoch:
			h.drop(t, Expired())
		default:
			h.Wake(id, p.Seq)
		}
	}
	return nil
}

// headsSQL reads the last number and the epoch of tenants. The system role sees no other counter.
const headsSQL = `SELECT d.tenant_id, d.epoch, coalesce(c.last, 0) FROM tenant_directory d
LEFT JOIN number_counters c ON c.tenant_id = d.tenant_id AND c.kind = 'event' WHERE d.tenant_id = ANY($1::bigint[])`

func (h *Hub) heads(ctx context.Context, tenants []int64) (_ map[int64]Position, err error) {
	rows, err := h.o.System.QueryContext(tenancy.With(ctx, 0), headsSQL, pq.Array(tenants))
	if err != nil {
		return nil, tenancy.Fault(err, "read event numbers")
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	heads := make(map[int64]Position, len(tenants))
	for rows.Next() {
		var id int64
		var p Position
		if err := rows.Scan(&id, &p.Epoch, &p.Seq); err != nil {
			return nil, fault.Wrap(err, "read event numbers")
		}
		heads[id] = p
	}
	return heads, tenancy.Fault(rows.Err(), "read event numbers")
}
