// Package audit keeps the record of who changed what (T2, part 3 no. 20). An entry is written in the transaction of
// its change and never touched again; the sealer chains entries per tenant after commit, so that an edited, missing
// or reordered row shows, and writers never queue for the head of the chain.
package audit

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/logging"
	"heyue/platform/publicid"
)

// Entry is one change to one object.
type Entry struct {
	Action string    // the permission's action, or the verb of the business: create, update, archive, login …
	Object string    // the permission's object
	ID     uuid.UUID // the object's id
	Before any       // the entity as it was; nil when it was made
	After  any       // the entity as it is; nil when it is gone
}

// Recorder writes entries.
type Recorder struct{ Clock clock.Clock }

// Record writes e in tx. The actor and the request come from ctx; without a caller the actor is the system.
func (r Recorder) Record(ctx context.Context, tx *ent.Tx, e Entry) error {
	changes, err := diff(e.Before, e.After)
	if err != nil {
		return fault.Wrap(err, "describe a change")
	}
	var actor *publicid.UserID
	var key *publicid.APIKeyID
	if c, ok := identity.Signed(ctx); ok {
		actor = &c.UserID
		if c.Key != nil {
			key = &c.Key.ID
		}
	}
	id := publicid.NewAuditEntryID()
	err = tx.AuditEntry.Create().SetID(id).SetNillableActorID(actor).SetNillableAPIKeyID(key).SetAction(e.Action).SetObject(e.Object).
		SetObjectID(e.ID).SetChanges(changes).SetRequestID(logging.RequestID(ctx)).SetOccurredAt(r.Clock.Now()).Exec(ctx)
	if err != nil {
		return fault.Wrap(err, "write an audit entry")
	}
	return fault.Wrap(tx.AuditQueue.Create().SetID(id).Exec(ctx), "queue an audit entry")
}

// ignored are fields that every write changes; they would only hide what matters.
var ignored = map[string]bool{"tenant_id": true, "created_at": true, "updated_at": true, "version": true, "edges": true, "id": true}

// diff gives {"field": [before, after]} for every field that differs. Fields that ent marks sensitive never appear.
func diff(before, after any) (json.RawMessage, error) {
	old, err := fields(before)
	if err != nil {
		return nil, err
	}
	now, err := fields(after)
	if err != nil {
		return nil, err
	}
	out := map[string][2]json.RawMessage{}
	for name := range merged(old, now) {
		if ignored[name] || bytes.Equal(old[name], now[name]) {
			continue
		}
		out[name] = [2]json.RawMessage{orNull(old[name]), orNull(now[name])}
	}
	return json.Marshal(out)
}

func fields(entity any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(entity)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	return m, json.Unmarshal(raw, &m)
}

func merged(a, b map[string]json.RawMessage) map[string]struct{} {
	names := make(map[string]struct{}, len(a)+len(b))
	for n := range a {
		names[n] = struct{}{}
	}
	for n := range b {
		names[n] = struct{}{}
	}
	return names
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}
