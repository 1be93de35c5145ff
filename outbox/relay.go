package outbox

import (
	"context"
	"database/sql"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/tracing"
	"heyue/tenancy"
)

// Defaults of a Relay.
const (
	DefaultRelayBatch   = 500         // events numbered in one transaction
	DefaultRelayWorkers = 4           // tenants worked on at a time
	DefaultPoll         = time.Second // between two looks for what nobody told
	DefaultForget       = 5000        // old events deleted in one transaction
)

// Relay numbers events after their commit, per tenant, without gaps: that number is the cursor of every consumer
// (realtime.md 4.3). Any number may run; those that meet on a tenant take turns. A relay that is killed leaves a
// batch either numbered or not.
//
// Events that are found together are numbered by id, that is in the order they were made in; one that is committed
// after a batch began comes behind it.
type Relay struct {
	Client   *ent.Client
	System   *sql.DB                        // sees which tenants have unnumbered events, and nothing else of them
	Messages redis.UniversalClient          // for Subscribe; nil: only this process and the poll wake the relay
	Numbered func(tenant int64, last int64) // told after each batch, must not wait; nil for nobody
	Observe  func(oldest time.Time)         // told when the oldest event of each batch happened; nil for nobody
	Log      *slog.Logger
	Batch    int           // 0: DefaultRelayBatch
	Workers  int           // 0: DefaultRelayWorkers
	Poll     time.Duration // 0: DefaultPoll
	Forget   int           // events that one transaction of Retention deletes; 0: DefaultForget

	once  sync.Once
	queue *queue
}

func (r *Relay) init() {
	r.once.Do(func() {
		r.queue = newQueue()
		r.Batch = or(r.Batch, DefaultRelayBatch)
		r.Workers = or(r.Workers, DefaultRelayWorkers)
		r.Poll = or(r.Poll, DefaultPoll)
		r.Forget = or(r.Forget, DefaultForget)
	})
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Wake says that a tenant has new events. It never waits; it is what Writer.Committed is in the relay's process.
func (r *Relay) Wake(tenant int64) {
	r.init()
	r.queue.add(tenant)
}

// Run numbers events until ctx ends. What fails is logged and tried again by the next poll.
func (r *Relay) Run(ctx context.Context) {
	r.init()
	var wg sync.WaitGroup
	if r.Messages != nil {
		wg.Go(func() { r.listen(ctx) })
	}
	for range r.Workers {
		wg.Go(func() { r.work(ctx) })
	}
	tick := time.NewTicker(r.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		tenants, err := r.unnumbered(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "find unnumbered events", "error", err)
		}
		for _, t := range tenants {
			r.queue.add(t)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	wg.Wait()
}

// work takes tenants in turn; one with more events than a batch goes to the end of the line.
func (r *Relay) work(ctx context.Context) {
	for {
		tenant, ok := r.queue.take(ctx)
		if !ok {
			return
		}
		last, n, err := r.number(tenancy.With(ctx, tenant))
		r.queue.done(tenant, err == nil && n == int64(r.Batch))
		if err != nil {
			if ctx.Err() == nil {
				r.Log.ErrorContext(ctx, "number events", "tenant", tenant, "error", err)
			}
			continue
		}
		if n > 0 && r.Numbered != nil {
			r.Numbered(tenant, last)
		}
	}
}

// number numbers a batch of the context's tenant.
func (r *Relay) number(ctx context.Context) (last, count int64, err error) {
	ctx, span := tracing.Start(ctx, "number events")
	last, count, oldest, err := number(ctx, r.Client, r.Batch)
	span.End(err)
	if err == nil && count > 0 && r.Observe != nil {
		r.Observe(oldest)
	}
	return last, count, err
}

// Drain numbers everything there is and returns how many events that were. Run does the same for ever; Drain is for
// a command that ends, and for tests.
func (r *Relay) Drain(ctx context.Context) (int64, error) {
	r.init()
	var total int64
	tenants, err := r.unnumbered(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		for more := true; more; {
			last, n, err := r.number(tenancy.With(ctx, tenant))
			if err != nil {
				return total, err
			}
			total += n
			if more = n == int64(r.Batch); n > 0 && r.Numbered != nil {
				r.Numbered(tenant, last)
			}
		}
	}
	return total, nil
}

// listen turns messages of other processes into wake-ups.
func (r *Relay) listen(ctx context.Context) {
	sub := r.Messages.Subscribe(ctx, relayChannel)
	defer func() { _ = sub.Close() }() // nothing is owed to a subscription
	messages := sub.Channel(redis.WithChannelSize(channelSize))
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			if tenant, err := strconv.ParseInt(m.Payload, 10, 64); err == nil && tenant > 0 {
				r.queue.add(tenant)
			}
		}
	}
}

// unnumberedSQL walks the index from tenant to tenant, so that its cost is their number and not the events'.
const unnumberedSQL = `WITH RECURSIVE t AS (
	SELECT min(tenant_id) AS id FROM outbox_events WHERE seq IS NULL
	UNION ALL
	SELECT (SELECT min(tenant_id) FROM outbox_events WHERE seq IS NULL AND tenant_id > t.id) FROM t WHERE t.id IS NOT NULL
) SELECT id FROM t WHERE id IS NOT NULL`

func (r *Relay) unnumbered(ctx context.Context) ([]int64, error) {
	return tenantList(ctx, r.System, unnumberedSQL)
}

// tenantList runs a query of the system role that gives tenants.
func tenantList(ctx context.Context, system *sql.DB, query string) ([]int64, error) {
	rows, err := system.QueryContext(ctx, query)
	if err != nil {
		return nil, tenancy.Fault(err, "list tenants")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "list tenants")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "list tenants")
}
