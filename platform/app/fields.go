package app

import "heyue/domain/fields"

// fields is the use cases of what tenants define themselves. It comes before the records that have such fields.
func (s *Services) fields() {
	f := s.foundation
	s.Fields = &fields.Service{Client: f.client, Policies: f.policies, Audit: f.audit, Clock: f.clock, Limit: f.cfg.Tenant.CustomFields}
}
