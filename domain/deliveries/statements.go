package deliveries

// The statements that ent cannot say. Rows go in as one JSON parameter, so a statement's text does not depend on their
// number. Each names its tenant, as ent's guard would; the row policies hold here as everywhere.

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// row is a delivery as the bulk statement takes it.
type row struct {
	ID       uuid.UUID       `json:"id"`
	Source   uuid.UUID       `json:"source_id"`
	Kind     string          `json:"kind"`
	Alert    *uuid.UUID      `json:"alert_id"`
	Payload  json.RawMessage `json:"payload"`
	At       time.Time       `json:"occurred_at"`
	Channel  channel.Channel `json:"channel"`
	Target   string          `json:"target"`
	User     *uuid.UUID      `json:"user_id"`
	Endpoint *uuid.UUID      `json:"endpoint_id"`
	Address  string          `json:"address"`
	Name     string          `json:"name"`
	Subject  uuid.UUID       `json:"subject_id"`
	Position int64           `json:"position"`
	Digest   string          `json:"digest_key"`
	Locale   string          `json:"locale"`
	State    posting.State   `json:"state"`
	Reason   posting.Reason  `json:"reason"`
	Next     *time.Time      `json:"next_at"`
	Expires  time.Time       `json:"expires_at"`
}

const insertSQL = `INSERT INTO deliveries
	(tenant_id, id, created_at, updated_at, source_id, kind, alert_id, payload, occurred_at, channel, target, user_id, endpoint_id, address, name,
	 subject_id, position, digest_key, locale, state, reason, next_at, expires_at, attempt, provider_id)
SELECT $1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.source_id, n.kind, n.alert_id, n.payload, n.occurred_at, n.channel, n.target, n.user_id, n.endpoint_id, n.address, n.name,
	 n.subject_id, n.position, n.digest_key, n.locale, n.state, n.reason, n.next_at, n.expires_at, 0, ''
FROM json_to_recordset($3::json) AS n(id uuid, source_id uuid, kind text, alert_id uuid, payload jsonb, occurred_at timestamptz, channel text, target text, user_id uuid, endpoint_id uuid,
	address text, name text, subject_id uuid, position bigint, digest_key text, locale text, state text, reason text, next_at timestamptz, expires_at timestamptz)
ON CONFLICT (tenant_id, source_id, kind, channel, target) DO NOTHING`

// insert writes deliveries; those that are there already stay as they are.
func insert(ctx context.Context, tx *ent.Tx, now time.Time, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	tenant, err := tenantOf(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].ID = publicid.NewDeliveryID().UUID()
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return fault.Wrap(err, "make deliveries")
	}
	_, err = tx.ExecContext(ctx, insertSQL, tenant, now, string(text))
	return fault.Wrap(err, "make deliveries")
}

// lockSQL lets one worker at a time decide what of a tenant is sent next, so that limits hold over all processes. Whoever
// does not get it leaves the tenant to whoever has it.
const lockSQL = `SELECT pg_try_advisory_xact_lock(hashtext('deliveries'), hashtext($1::text))`

// roomSQL counts what a tenant has under way, and what it has begun within the last minute.
const roomSQL = `SELECT (SELECT count(*) FROM deliveries WHERE tenant_id = $1 AND leased_until > $2),
	(SELECT count(*) FROM delivery_attempts WHERE tenant_id = $1 AND began_at > $3)`

// dueSQL finds what may be sent now: of each endpoint that is not left alone as many as it may have at a time, one when it
// has failed and is tried again; and whatever needs no endpoint. Nothing is sent while something before it about the same
// subject waits. What is leased has its next try behind the lease.
const dueSQL = `WITH way AS (
	SELECT e.id, CASE WHEN e.failures >= $5 OR e.channel IN ('WECOM', 'DINGTALK', 'FEISHU') THEN 1 ELSE $4 END AS most FROM endpoints e
	WHERE e.tenant_id = $1 AND e.enabled AND e.archived_at IS NULL AND coalesce(e.open_until, '-infinity') <= $2 AND coalesce(e.free_at, '-infinity') <= $2
), found AS (
	SELECT c.id, c.next_at FROM way, LATERAL (
		SELECT d.id, d.next_at FROM deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id = way.id AND d.next_at <= $2
			AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.tenant_id = $1 AND b.channel = d.channel AND b.target = d.target AND b.subject_id = d.subject_id
				AND b.state = 'WAITING' AND (b.position, b.id) < (d.position, d.id))
		ORDER BY d.next_at, d.position, d.id
		LIMIT greatest(0, way.most - (SELECT count(*) FROM deliveries l WHERE l.tenant_id = $1 AND l.endpoint_id = way.id AND l.leased_until > $2))
	) c
	UNION ALL
	(SELECT d.id, d.next_at FROM deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id IS NULL AND d.next_at <= $2
		AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.tenant_id = $1 AND b.channel = d.channel AND b.target = d.target AND b.subject_id = d.subject_id
			AND b.state = 'WAITING' AND (b.position, b.id) < (d.position, d.id))
	ORDER BY d.next_at, d.position, d.id LIMIT $3)
)
SELECT id FROM found ORDER BY next_at LIMIT $3`

// query reads rows of values.
func query(ctx context.Context, tx *ent.Tx, doing string, scan func(*sql.Rows) error, statement string, args ...any) error {
	rows, err := tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return fault.Wrap(err, doing)
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	for rows.Next() {
		if err := scan(&sql.Rows{ColumnScanner: rows}); err != nil {
			return fault.Wrap(err, doing)
		}
	}
	return fault.Wrap(rows.Err(), doing)
}

// among compares a column with any number of ids in one parameter.
func among[ID interface{ UUID() uuid.UUID }](column string, ids []ID) func(*sql.Selector) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(column)).WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString("::uuid[])")
		}))
	}
}
