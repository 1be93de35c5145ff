package tenants

import (
	"context"

	"heyue/audit"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Suspend shuts a tenant out: nobody of it can log in, its requests are refused from the next one on and its sockets
// close within a second. Its data stays. Doing it again is no fault. NOT_FOUND at slug when there is no such tenant,
// WRONG_STATE when it was never finished.
func (s *Service) Suspend(ctx context.Context, slug string) (*ent.Tenant, error) {
	return s.stand(ctx, slug, "suspend", standing.Suspended)
}

// Resume lets a suspended tenant in again. Sessions that have not expired meanwhile go on. Faults as of Suspend.
func (s *Service) Resume(ctx context.Context, slug string) (*ent.Tenant, error) {
	return s.stand(ctx, slug, "resume", standing.Active)
}

// stand writes the tenant's own row, which decides, before the directory's, which only hints: interrupted between the
// two, the call may be made again.
func (s *Service) stand(ctx context.Context, slug, action string, to standing.Standing) (now *ent.Tenant, err error) {
	listed, err := s.Directory.Find(ctx, slug)
	if err != nil {
		return nil, err
	}
	inside := tenancy.With(ctx, listed.TenantID)
	err = tenancy.Write(inside, s.Client, func(tx *ent.Tx) error {
		if now, err = complete(inside, tx); err != nil || now.Standing == to {
			return err
		}
		before := now
		if err := tx.Tenant.Update().SetStanding(to).Exec(inside); err != nil {
			return tenancy.Fault(err, "write a tenant's standing")
		}
		if now, err = tx.Tenant.Query().Only(inside); err != nil {
			return tenancy.Fault(err, "read a tenant")
		}
		return s.Audit.Record(inside, tx, audit.Entry{Action: action, Object: object, ID: objectID(listed.TenantID), Before: before, After: now})
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.Directory.SetStanding(ctx, slug, to); err != nil {
		return nil, err
	}
	if to == standing.Suspended && s.Ended != nil {
		s.Ended(listed.TenantID)
	}
	return now, nil
}

// complete locks the context's tenant, and refuses one that Create did not finish: it has nobody in it.
func complete(ctx context.Context, tx *ent.Tx) (*ent.Tenant, error) {
	inside, err := tx.User.Query().Exist(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look for users")
	}
	if !inside {
		return nil, fault.New(fault.State, fault.WrongState, "the tenant is not finished; create it again").At("slug")
	}
	return tenancy.Lock(ctx, tx)
}
