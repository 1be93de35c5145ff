package alerts_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	entgo "entgo.io/ent"
	"github.com/google/uuid"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/ent/predicate"
	"heyue/ent/reminder"
)

// listed is a Source of dates in memory.
type listed []due.Date

func (l listed) Dates(_ context.Context, after *due.Date, limit int) ([]due.Date, error) {
	from := 0
	if after != nil {
		from = 1 + slices.IndexFunc(l, func(d due.Date) bool { return d.SubjectID == after.SubjectID })
	}
	return l[from:min(len(l), from+min(limit, 2))], nil
}

// asked records how many dates a sweep wants at a time.
type asked struct {
	listed
	most []int
}

func (a *asked) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	a.most = append(a.most, limit)
	return a.listed.Dates(ctx, after, limit)
}

func TestSweepComparesAPageAtATime(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	source := &asked{listed: listed{b.date(t, 7), b.date(t, 7), b.date(t, 7), b.date(t, 7), b.date(t, 7)}}
	b.set(t, source.listed...)
	var pages []int
	b.Client.Obligation.Intercept(entgo.InterceptFunc(func(next entgo.Querier) entgo.Querier {
		return entgo.QuerierFunc(func(ctx context.Context, q entgo.Query) (entgo.Value, error) {
			v, err := next.Query(ctx, q)
			if found, ok := v.([]*ent.Obligation); ok {
				pages = append(pages, len(found))
			}
			return v, err
		})
	}))
	found, err := alerts.Sweep{Client: b.Client, Clock: b.Clock, Page: 2}.Run(b.acme.Ctx, source)
	if err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	if slices.Max(pages) != 2 || slices.Max(source.most) != 2 {
		t.Errorf("pages of %v obligations, %v dates", pages, source.most)
	}
}

func TestSweepFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var dates []due.Date
	for range 8 {
		dates = append(dates, b.date(t, 7))
	}
	ended := b.date(t, -100)
	b.set(t, append(dates, ended)...)
	b.scan(t)
	sweep := alerts.Sweep{Client: b.Client, Clock: b.Clock}
	sources := listed(append([]due.Date{ended}, dates...))
	if found, err := sweep.Run(b.acme.Ctx, sources); err != nil || len(found) != 0 {
		t.Fatalf("nothing is wrong, but: %v, %v", found, err)
	}
	of := func(n int) predicate.Reminder {
		return reminder.HasObligationWith(obligation.SubjectID(dates[n].SubjectID))
	}
	later := b.Clock.Now().Add(time.Hour)
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		ctx := b.acme.Ctx
		for _, do := range []func() error{
			func() error { _, err := tx.Reminder.Delete().Where(of(0)).Exec(ctx); return err },
			func() error { return tx.Reminder.Update().Where(of(1)).SetNextAt(later).Exec(ctx) },
			func() error { return tx.Reminder.Update().Where(of(2)).ClearNextAt().SetStep("").Exec(ctx) },
			func() error { return tx.Reminder.Update().Where(of(3)).SetDateVersion(9).Exec(ctx) },
			func() error {
				return tx.Obligation.Update().Where(obligation.SubjectID(dates[4].SubjectID)).SetState("MET").Exec(ctx)
			},
			func() error {
				_, err := tx.AlertRecipient.Delete().Exec(ctx)
				return err
			},
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	moved := dates[6]
	moved.DueOn = moved.DueOn.AddDays(1)
	unknown := b.date(t, 3)
	found, err := sweep.Run(b.acme.Ctx, listed{dates[5], moved, unknown})
	if err != nil {
		t.Fatal(err)
	}
	for subject, problems := range map[uuid.UUID][]string{
		dates[0].SubjectID: {"there is no reminder"},
		dates[1].SubjectID: {"it waits for D-1"},
		dates[2].SubjectID: {"it has ended before step D-1"},
		dates[3].SubjectID: {"version 9"},
		dates[4].SubjectID: {"is still raised", "it is closed and would still remind"},
		dates[5].SubjectID: {"is in nobody's inbox"},
		moved.SubjectID:    {"it is due on 2026-06-23 and is reminded of for 2026-06-22"},
		unknown.SubjectID:  {"there is no open obligation"},
	} {
		for _, p := range problems {
			if !slices.ContainsFunc(found, func(d alerts.Difference) bool { return d.Subject == subject && strings.Contains(d.Problem, p) }) {
				t.Errorf("the sweep did not find %q", p)
			}
		}
	}
}
