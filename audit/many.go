package audit

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/logging"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
)

// manyMost is how many entries one statement writes.
const manyMost = 1000

type entryRow struct {
	ID      uuid.UUID       `json:"id"`
	Action  string          `json:"action"`
	Object  string          `json:"object"`
	About   uuid.UUID       `json:"object_id"`
	Changes json.RawMessage `json:"changes"`
}

// insertMany writes entries and their places in the queue in one go. By hand, because ent's statements grow with the
// number of rows.
const insertMany = `WITH made AS (
	INSERT INTO audit_entries (tenant_id, id, actor_id, api_key_id, action, object, object_id, changes, request_id, occurred_at)
	SELECT $1::bigint, n.id, $2::uuid, $6::uuid, n.action, n.object, n.object_id, n.changes, $3::text, $4::timestamptz
	FROM json_to_recordset($5::json) AS n(id uuid, action text, object text, object_id uuid, changes jsonb)
	RETURNING tenant_id, id)
INSERT INTO audit_queue (tenant_id, id) SELECT tenant_id, id FROM made`

// RecordMany is Record for any number of entries in a few statements, for imports. Entries about what is sealed where it
// stands go one by one, through ent, which seals them here too.
func (r Recorder) RecordMany(ctx context.Context, tx *ent.Tx, entries []Entry) error {
	sealed := sealedObjects()
	entries = slices.Clone(entries)
	for _, e := range entries {
		if !sealed[e.Object] {
			continue
		}
		if err := r.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return sealed[e.Object] })
	var actor, key *uuid.UUID
	if c, ok := identity.Signed(ctx); ok {
		id := c.UserID.UUID()
		actor = &id
		if c.Key != nil {
			with := c.Key.ID.UUID()
			key = &with
		}
	}
	now := r.Clock.Now()
	for from := 0; from < len(entries); from += manyMost {
		if err := insert(ctx, tx, now, actor, key, entries[from:min(from+manyMost, len(entries))]); err != nil {
			return err
		}
	}
	return nil
}

// sealedObjects are what the trail calls rows that have sealed columns.
func sealedObjects() map[string]bool {
	out := map[string]bool{}
	for _, t := range catalog.Tables() {
		out[t.Object()] = len(t.Sealed) > 0
	}
	return out
}

func insert(ctx context.Context, tx *ent.Tx, now time.Time, actor, key *uuid.UUID, entries []Entry) error {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return tenancy.ErrNoTenant
	}
	rows := make([]entryRow, len(entries))
	for i, e := range entries {
		changes, err := diff(e.Before, e.After)
		if err != nil {
			return fault.Wrap(err, "describe a change")
		}
		rows[i] = entryRow{publicid.NewAuditEntryID().UUID(), e.Action, e.Object, e.ID, changes}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return fault.Wrap(err, "describe changes")
	}
	_, err = tx.ExecContext(ctx, insertMany, tenant, actor, logging.RequestID(ctx), now, string(text), key)
	return tenancy.Fault(err, "write audit entries")
}
