package outbox

import (
	"context"
	"log/slog"
	"sync"

	"github.com/redis/go-redis/v9"

	"heyue/tenancy"
)

// relayChannel is where processes without a relay tell those with one that a tenant has new events.
const relayChannel = "relay"

// channelOf is where the hubs listen for a tenant's new events.
func channelOf(tenant int64) (string, error) {
	return tenancy.Key(tenancy.With(context.Background(), tenant), "rt")
}

// Doorbell publishes wake-ups. It never makes its callers wait: they leave a note, and Run publishes what has been
// noted, the newest per channel. What Redis does not take is forgotten, since everybody who is not woken looks by
// himself once a second.
type Doorbell struct {
	redis redis.UniversalClient
	log   *slog.Logger
	notes *notes[note, int64]
}

// note is a channel and, on the one that all tenants share, a tenant.
type note struct {
	channel string
	tenant  int64
	rules   bool
}

// rulesChanged is the message that a tenant's permissions have changed; others are numbers.
const rulesChanged = "rules"

// NewDoorbell returns a doorbell on a client for commands, whose own timeouts bound a publication.
func NewDoorbell(client redis.UniversalClient, log *slog.Logger) *Doorbell {
	return &Doorbell{redis: client, log: log, notes: newNotes[note, int64]()}
}

// Relay asks a relay to number a tenant's events. It is what Writer.Committed is in a process without a relay.
func (d *Doorbell) Relay(tenant int64) {
	d.notes.leave(note{channel: relayChannel, tenant: tenant}, tenant)
}

// Numbered tells the hubs of all processes that a tenant's events have been numbered up to last.
func (d *Doorbell) Numbered(tenant, last int64) {
	if channel, err := channelOf(tenant); err == nil {
		d.notes.leave(note{channel: channel}, last)
	}
}

// Rules tells the hubs of all processes that a tenant's permissions have changed (HubOptions.Rules).
func (d *Doorbell) Rules(tenant int64) {
	if channel, err := channelOf(tenant); err == nil {
		d.notes.leave(note{channel: channel, rules: true}, 0)
	}
}

// Run publishes until ctx ends.
func (d *Doorbell) Run(ctx context.Context) {
	for {
		noted, ok := d.notes.take(ctx)
		if !ok {
			return
		}
		d.ring(ctx, noted)
	}
}

func (d *Doorbell) ring(ctx context.Context, noted map[note]int64) {
	_, err := d.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for to, n := range noted {
			if to.rules {
				p.Publish(ctx, to.channel, rulesChanged)
			} else {
				p.Publish(ctx, to.channel, n)
			}
		}
		return nil
	})
	if err != nil {
		d.log.DebugContext(ctx, "Redis took no wake-up", "error", err)
	}
}

// notes is a set of keys with their newest values, left by many and taken by one.
type notes[K comparable, V any] struct {
	mu   sync.Mutex
	left map[K]V
	wake chan struct{}
}

func newNotes[K comparable, V any]() *notes[K, V] {
	return &notes[K, V]{left: map[K]V{}, wake: make(chan struct{}, 1)}
}

func (n *notes[K, V]) leave(k K, v V) {
	n.mu.Lock()
	n.left[k] = v
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take waits for notes and returns all there are; false when ctx has ended.
func (n *notes[K, V]) take(ctx context.Context) (map[K]V, bool) {
	for {
		select {
		case <-ctx.Done():
			return nil, false
		case <-n.wake:
		}
		n.mu.Lock()
		taken := n.left
		n.left = map[K]V{}
		n.mu.Unlock()
		if len(taken) > 0 {
			return taken, true
		}
	}
}
