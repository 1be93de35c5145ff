package outbox

import (
	"context"

	"heyue/ent"
	"heyue/ent/numbercounter"
	"heyue/ent/outboxevent"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// counterKind is the row of number_counters that holds a tenant's last event number.
const counterKind = "event"

// Reader reads the numbered events of the context's tenant.
type Reader struct{ Client *ent.Client }

// Head is the number of the tenant's last event, 0 when there is none.
func (r Reader) Head(ctx context.Context) (int64, error) {
	last, err := r.Client.NumberCounter.Query().Where(numbercounter.Kind(counterKind), numbercounter.Period("")).
		Select(numbercounter.FieldLast).Int(ctx)
	if ent.IsNotFound(err) {
		return 0, nil
	}
	return int64(last), tenancy.Fault(err, "read the last event's number")
}

// Read returns up to limit events that follow number after, in order and without a gap; none when there is none yet.
// It fails with CURSOR_EXPIRED when events after that number are no longer kept, or when the tenant has never had
// that number, as after a restore from a backup.
func (r Reader) Read(ctx context.Context, after int64, limit int) ([]*ent.OutboxEvent, error) {
	events, err := r.page(ctx, after, limit)
	if err != nil || len(events) > 0 {
		return events, err
	}
	head, err := r.Head(ctx)
	switch {
	case err != nil:
		return nil, err
	case head == after:
		return nil, nil
	case head < after:
		return nil, Expired()
	}
	// The relay was at work between the two questions, or what there was has been deleted.
	events, err = r.page(ctx, after, limit)
	if err == nil && len(events) == 0 {
		return nil, Expired()
	}
	return events, err
}

func (r Reader) page(ctx context.Context, after int64, limit int) ([]*ent.OutboxEvent, error) {
	events, err := r.Client.OutboxEvent.Query().Where(outboxevent.SeqGT(after)).Order(outboxevent.BySeq()).Limit(limit).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read events")
	}
	if len(events) > 0 && *events[0].Seq != after+1 {
		return nil, Expired()
	}
	return events, nil
}

// Expired is the answer to a position from which the stream cannot go on without a gap. The client reads anew what
// it shows and starts without a cursor.
func Expired() *fault.Fault {
	return fault.New(fault.BadRequest, fault.CodeCursorExpired, "events after this cursor are no longer kept; read the list again and start without a cursor")
}
