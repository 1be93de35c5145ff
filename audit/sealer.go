package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"log/slog"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/ent"
	"heyue/ent/auditqueue"
	"heyue/ent/auditseal"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/platform/tracing"
	"heyue/tenancy"
)

// Defaults of a Sealer.
const (
	DefaultSealBatch = 500
	DefaultSealPoll  = time.Second
)

// Sealer adds entries to their tenant's chain after their commit. Any number may run; those that meet on a tenant take
// turns. An entry is sealed and leaves the queue in one transaction.
type Sealer struct {
	Client *ent.Client
	System *sql.DB // sees which tenants have unsealed entries, and nothing else of them
	Clock  clock.Clock
	Log    *slog.Logger
	Batch  int           // 0: DefaultSealBatch
	Poll   time.Duration // 0: DefaultSealPoll
}

// Run seals until ctx ends. What fails is logged and tried again.
func (s *Sealer) Run(ctx context.Context) {
	poll := s.Poll
	if poll == 0 {
		poll = DefaultSealPoll
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := s.Drain(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "seal audit entries", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Drain seals everything there is, tenant by tenant and one batch each in turn, and returns how many entries that
// were. A tenant that fails is logged and left for the next time.
func (s *Sealer) Drain(ctx context.Context) (total int, err error) {
	batch := s.Batch
	if batch == 0 {
		batch = DefaultSealBatch
	}
	tenants, err := s.tenants(ctx)
	for err == nil && len(tenants) > 0 {
		more := tenants[:0]
		for _, tenant := range tenants {
			n, err := s.seal(tenancy.With(ctx, tenant), tenant, batch)
			if err != nil {
				if ctx.Err() != nil {
					return total, ctx.Err()
				}
				s.Log.ErrorContext(ctx, "seal audit entries", "tenant", tenant, "error", err)
				continue
			}
			if total += n; n == batch {
				more = append(more, tenant)
			}
		}
		tenants = more
	}
	return total, err
}

// tenantsSQL walks the primary key from tenant to tenant, so that its cost is their number and not the entries'.
const tenantsSQL = `WITH RECURSIVE t AS (
	SELECT min(tenant_id) AS id FROM audit_queue
	UNION ALL
	SELECT (SELECT min(tenant_id) FROM audit_queue WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL
) SELECT id FROM t WHERE id IS NOT NULL`

func (s *Sealer) tenants(ctx context.Context) ([]int64, error) {
	rows, err := s.System.QueryContext(ctx, tenantsSQL)
	if err != nil {
		return nil, tenancy.Fault(err, "find unsealed audit entries")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "find unsealed audit entries")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "find unsealed audit entries")
}

// lockSQL keeps a tenant's other sealers waiting until the transaction ends. The first key tells our locks from
// others'.
const lockSQL = `SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext($1::text))`

// seal adds up to a batch of a tenant's oldest unsealed entries to its chain.
func (s *Sealer) seal(ctx context.Context, tenant int64, batch int) (n int, err error) {
	ctx, span := tracing.Start(ctx, "seal audit entries")
	defer func() { span.End(err) }()
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tx.ExecContext(ctx, lockSQL, tenant); err != nil {
			return fault.Wrap(err, "lock the chain")
		}
		queued, err := tx.AuditQueue.Query().Order(auditqueue.ByID()).Limit(batch).IDs(ctx)
		if err != nil || len(queued) == 0 {
			return fault.Wrap(err, "read unsealed entries")
		}
		entries, err := read(ctx, tx, entriesSQL, tenant, queued)
		if err != nil {
			return err
		}
		head, seq, err := last(ctx, tx)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		seals := make([]*ent.AuditSealCreate, len(entries))
		for i, e := range entries {
			seq++
			head = link(head, tenant, seq, e)
			seals[i] = tx.AuditSeal.Create().SetEntryID(publicid.AuditEntryID(e.ID)).SetSeq(seq).SetHash(append([]byte(nil), head[:]...)).SetSealedAt(now)
		}
		if err := tx.AuditSeal.CreateBulk(seals...).Exec(ctx); err != nil {
			return fault.Wrap(err, "write seals")
		}
		n = len(queued)
		_, err = tx.AuditQueue.Delete().Where(among(queued)).Exec(ctx)
		return fault.Wrap(err, "empty the queue")
	})
	return n, err
}

// last returns the chain's newest hash and its place; zeroes for a chain that has not begun.
func last(ctx context.Context, tx *ent.Tx) (head [sha256.Size]byte, seq int64, err error) {
	newest, err := tx.AuditSeal.Query().Order(auditseal.BySeq(entsql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return head, 0, nil
	}
	if err != nil {
		return head, 0, fault.Wrap(err, "read the newest seal")
	}
	copy(head[:], newest.Hash)
	return head, newest.Seq, nil
}

func texts(ids []publicid.AuditEntryID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.UUID().String()
	}
	return out
}

func among(ids []publicid.AuditEntryID) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		s.Where(entsql.P(func(b *entsql.Builder) {
			b.Ident(s.C(auditqueue.FieldID)).WriteString(" = ANY(").Arg(pq.Array(texts(ids))).WriteString("::uuid[])")
		}))
	}
}

// entriesSQL reads entries as their hash covers them. It is SQL because ent gives jsonb as bytes that it has read, and
// the hash covers the text that PostgreSQL keeps.
const entriesSQL = `SELECT id, actor_id, api_key_id, action, object, object_id, changes::text, request_id, occurred_at
FROM audit_entries WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[]) ORDER BY id`

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func read(ctx context.Context, from querier, query string, tenant int64, ids []publicid.AuditEntryID) ([]sealed, error) {
	rows, err := from.QueryContext(ctx, query, tenant, pq.Array(texts(ids)))
	if err != nil {
		return nil, tenancy.Fault(err, "read audit entries")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var out []sealed
	for rows.Next() {
		var e sealed
		var actor, key uuid.NullUUID
		if err := rows.Scan(&e.ID, &actor, &key, &e.Action, &e.Object, &e.ObjectID, &e.Changes, &e.RequestID, &e.OccurredAt); err != nil {
			return nil, fault.Wrap(err, "read audit entries")
		}
		if actor.Valid {
			e.Actor = &actor.UUID
		}
		if key.Valid {
			e.APIKey = &key.UUID
		}
		out = append(out, e)
	}
	return out, tenancy.Fault(rows.Err(), "read audit entries")
}
