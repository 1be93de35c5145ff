package letters

import (
	"context"
	"time"

	"heyue/tenancy"
)

// forgetSQL deletes mails that are sent or given up.
const forgetSQL = `DELETE FROM mails WHERE tenant_id = $1::bigint AND id IN (
	SELECT id FROM mails WHERE tenant_id = $1::bigint AND next_at IS NULL AND updated_at <= $2::timestamptz ORDER BY id LIMIT $3::bigint)`

// Forget deletes mails that were sent or given up longer than keep ago (HEYUE_KEEP_MAILS), at most a batch of each tenant,
// and returns how many. What they said is gone since then.
func (l *Letters) Forget(ctx context.Context, tenants tenancy.Directory, keep time.Duration, batch int) (forgotten int, err error) {
	return tenants.Each(ctx, func(ctx context.Context, tenant int64) (int, error) {
		result, err := l.Client.ExecContext(ctx, forgetSQL, tenant, l.Clock.Now().Add(-keep), batch)
		if err != nil {
			return 0, tenancy.Fault(err, "forget mails")
		}
		n, err := result.RowsAffected()
		return int(n), tenancy.Fault(err, "forget mails")
	})
}
