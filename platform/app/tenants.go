package app

import (
	"context"

	"heyue/domain/dictionaries"
	"heyue/domain/staff"
	"heyue/domain/templates"
	"heyue/domain/tenants"
	"heyue/ent"
)

// tenants is the use cases of opening and closing tenants, and what a new one is filled with.
func (s *Services) tenants() {
	f := s.foundation
	s.Tenants = &tenants.Service{
		Client: f.client, System: f.system, Directory: f.directory, Policies: f.policies, Audit: f.audit, Clock: f.clock,
		Passwords: s.Sessions.Passwords, PasswordPolicy: f.passwordPolicy(),
		Seeds:     tenants.Seeds{Dictionaries: dictionaries.Seed, Templates: templates.Seed{Clock: f.clock}.Run, Root: staff.SeedRoot, Admin: seedAdmin},
		Reminders: s.obligations, Ended: s.watcher.Wake,
	}
}

// seedAdmin makes the first user as the staff's package has them.
func seedAdmin(ctx context.Context, tx *ent.Tx, a tenants.FirstUser) error {
	first := staff.FirstUser{Email: a.Email, Name: a.Name, Locale: a.Locale, DepartmentID: &a.Department}
	_, err := staff.SeedAdmin(ctx, tx, first, a.PasswordHash, a.Role)
	return err
}
