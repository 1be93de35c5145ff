package tenancy

import (
	"context"

	"heyue/ent"
)

// Lock holds the tenant's row until tx ends and returns it. Rules over many rows of a tenant, such as "the departments
// form a tree" or "somebody is an administrator", are checked and written under it: whoever takes it next sees what tx
// committed. It is for rare changes of a tenant's set-up only, because it makes them wait for each other. Every error
// is a fault.
func Lock(ctx context.Context, tx *ent.Tx) (*ent.Tenant, error) {
	t, err := tx.Tenant.Query().ForUpdate().Only(ctx)
	return t, Fault(err, "lock the tenant")
}
