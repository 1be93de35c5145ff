package app

import (
	"context"

	"heyue/domain/demo"
	"heyue/platform/progress"
)

// DemoLogin is what to sign in to a demo tenant with. Who is the person, in a word or two.
type DemoLogin struct{ Tenant, Name, Email, Password, Who string }

// LoadDemo makes the demo tenants unless there are tenants of somebody's own, and returns who can sign in to them: first a
// salesperson whose inbox has its alerts when this returns, then the administrators; none when there are no demo tenants.
// Loading again changes nothing and completes what was interrupted.
func (s *Services) LoadDemo(ctx context.Context, out progress.Output) (logins []DemoLogin, err error) {
	there, err := s.directory.List(ctx)
	if err != nil {
		return nil, err
	}
	var tell func(done, total int)
	if all := demo.Logins(); len(there) < len(all) {
		task := progress.Start(out, "making demo tenants", int64(len(all)))
		defer func() { task.End(err) }()
		tell = func(int, int) { task.Add(1) }
	}
	loaded, err := s.demo().Load(ctx, tell)
	if err != nil || !loaded {
		return nil, err
	}
	if _, err := s.scanner.ScanOnce(ctx, s.clock.Now()); err != nil {
		return nil, err
	}
	l, person := demo.Salesperson()
	logins = append(logins, DemoLogin{l.Tenant, l.Name, l.Email, demo.Password, "salesperson " + person})
	for _, l := range demo.Logins() {
		logins = append(logins, DemoLogin{l.Tenant, l.Name, l.Email, demo.Password, "administrator"})
	}
	return logins, nil
}

func (s *Services) demo() demo.Loader {
	f := s.foundation
	return demo.Loader{
		Client: f.client, Directory: f.directory, Tenants: s.Tenants, Passwords: s.Sessions.Passwords, Import: s.ocds,
		Obligations: s.obligations, Audit: f.audit, Numbers: f.numbers, Clock: f.clock,
	}
}
