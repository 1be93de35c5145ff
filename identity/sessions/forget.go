package sessions

import (
	"context"
	"time"

	"heyue/tenancy"
)

// forgetSQL deletes sessions that ended a while ago, with their refresh tokens. One that an API key hangs from stays as long
// as the key does, whose maker may want to know of it.
const forgetSQL = `WITH old AS (
	SELECT s.id FROM sessions s WHERE s.tenant_id = $1::bigint AND least(s.expires_at, s.revoked_at) <= $2::timestamptz
		AND NOT EXISTS (SELECT FROM api_keys k WHERE k.tenant_id = s.tenant_id AND (k.session_id = s.id OR k.previous_session_id = s.id))
	ORDER BY s.id LIMIT $3::bigint
), tokens AS (
	DELETE FROM refresh_tokens t WHERE t.tenant_id = $1::bigint AND t.session_id IN (SELECT id FROM old)
)
DELETE FROM sessions s WHERE s.tenant_id = $1::bigint AND s.id IN (SELECT id FROM old)`

// Forget deletes sessions that ended longer than keep ago (HEYUE_KEEP_SESSIONS), at most a batch of each tenant, and returns
// how many. The audit trail keeps when they began and ended.
func (s *Service) Forget(ctx context.Context, keep time.Duration, batch int) (forgotten int, err error) {
	return s.Directory.Each(ctx, func(ctx context.Context, tenant int64) (int, error) {
		result, err := s.Client.ExecContext(ctx, forgetSQL, tenant, s.Clock.Now().Add(-keep), batch)
		if err != nil {
			return 0, tenancy.Fault(err, "forget sessions")
		}
		n, err := result.RowsAffected()
		return int(n), tenancy.Fault(err, "forget sessions")
	})
}
