package app

import (
	"context"
	"errors"
	"fmt"

	"heyue/audit"
	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/migrations"
	"heyue/tenancy"
)

// Diagnosis is what one look of Examine came to.
type Diagnosis struct {
	Name     string
	Findings []string // what is wrong; none when all is well
	Note     string   // what was looked at
}

// Examine looks at everything that can be wrong with an installation without anybody noticing. It changes nothing. A
// look that cannot be made is a finding, not an error; the error is that there is no database to look at.
func (r *Resources) Examine(ctx context.Context) ([]Diagnosis, error) {
	a, err := r.Addresses(ctx)
	if err != nil {
		return nil, err
	}
	all := []Diagnosis{{Name: "database", Note: place(a.App)}, r.examineMigrations(ctx)}
	if len(all[1].Findings) == 0 {
		all = append(all, r.examineCatalog(ctx))
		all = append(all, r.examineTenants(ctx)...)
	}
	return append(all, r.examineRedis(ctx)), nil
}

func (r *Resources) examineMigrations(ctx context.Context) Diagnosis {
	d := Diagnosis{Name: "migrations"}
	system, err := r.System(ctx)
	if err == nil {
		err = migrations.CheckVersion(ctx, system)
	}
	if err != nil {
		d.Findings = []string{err.Error()}
		return d
	}
	version, err := migrations.Latest()
	if err != nil {
		d.Findings = []string{err.Error()}
	}
	d.Note = fmt.Sprintf("at version %d or newer", version)
	return d
}

func (r *Resources) examineCatalog(ctx context.Context) Diagnosis {
	d := Diagnosis{Name: "isolation", Note: "roles and catalog keep tenants apart"}
	findings, err := r.Inspect(ctx)
	for _, f := range findings {
		d.Findings = append(d.Findings, f.String())
	}
	if err != nil {
		d.Findings = append(d.Findings, err.Error())
	}
	return d
}

// examineRedis asks the Redis of the settings. The one inside a serving process cannot be asked from another.
func (r *Resources) examineRedis(ctx context.Context) Diagnosis {
	d := Diagnosis{Name: "redis", Note: "inside the serving process"}
	if r.cfg.Redis.URL == "" {
		return d
	}
	d.Note = "answers"
	clients, err := r.Redis(ctx)
	if err == nil {
		err = clients.Commands.Ping(ctx).Err()
	}
	if err != nil {
		d.Findings = []string{errors.Join(errors.New("does not answer; everything works on, slower"), err).Error()}
	}
	return d
}

// examineTenants compares, tenant by tenant, reminders and alerts with what they should be, and the audit trail with its
// seals.
func (r *Resources) examineTenants(ctx context.Context) []Diagnosis {
	dates, trail := Diagnosis{Name: "reminders"}, Diagnosis{Name: "audit trail"}
	s, err := r.Services(ctx, Roles{})
	if err != nil {
		dates.Findings = []string{err.Error()}
		return []Diagnosis{dates}
	}
	tenants, err := s.Tenants.List(ctx)
	if err != nil {
		dates.Findings = []string{err.Error()}
		return []Diagnosis{dates}
	}
	var sealed int64
	for _, t := range tenants {
		inside := tenancy.With(ctx, t.TenantID)
		differences, err := alerts.Sweep{Client: s.client, Clock: s.clock, Page: s.cfg.Worker.DoctorPage}.Run(inside, owed{s.Contracts}, owed{s.Incidents})
		for _, d := range differences {
			dates.find("%s: %s %s: %s", t.Slug, d.Kind, d.Subject, d.Problem)
		}
		if err != nil {
			dates.find("%s: %v", t.Slug, err)
		}
		proof, err := audit.Verify(inside, s.client)
		if sealed += proof.Sealed; proof.Break != nil {
			trail.find("%s: entry %d: %s", t.Slug, proof.Break.Seq, proof.Break.Problem)
		}
		if err != nil {
			trail.find("%s: %v", t.Slug, err)
		}
	}
	dates.Note = fmt.Sprintf("as they should be in %d tenants", len(tenants))
	trail.Note = fmt.Sprintf("%d entries carry their seals", sealed)
	return []Diagnosis{dates, trail}
}

// owed hands the dates of a package to the sweep.
type owed struct {
	by interface {
		Owed(ctx context.Context, after *due.Date, limit int) ([]due.Date, error)
	}
}

// Dates implements alerts.Source.
func (o owed) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	return o.by.Owed(ctx, after, limit)
}

func (d *Diagnosis) find(format string, args ...any) {
	d.Findings = append(d.Findings, fmt.Sprintf(format, args...))
}
