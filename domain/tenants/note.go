package tenants

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/tenancy"
)

// Note writes into a tenant's audit trail what whoever runs the installation did with all of it: took it out, brought it
// in, gave it new keys. NOT_FOUND at slug.
func (s *Service) Note(ctx context.Context, slug, action string) error {
	listed, err := s.Directory.Find(ctx, slug)
	if err != nil {
		return err
	}
	inside := tenancy.With(ctx, listed.TenantID)
	return tenancy.Write(inside, s.Client, func(tx *ent.Tx) error {
		return s.Audit.Record(inside, tx, audit.Entry{Action: action, Object: object, ID: objectID(listed.TenantID)})
	})
}
