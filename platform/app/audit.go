package app

import (
	"context"
	"slices"

	"heyue/audit"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Trail is the audit trail of a tenant and what it was found to be.
type Trail struct {
	Slug string
	audit.Proof
}

// VerifyAudit checks the audit trails of the named tenants, or of all of them, by slug, against their seals and the anchors
// that are known of them. NOT_FOUND for a tenant or an anchor of one that there is not.
func (s *Services) VerifyAudit(ctx context.Context, slugs []string, anchors map[string][]audit.Anchor) ([]Trail, error) {
	tenants, err := s.Tenants.List(ctx)
	if err != nil {
		return nil, err
	}
	ids := map[string]int64{}
	var all []string
	for _, t := range tenants {
		ids[t.Slug] = t.TenantID
		all = append(all, t.Slug)
	}
	if len(slugs) == 0 {
		slugs = all
	}
	for slug := range anchors {
		if _, ok := ids[slug]; !ok {
			return nil, fault.New(fault.NotFound, fault.Missing, "there is no tenant %.40q, of whose trail there is an anchor", slug)
		}
	}
	var out []Trail
	for _, slug := range slices.Sorted(slices.Values(slugs)) {
		id, ok := ids[slug]
		if !ok {
			return nil, fault.New(fault.NotFound, fault.Missing, "there is no tenant %.40q", slug)
		}
		proof, err := audit.Verify(tenancy.With(ctx, id), s.client, anchors[slug]...)
		if err != nil {
			return nil, err
		}
		out = append(out, Trail{slug, proof})
	}
	return out, nil
}
