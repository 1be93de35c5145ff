package idempotency

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/idempotencykey"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// outlivedSQL walks the index from tenant to tenant and asks each for its oldest key.
const outlivedSQL = `WITH RECURSIVE t AS (
	SELECT min(tenant_id) AS id FROM idempotency_keys
	UNION ALL
	SELECT (SELECT min(tenant_id) FROM idempotency_keys WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL
) SELECT id FROM t WHERE id IS NOT NULL AND (SELECT min(expires_at) FROM idempotency_keys WHERE tenant_id = t.id) <= $1`

// Forget deletes the keys whose time is over, of all tenants, and returns how many. Until it has run they count for
// nothing already. Run it once an hour or so; two at a time do no harm.
func (s *Store) Forget(ctx context.Context) (forgotten int, err error) {
	tenants, err := s.outlived(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		for more := true; more; {
			n, err := s.forget(tenancy.With(ctx, tenant))
			if err != nil {
				return forgotten, err
			}
			forgotten += n
			more = n == s.Batch
		}
	}
	return forgotten, nil
}

func (s *Store) outlived(ctx context.Context) (tenants []int64, err error) {
	rows, err := s.System.QueryContext(ctx, outlivedSQL, s.Clock.Now())
	if err != nil {
		return nil, tenancy.Fault(err, "find keys to forget")
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "read a tenant's number")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "find keys to forget")
}

func (s *Store) forget(ctx context.Context) (n int, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.IdempotencyKey.Query().Where(idempotencykey.ExpiresAtLTE(s.Clock.Now())).
			Order(idempotencykey.ByExpiresAt(entsql.OrderAsc())).Limit(s.Batch).IDs(ctx)
		if err != nil {
			return tenancy.Fault(err, "find keys to forget")
		}
		n, err = tx.IdempotencyKey.Delete().Where(idempotencykey.IDIn(old...)).Exec(ctx)
		return tenancy.Fault(err, "forget idempotency keys")
	})
	return n, err
}
