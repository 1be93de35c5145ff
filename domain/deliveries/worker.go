package deliveries

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/carrier"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/secret"
	"heyue/policies"
	"heyue/tenancy"
)

// Carrier brings a message to where it is for; carrier.Fleet does.
type Carrier interface {
	Carry(ctx context.Context, c channel.Channel, p posting.Provider, t carrier.Target, m carrier.Message) (carrier.Receipt, error)
}

// Metrics is told what becomes of messages; metrics.Product does. Its labels are channels, results and reasons.
type Metrics interface {
	DeliveryTried(by, result string, took time.Duration)
	DeliveryGivenUp(by, reason string)
	DeliveryQueue(age time.Duration)
}

// Worker sends what is due. Make it with NewWorker.
type Worker struct {
	WorkerOptions
	slots chan struct{} // one for each message under way
	wake  chan struct{}
	tries sync.WaitGroup
}

// WorkerOptions are what a worker works with.
type WorkerOptions struct {
	Client      *ent.Client
	System      *sql.DB // sees which tenants have something to send, and nothing else of them
	Policies    *policies.Engine
	Alerts      Alerts
	Preferences Preferences // nil: everybody wants everything that was ordered for them
	Reminders   Reminders
	Carrier     Carrier
	Box         secret.Box
	Clock       clock.Clock
	Log         *slog.Logger
	Metrics     Metrics
	Limits      Limits
	Site        string // the public address that links begin with; "" for no links
}

// NewWorker makes a worker that does nothing until it is told to.
func NewWorker(o WorkerOptions) *Worker {
	return &Worker{WorkerOptions: o, slots: make(chan struct{}, o.Limits.Workers), wake: make(chan struct{}, 1)}
}

// Wake makes Run look for work at once.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run sends until ctx ends; what is under way then is broken off, and tried again when its lease is over. What fails is
// logged and tried again.
func (w *Worker) Run(ctx context.Context) {
	defer w.tries.Wait()
	tick := time.NewTicker(w.Limits.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		err := w.Feed(ctx)
		for begun := 1; err == nil && begun > 0; {
			begun, err = w.round(ctx)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "send messages", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-tick.C:
		}
	}
}

// Once feeds endpoints and sends everything that is due, and returns when the last try has ended.
func (w *Worker) Once(ctx context.Context) error {
	if err := w.Feed(ctx); err != nil {
		return err
	}
	for {
		begun, err := w.round(ctx)
		w.tries.Wait()
		if err != nil || begun == 0 {
			return err
		}
	}
}

// dueTenantsSQL walks the index from tenant to tenant: its cost is the number of tenants with work.
const dueTenantsSQL = `SELECT tenant_id, min(next_at) FROM deliveries WHERE next_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`

// round gives every tenant with something due a turn, from a random one on, and returns how many tries were begun.
// Nobody's turn is longer than the slots that are free and the tenant's own limits.
func (w *Worker) round(ctx context.Context) (begun int, err error) {
	tenants, err := w.due(ctx)
	if err != nil {
		return 0, err
	}
	for i, first := 0, rand.IntN(max(len(tenants), 1)); i < len(tenants) && ctx.Err() == nil; i++ {
		tenant := tenants[(first+i)%len(tenants)]
		n, err := w.turn(tenancy.With(ctx, tenant))
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "send a tenant's messages", "tenant", tenant, "error", err)
		}
		begun += n
	}
	return begun, ctx.Err()
}

// turn begins what the context's tenant may send now, as far as there are slots.
func (w *Worker) turn(ctx context.Context) (begun int, err error) {
	free := cap(w.slots) - len(w.slots)
	if free == 0 {
		return 0, nil
	}
	parcels, err := w.claim(ctx, free)
	for _, p := range parcels {
		w.slots <- struct{}{}
		w.tries.Go(func() {
			defer func() { <-w.slots; w.Wake() }()
			if err := w.try(ctx, p); err != nil && ctx.Err() == nil {
				w.Log.ErrorContext(ctx, "send a message", "delivery", p.head().ID, "error", err)
			}
		})
	}
	return len(parcels), err
}

// due lists the tenants that have something to send, and measures how long the oldest has waited.
func (w *Worker) due(ctx context.Context) ([]int64, error) {
	now := w.Clock.Now()
	rows, err := w.System.QueryContext(ctx, dueTenantsSQL, now)
	if err != nil {
		return nil, tenancy.Fault(err, "find messages to send")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	var age time.Duration
	for rows.Next() {
		var id int64
		var oldest time.Time
		if err := rows.Scan(&id, &oldest); err != nil {
			return nil, fault.Wrap(err, "find messages to send")
		}
		tenants, age = append(tenants, id), max(age, now.Sub(oldest))
	}
	if w.Metrics != nil {
		w.Metrics.DeliveryQueue(age)
	}
	return tenants, tenancy.Fault(rows.Err(), "find messages to send")
}

// tenants reads ids of tenants past all walls but that of the system's role.
func (w *Worker) tenants(ctx context.Context, statement string, args ...any) ([]int64, error) {
	rows, err := w.System.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, tenancy.Fault(err, "find tenants with work")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "find tenants with work")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "find tenants with work")
}
