// Package decisions is the log of decisions (A3, T2): who was denied what, and who read what is about other users. Requests
// note it in passing and neither wait for it nor fail by it; the rows are written a moment later.
package decisions

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/policies/decision"
	"heyue/tenancy"
)

// Note is one decision as a request tells it.
type Note struct {
	Tenant    int64
	Kind      decision.Kind
	User      publicid.UserID
	Object    string
	Action    string
	Field     string     // the masked field that decided; empty for a permission
	Subject   *uuid.UUID // the user that was read about, where that is one
	Operation string     // the root field of the request
	Version   int64      // of the tenant's permissions
	RequestID string
	At        time.Time
}

// Journal holds notes until they are written. What is lost, and when: notes beyond Queue between two writings, those of a
// process that dies before the next one, and those that the database refuses twice; each loss but a death is logged with its
// number.
type Journal struct {
	client *ent.Client
	log    *slog.Logger
	clock  clock.Clock
	queue  int

	mu      sync.Mutex
	notes   []Note
	again   bool // notes holds what could not be written before
	dropped int
}

// NewJournal returns a Journal that holds at most queue notes (HEYUE_DECISION_QUEUE) and writes them once Run is called.
func NewJournal(client *ent.Client, log *slog.Logger, c clock.Clock, queue int) *Journal {
	return &Journal{client: client, log: log, clock: c, queue: queue}
}

// batch is how many rows one statement adds.
const batch = 500

// Note remembers a decision until the next writing. It never waits for anything but other calls of itself.
func (j *Journal) Note(n Note) {
	n.At = j.clock.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.notes) >= j.queue {
		j.dropped++
		return
	}
	j.notes = append(j.notes, n)
}

// Run writes on every tick until ctx ends, and what is left then.
func (j *Journal) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWriting)
			j.Write(last)
			cancel()
			return
		case <-ticks:
			j.Write(ctx)
		}
	}
}

// lastWriting is how long a process that stops waits for its last notes.
const lastWriting = 2 * time.Second

// Write writes down what was noted so far. Tenants whose rows cannot be written keep their notes for one more try.
func (j *Journal) Write(ctx context.Context) {
	j.mu.Lock()
	notes, dropped, again := j.notes, j.dropped, j.again
	j.notes, j.dropped, j.again = nil, 0, false
	j.mu.Unlock()
	byTenant := map[int64][]Note{}
	for _, n := range notes {
		byTenant[n.Tenant] = append(byTenant[n.Tenant], n)
	}
	for _, tenant := range slices.Sorted(maps.Keys(byTenant)) {
		err := j.write(tenancy.With(ctx, tenant), byTenant[tenant])
		switch {
		case err == nil:
		case again:
			dropped += len(byTenant[tenant])
			j.log.LogAttrs(ctx, slog.LevelWarn, "decisions could not be written", slog.Int64("tenant", tenant), slog.Any("error", err))
		default:
			j.back(byTenant[tenant])
		}
	}
	if dropped > 0 {
		j.log.LogAttrs(ctx, slog.LevelWarn, "decisions were lost", slog.Int("decisions", dropped))
	}
}

// back keeps notes for one more try, as far as there is room.
func (j *Journal) back(notes []Note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	room := max(0, j.queue-len(j.notes))
	if room < len(notes) {
		j.dropped += len(notes) - room
		notes = notes[:room]
	}
	j.notes, j.again = append(notes, j.notes...), true
}

// write adds the rows of one tenant, in one transaction so that a try again writes none twice.
func (j *Journal) write(ctx context.Context, notes []Note) error {
	return tenancy.Write(ctx, j.client, func(tx *ent.Tx) error {
		for part := range slices.Chunk(notes, batch) {
			rows := make([]*ent.DecisionCreate, len(part))
			for i, n := range part {
				rows[i] = tx.Decision.Create().SetKind(n.Kind).SetUserID(n.User).SetObject(n.Object).SetAction(n.Action).SetField(n.Field).
					SetNillableSubjectID(n.Subject).SetOperation(n.Operation).SetPolicyVersion(n.Version).SetRequestID(n.RequestID).SetOccurredAt(n.At)
			}
			if err := tx.Decision.CreateBulk(rows...).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
