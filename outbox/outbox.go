// Package outbox tells the world what happened, without losing or inventing anything (realtime.md 4). An event is a
// row written in the transaction of its cause; after commit the relay numbers events per tenant without gaps, in
// commit order; PostgreSQL holds them, Redis only wakes whoever waits.
package outbox

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/fault"
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
	// Committed is called after the commit of a transaction that appended; it hurries the relay along. Events that it
	// never hears of are found by the relay's poll.
	Committed func(tenant int64)
}

// Append writes e in tx. It becomes visible with the commit, and never when tx rolls back.
func (w Writer) Append(ctx context.Context, tx *ent.Tx, e Event) error {
	payload, err := json.Marshal(e.Payload)
	if err != nil {
		return fault.Wrap(err, "marshal an event")
	}
	row, err := tx.OutboxEvent.Create().SetKind(e.Kind).SetSubjectID(e.Subject).SetPayload(payload).SetOccurredAt(w.Clock.Now()).Save(ctx)
	if err != nil {
		return fault.Wrap(err, "append an event")
	}
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil && w.Committed != nil {
				w.Committed(row.TenantID)
			}
			return err
		})
	})
	return nil
}
