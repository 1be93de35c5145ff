package alerts

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/obligation"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Source is a package that owns dates. It tells a sweep what obligations there should be.
type Source interface {
	// Dates returns the next dates that should be open obligations of the context's tenant, at most limit, ordered by
	// kind and subject id; after is the last one of the call before, nil for the first.
	Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error)
}

// Difference is one thing that is not as it should be.
type Difference struct {
	Kind    due.Kind
	Subject uuid.UUID
	Problem string // for an administrator, in English
}

// Sweep compares what should exist with what exists. It changes nothing; what it finds is a bug, or was done by hand.
type Sweep struct {
	Client *ent.Client
	Clock  clock.Clock
	Page   int // obligations compared at a time; 0: DefaultSweepPage
}

// DefaultSweepPage is how many obligations are compared at a time.
const DefaultSweepPage = 500

// Run returns every difference of the context's tenant: dates of the sources without an open obligation of the same
// day; reminders that are missing, of another version, or wait for the wrong instant; alerts that should have been
// withdrawn; alerts that nobody was told of. It reads without locks, so a change under way may show as a difference
// that a second run does not have.
func (s Sweep) Run(ctx context.Context, sources ...Source) ([]Difference, error) {
	s.Page = cmp.Or(s.Page, DefaultSweepPage)
	plans, err := planning(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	var found []Difference
	var last publicid.ObligationID
	for {
		page, err := s.Client.Obligation.Query().Where(obligation.IDGT(last)).Order(obligation.ByID()).Limit(s.Page).
			WithReminders().WithAlerts(func(q *ent.AlertQuery) { q.Where(alert.StateEQ(due.Raised)) }).All(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "read obligations")
		}
		if len(page) == 0 {
			break
		}
		last = page[len(page)-1].ID
		for _, ob := range page {
			for _, problem := range plans.problems(ob) {
				found = append(found, Difference{ob.Kind, ob.SubjectID, problem})
			}
		}
	}
	unheard, err := s.unheard(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, unheard...)
	for _, source := range sources {
		missing, err := s.missing(ctx, source)
		if err != nil {
			return nil, err
		}
		found = append(found, missing...)
	}
	return found, nil
}

// problems judges one obligation with its reminder and its raised alerts.
func (p planner) problems(ob *ent.Obligation) []string {
	var out []string
	for _, a := range ob.Edges.Alerts {
		if ob.State != due.Open || a.DateVersion != ob.DateVersion {
			out = append(out, fmt.Sprintf("alert %s of %s is still raised", a.ID, a.Step))
		}
	}
	if len(ob.Edges.Reminders) == 0 {
		return append(out, "there is no reminder")
	}
	r := ob.Edges.Reminders[0]
	if ob.State != due.Open {
		if r.NextAt != nil {
			out = append(out, "it is closed and would still remind")
		}
		return out
	}
	if r.DateVersion != ob.DateVersion {
		out = append(out, fmt.Sprintf("the reminder is of version %d, the date of version %d", r.DateVersion, ob.DateVersion))
	}
	return append(out, p.misplaced(ob, r)...)
}

// misplaced compares where a reminder stands with where the settings want it. One whose instant has passed is the
// scanner's business.
func (p planner) misplaced(ob *ent.Obligation, r *ent.Reminder) []string {
	plan := p.plan(ob)
	if r.NextAt != nil && !r.NextAt.After(p.now) {
		return nil
	}
	var done schedule.Progress
	if r.NextAt == nil {
		done = plan.Begin(p.now, false)
	} else {
		done = progress(r)
	}
	next, ok := plan.Next(done)
	switch {
	case !ok && r.NextAt == nil:
		return nil
	case !ok:
		return []string{fmt.Sprintf("it would remind at %s, which no step does", r.Step)}
	case r.NextAt == nil:
		return []string{fmt.Sprintf("it has ended before step %s", next.Step)}
	case next.Step.String() != r.Step || !next.At.Equal(*r.NextAt):
		return []string{fmt.Sprintf("it waits for %s at %s instead of %s at %s", r.Step, r.NextAt.UTC(), next.Step, next.At)}
	}
	return nil
}

// unheard lists the raised alerts that are in nobody's inbox.
func (s Sweep) unheard(ctx context.Context) ([]Difference, error) {
	rows, err := s.Client.Alert.Query().Where(alert.StateEQ(due.Raised), alert.Not(alert.HasRecipients())).WithObligation().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read alerts")
	}
	var found []Difference
	for _, a := range rows {
		ob := a.Edges.Obligation
		found = append(found, Difference{ob.Kind, ob.SubjectID, fmt.Sprintf("alert %s of %s is in nobody's inbox", a.ID, a.Step)})
	}
	return found, nil
}

// missing compares a source's dates with the open obligations.
func (s Sweep) missing(ctx context.Context, source Source) ([]Difference, error) {
	var found []Difference
	var after *due.Date
	for {
		dates, err := source.Dates(ctx, after, s.Page)
		if err != nil || len(dates) == 0 {
			return found, err
		}
		names := make([]name, len(dates))
		for i, d := range dates {
			names[i] = name{d.Kind, d.SubjectID}
		}
		there, err := s.Client.Obligation.Query().Where(isOpen, anyNamed(names)).All(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "read obligations")
		}
		have := make(map[name]*ent.Obligation, len(there))
		for _, ob := range there {
			have[name{ob.Kind, ob.SubjectID}] = ob
		}
		for _, d := range dates {
			switch ob := have[name{d.Kind, d.SubjectID}]; {
			case ob == nil:
				found = append(found, Difference{d.Kind, d.SubjectID, "there is no open obligation"})
			case ob.DueOn != d.DueOn:
				found = append(found, Difference{d.Kind, d.SubjectID, fmt.Sprintf("it is due on %s and is reminded of for %s", d.DueOn, ob.DueOn)})
			}
		}
		after = &dates[len(dates)-1]
	}
}
