package app

import (
	"heyue/domain/audits"
	"heyue/domain/decisions"
	"heyue/domain/dictionaries"
	"heyue/domain/sharing"
	"heyue/domain/staff"
	"heyue/policies"
)

// organisation is the use cases of how a tenant is set up: who works in it, who may do what, and its lists.
func (s *Services) organisation() {
	f, most := s.foundation, s.cfg.Tenant
	s.Dictionaries = &dictionaries.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Clock: f.clock, Limit: most.DictionaryEntries,
	}
	s.Shares = &sharing.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Lister: f.lister, Clock: f.clock,
		Limits: sharing.Limits{Tenant: most.Shares, Grantee: most.SharesPerGrantee, Record: most.SharesPerRecord},
	}
	s.Roles = &policies.Administration{
		Client: f.client, Engine: f.policies, Audit: f.audit,
		Limits: policies.RoleLimits{Roles: most.Roles, PerUser: most.RolesPerUser, TrialBytes: int(most.PolicyTest)},
	}
	s.Departments = &staff.Departments{
		Client: f.client, Policies: f.policies, Audit: f.audit, Clock: f.clock,
		Limits: staff.DepartmentLimits{Count: most.Departments, Depth: most.DepartmentDepth},
	}
	s.Users = &staff.Users{
		Client: f.client, Policies: f.policies, Audit: f.audit, Lister: f.lister,
		Hasher: s.Sessions.Passwords, PasswordPolicy: f.passwordPolicy(),
		Sessions: s.Sessions, Roles: s.Roles, Invitations: s.Recovery, Factors: s.Factors, Limit: most.Users,
	}
	s.Decisions = &decisions.Service{Client: f.client, Policies: f.policies, Lister: f.lister}
	s.Journal = decisions.NewJournal(f.client, f.log, f.clock, s.cfg.Worker.DecisionQueue)
	s.Audits = &audits.Service{Client: f.client, Policies: f.policies, Lister: f.lister}
}
