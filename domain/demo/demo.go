// Package demo fills an empty installation with four tenants to look at: two made of published contracts (package
// data), and two made up after the trades that the product was drawn from, a car dealer and the group customers' unit of
// a telecom. Everything made up is recognisably so: mail domains end in .example, phone numbers begin with digits that
// no carrier has, credit codes are valid but hold DEM, and names come from the lists in this package.
//
// What is made up is the same on every run except for its dates, which lie around the clock's today so that reminders
// have just come, come today and will come.
package demo

import (
	"context"
	"slices"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/imports"
	"heyue/domain/tenants"
	"heyue/domain/tenants/settings"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/identity/password"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Password is the password of every user of the demo tenants. It is no secret: it is printed when the demo starts.
const Password = "heyue-demo-2026" //nolint:gosec // printed on purpose: the data behind it is made up

// Tenants opens tenants; see package tenants.
type Tenants interface {
	Create(ctx context.Context, d tenants.Draft) (*ent.Tenant, error)
}

// Obligations keeps due dates; see package alerts.
type Obligations interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
}

// Loader makes the demo tenants.
type Loader struct {
	Client      *ent.Client
	Directory   tenancy.Directory
	Tenants     Tenants
	Passwords   *password.Hasher
	Import      imports.OCDS // its owner and department are set for each tenant
	Obligations Obligations
	Audit       audit.Recorder
	Numbers     imports.Numbers
	Clock       clock.Clock
}

// Login is what to sign in to a demo tenant with; Password is the same for all.
type Login struct{ Tenant, Name, Email string }

// Logins lists the administrators of the demo tenants, in the order in which they are made.
func Logins() []Login {
	var all []Login
	for _, t := range shows() {
		all = append(all, Login{t.slug, t.name, "admin@" + t.domain()})
	}
	return all
}

// Salesperson is somebody of the first demo tenant who answers for customers and contracts: reminders go to them, not to
// an administrator.
func Salesperson() (l Login, person string) {
	t := shows()[0]
	for _, p := range t.people {
		if p.role == "sales" {
			return Login{t.slug, t.name, p.login + "@" + t.domain()}, p.name
		}
	}
	return Logins()[0], t.admin
}

// show is one demo tenant.
type show struct {
	slug, name, admin string
	settings          func(*settings.Settings)
	units             []unit
	people            []person
	fill              func(ctx context.Context, l Loader, p place) error
}

func (s show) domain() string { return s.slug + ".example" }

func shows() []show { return []show{kaisi(), jituan(), jalisco(), colombia()} }

// place is a demo tenant with its people, ready to be filled.
type place struct {
	show
	settings.Settings
	today       date.Date
	departments map[string]publicid.DepartmentID
	users       map[string]member
}

// member is a person who can answer for something.
type member struct {
	id   publicid.UserID
	home publicid.DepartmentID
}

// Load makes the demo tenants that are missing and completes those that an interrupted Load left unfinished; progress is
// told how many are done. Where there is any other tenant it makes none and reports false: demo data has no place beside
// real ones. Loading again changes nothing. ctx carries no tenant and no caller. Every error is a fault.
func (l Loader) Load(ctx context.Context, progress func(done, total int)) (loaded bool, err error) {
	all := shows()
	listed, err := l.Directory.List(ctx)
	if err != nil {
		return false, err
	}
	for _, t := range listed {
		if !slices.ContainsFunc(all, func(s show) bool { return s.slug == t.Slug }) {
			return false, nil
		}
	}
	hash, err := l.Passwords.Hash(ctx, Password)
	if err != nil {
		return false, err
	}
	for i, s := range all {
		if err := l.load(ctx, s, listed, hash); err != nil {
			return false, err
		}
		if progress != nil {
			progress(i+1, len(all))
		}
	}
	return true, nil
}

func (l Loader) load(ctx context.Context, s show, listed []tenancy.Listing, hash string) error {
	var id int64
	for _, t := range listed {
		if t.Slug == s.slug && t.Standing == standing.Active {
			id = t.TenantID
		}
	}
	if id == 0 {
		wishes := settings.Default()
		if s.settings != nil {
			s.settings(&wishes)
		}
		made, err := l.Tenants.Create(ctx, tenants.Draft{
			Slug: s.slug, Name: s.name, Settings: &wishes,
			Admin: tenants.Admin{Email: "admin@" + s.domain(), Name: s.admin, Password: Password},
		})
		if err != nil {
			return err
		}
		id = made.ID
	}
	ctx = tenancy.With(ctx, id)
	p, err := l.settle(ctx, s, hash)
	if err != nil {
		return err
	}
	return s.fill(ctx, l, p)
}

// settle makes the departments and people of a tenant, unless they are there, and finds them.
func (l Loader) settle(ctx context.Context, s show, hash string) (p place, err error) {
	err = tenancy.Write(ctx, l.Client, func(tx *ent.Tx) error {
		t, err := tenancy.Lock(ctx, tx)
		if err != nil {
			return err
		}
		zone, err := t.Settings.Zone()
		if err != nil {
			return err
		}
		p = place{show: s, Settings: t.Settings, today: date.In(l.Clock.Now(), zone)}
		return p.hire(ctx, tx, hash)
	})
	return p, err
}
