package deliveries

import (
	"context"

	"heyue/audit"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/endpoint"
	"heyue/ent/outboxevent"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Replay sends a delivery again, whatever became of it: a dead letter, or one that its receiver has lost. The receiver
// knows by its id that it is the same. Needs delivery:replay. Faults: NOT_FOUND; WRONG_STATE for one that waits, or whose
// endpoint is disabled or archived.
func (s *Service) Replay(ctx context.Context, id publicid.DeliveryID) (now *ent.Delivery, err error) {
	if _, err := s.Policies.Require(ctx, policies.DeliveryReplay); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.Delivery.Query().Where(delivery.ID(id)).ForUpdate().WithEndpoint().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("delivery", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load a delivery")
		}
		if old.State == posting.Waiting {
			return fault.New(fault.State, fault.WrongState, "the delivery is on its way").At("id")
		}
		if e := old.Edges.Endpoint; e != nil && !e.Enabled {
			return fault.New(fault.State, fault.WrongState, "the endpoint is disabled").At("id")
		}
		old.Edges = ent.DeliveryEdges{}
		at := s.Clock.Now()
		now, err = tx.Delivery.UpdateOne(old).SetState(posting.Waiting).SetReason(posting.NoReason).SetNextAt(at).SetExpiresAt(at.Add(s.Limits.Life)).
			ClearDeliveredAt().ClearLeasedUntil().Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "replay a delivery")
		}
		s.hurry(tx)
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "replay", Object: "delivery", ID: id.UUID(), Before: old, After: now})
	})
	if err != nil {
		return nil, err
	}
	return now, nil
}

// ReplayEndpoint sends an endpoint every event after a number again, in order, as far as the tenant keeps them: what it
// was told before too, under the same ids. Needs delivery:replay. Faults: MALFORMED at after; NOT_FOUND; CURSOR_EXPIRED
// when events after the number are no longer kept; WRONG_STATE when the endpoint is disabled.
func (s *Service) ReplayEndpoint(ctx context.Context, r EndpointReplay) (now *ent.Endpoint, err error) {
	if _, err := s.Policies.Require(ctx, policies.DeliveryReplay); err != nil {
		return nil, err
	}
	after, err := r.after()
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.Endpoint.Query().Where(endpoint.ID(r.ID)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("endpoint", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an endpoint")
		}
		if !old.Enabled {
			return fault.New(fault.State, fault.WrongState, "the endpoint is disabled; enable it first").At("id")
		}
		if err := keptAfter(ctx, tx, after); err != nil {
			return err
		}
		if after >= old.Cursor {
			now = old
			return nil // it is told of those anyway
		}
		at := s.Clock.Now()
		err = tx.Delivery.Update().Where(delivery.EndpointID(old.ID), delivery.PositionGT(after), delivery.PositionLTE(old.Cursor), delivery.StateNEQ(posting.Waiting),
			delivery.KindIn(old.Events...), delivery.PayloadNotNil()).
			SetState(posting.Waiting).SetReason(posting.NoReason).SetNextAt(at).SetExpiresAt(at.Add(s.Limits.Life)).ClearDeliveredAt().ClearLeasedUntil().SetUpdatedAt(at).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "replay an endpoint's deliveries")
		}
		// Going back makes what was never told, such as kinds that it listens to since.
		if now, err = tx.Endpoint.UpdateOne(old).SetCursor(after).Save(ctx); err != nil {
			return tenancy.Fault(err, "move an endpoint's cursor back")
		}
		s.hurry(tx)
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "replay", Object: "endpoint", ID: old.ID.UUID(), Before: old, After: now})
	})
	if err != nil {
		return nil, err
	}
	return now, nil
}

// keptAfter fails with CURSOR_EXPIRED unless every event after a number is still there.
func keptAfter(ctx context.Context, tx *ent.Tx, after int64) error {
	last, err := head(ctx, tx)
	if err != nil || after == last {
		return err
	}
	first, err := tx.OutboxEvent.Query().Where(outboxevent.SeqGT(after)).Order(outboxevent.BySeq()).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return tenancy.Fault(err, "read events")
	}
	if err != nil || *first.Seq != after+1 {
		return outbox.Expired()
	}
	return nil
}
