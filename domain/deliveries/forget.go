package deliveries

import (
	"context"

	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/deliveryattempt"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// oldSQL finds the tenants with deliveries that need not be kept.
const oldSQL = `SELECT DISTINCT tenant_id FROM deliveries WHERE created_at < $1 AND next_at IS NULL ORDER BY tenant_id`

// forgetMost is how many deliveries go in one transaction.
const forgetMost = 500

// Forget deletes deliveries that are over and older than they are kept, with their attempts, and returns how many.
func (w *Worker) Forget(ctx context.Context) (deleted int, err error) {
	before := w.Clock.Now().Add(-w.Limits.Keep)
	tenants, err := w.tenants(ctx, oldSQL, before)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		ctx := tenancy.With(ctx, tenant)
		for n := forgetMost; n == forgetMost; {
			err := tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
				ids, err := tx.Delivery.Query().Where(delivery.CreatedAtLT(before), delivery.StateNEQ(posting.Waiting)).Order(delivery.ByCreatedAt()).Limit(forgetMost).IDs(ctx)
				if err != nil {
					return tenancy.Fault(err, "find old deliveries")
				}
				n = len(ids)
				return forget(ctx, tx, ids)
			})
			if err != nil {
				return deleted, err
			}
			deleted += n
		}
	}
	return deleted, nil
}

func forget(ctx context.Context, tx *ent.Tx, ids []publicid.DeliveryID) error {
	if _, err := tx.DeliveryAttempt.Delete().Where(among(deliveryattempt.FieldDeliveryID, ids)).Exec(ctx); err != nil {
		return tenancy.Fault(err, "delete old attempts")
	}
	_, err := tx.Delivery.Delete().Where(among(delivery.FieldID, ids)).Exec(ctx)
	return tenancy.Fault(err, "delete old deliveries")
}
