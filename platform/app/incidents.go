package app

import "heyue/domain/incidents"

// incidents is the use cases of breaches and force majeure.
func (s *Services) incidents() {
	f := s.foundation
	s.Incidents = &incidents.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Contracts: s.Contracts, Obligations: s.obligations,
		Lister: f.lister, Clock: f.clock,
	}
}
