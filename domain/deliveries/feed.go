package deliveries

import (
	"context"
	"log/slog"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/endpoint"
	"heyue/ent/numbercounter"
	"heyue/ent/outboxevent"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// behindSQL finds the tenants with endpoints that have not been told of all there is.
const behindSQL = `SELECT DISTINCT e.tenant_id FROM endpoints e JOIN number_counters n ON n.tenant_id = e.tenant_id AND n.kind = 'event'
	WHERE e.enabled AND e.archived_at IS NULL AND e.events::text <> '[]' AND e.cursor < n.last ORDER BY e.tenant_id`

// Feed turns the numbered events that endpoints have not been told of into deliveries, until there are none. A tenant
// that fails is logged and left for the next time.
func (w *Worker) Feed(ctx context.Context) error {
	tenants, err := w.tenants(ctx, behindSQL)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		for more := true; more && ctx.Err() == nil; {
			if more, err = w.feed(tenancy.With(ctx, tenant)); err != nil {
				w.Log.ErrorContext(ctx, "feed endpoints", "tenant", tenant, "error", err)
				break
			}
		}
	}
	return ctx.Err()
}

// feed moves each endpoint of the context's tenant that lags on by a batch; more tells whether one had a full batch. An
// endpoint that another worker feeds is left to it.
func (w *Worker) feed(ctx context.Context) (more bool, err error) {
	err = tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
		more = false
		last, err := head(ctx, tx)
		if err != nil {
			return err
		}
		lagging, err := tx.Endpoint.Query().Where(endpoint.Enabled(true), endpoint.ArchivedAtIsNil(), endpoint.CursorLT(last), listens).
			Order(endpoint.ByID()).ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).All(ctx)
		if err != nil {
			return tenancy.Fault(err, "read endpoints that lag")
		}
		for _, e := range lagging {
			full, err := w.tell(ctx, tx, e)
			if err != nil {
				return err
			}
			more = more || full
		}
		return nil
	})
	return more, err
}

// listens matches endpoints that are told of any event.
func listens(s *entsql.Selector) {
	s.Where(entsql.ExprP(s.C(endpoint.FieldEvents) + "::text <> '[]'"))
}

// tell makes deliveries of an endpoint's next events and moves its cursor behind them. Events that are no longer kept are
// lost to it, which is logged: it was disabled, or nothing ran, for longer than the tenant keeps them.
func (w *Worker) tell(ctx context.Context, tx *ent.Tx, e *ent.Endpoint) (full bool, err error) {
	events, err := tx.OutboxEvent.Query().Where(outboxevent.SeqGT(e.Cursor)).Order(outboxevent.BySeq()).Limit(w.Limits.Feed).All(ctx)
	if err != nil || len(events) == 0 {
		return false, tenancy.Fault(err, "read events")
	}
	if first := *events[0].Seq; first != e.Cursor+1 {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "events are no longer kept that an endpoint was not told of", slog.String("endpoint", e.ID.String()),
			slog.Int64("after", e.Cursor), slog.Int64("before", first))
	}
	rows, err := w.rowsOf(ctx, tx, e, events)
	if err != nil {
		return false, err
	}
	if err := insert(ctx, tx, w.Clock.Now(), rows); err != nil {
		return false, err
	}
	err = tx.Endpoint.UpdateOne(e).SetCursor(*events[len(events)-1].Seq).Exec(ctx)
	return len(events) == w.Limits.Feed, tenancy.Fault(err, "move an endpoint's cursor")
}

// rowsOf are the deliveries of the events that an endpoint wants to hear of.
func (w *Worker) rowsOf(ctx context.Context, tx *ent.Tx, e *ent.Endpoint, events []*ent.OutboxEvent) ([]row, error) {
	events = slices.DeleteFunc(slices.Clone(events), func(v *ent.OutboxEvent) bool { return !slices.Contains(e.Events, v.Kind) })
	about, err := subjects(ctx, tx, events)
	if err != nil {
		return nil, err
	}
	now := w.Clock.Now()
	rows := make([]row, len(events))
	for i, v := range events {
		rows[i] = row{
			Source: v.ID.UUID(), Kind: v.Kind, Payload: v.Payload, At: v.OccurredAt, Channel: e.Channel, Target: e.ID.String(), Endpoint: ptr(e.ID.UUID()),
			Subject: v.SubjectID, Position: *v.Seq, State: posting.Waiting, Reason: posting.NoReason, Next: &now, Expires: now.Add(w.Limits.Life),
		}
		if ob, ok := about[v.SubjectID]; ok {
			rows[i].Subject, rows[i].Alert = ob, &v.SubjectID
		}
	}
	return rows, nil
}

// subjects are the obligations of the alerts that events are about: all that happens to one obligation is in order.
func subjects(ctx context.Context, tx *ent.Tx, events []*ent.OutboxEvent) (map[uuid.UUID]uuid.UUID, error) {
	var ids []publicid.AlertID
	for _, v := range events {
		if isAlert(v.Kind) {
			ids = append(ids, publicid.AlertID(v.SubjectID))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := tx.Alert.Query().Where(among(alert.FieldID, ids)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read alerts")
	}
	out := make(map[uuid.UUID]uuid.UUID, len(found))
	for _, a := range found {
		out[a.ID.UUID()] = a.ObligationID.UUID()
	}
	return out, nil
}

// head is the number of the tenant's last event.
func head(ctx context.Context, tx *ent.Tx) (int64, error) {
	last, err := tx.NumberCounter.Query().Where(numbercounter.Kind("event"), numbercounter.Period("")).Select(numbercounter.FieldLast).Int(ctx)
	if ent.IsNotFound(err) {
		return 0, nil
	}
	return int64(last), fault.Wrap(err, "read the last event's number")
}

// isRobot reports whether a channel's endpoints are groups.
func isRobot(c channel.Channel) bool {
	return c == channel.WeCom || c == channel.DingTalk || c == channel.Feishu
}
