package app

import "heyue/domain/progress"

// progress is what is delivered, served and accepted under contracts.
func (s *Services) progress() {
	f := s.foundation
	s.Progress = &progress.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Obligations: s.obligations, Clock: f.clock, Lines: f.cfg.Tenant.ProgressLines,
	}
}
