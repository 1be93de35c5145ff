package outbox

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Event is something that happened to a subject. Payload is marshalled to JSON and read back by the event's consumers.
type Event struct {
	Kind    string
	Subject uuid.UUID
	Payload any
}

// Writer appends events to the outbox.
type Writer struct {
	Clock clock.Clock
	// Committed is called after the commit of a transaction that appended; it hurries the relay along (Relay.Wake in
	// the process that has one, Doorbell.Relay elsewhere) and must not wait. Events that it never hears of are found
	// by the relay's poll.
	Committed func(tenant int64)
}

// appendMost is how many rows one statement inserts.
const appendMost = 1000

// Append writes events in tx, in order. They become visible with the commit, and never when tx rolls back.
func (w Writer) Append(ctx context.Context, tx *ent.Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	now := w.Clock.Now()
	rows := make([]*ent.OutboxEventCreate, len(events))
	for i, e := range events {
		payload, err := json.Marshal(e.Payload)
		if err != nil {
			return fault.Wrap(err, "marshal an event")
		}
		rows[i] = tx.OutboxEvent.Create().SetKind(e.Kind).SetSubjectID(e.Subject).SetPayload(payload).SetOccurredAt(now)
	}
	for from := 0; from < len(rows); from += appendMost {
		if err := tx.OutboxEvent.CreateBulk(rows[from:min(from+appendMost, len(rows))]...).Exec(ctx); err != nil {
			return fault.Wrap(err, "append events")
		}
	}
	w.hurry(ctx, tx)
	return nil
}

// hurry calls Committed once tx has committed.
func (w Writer) hurry(ctx context.Context, tx *ent.Tx) {
	tenant, ok := tenancy.From(ctx)
	if !ok || w.Committed == nil {
		return
	}
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil {
				w.Committed(tenant)
			}
			return err
		})
	})
}
