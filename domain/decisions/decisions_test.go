package decisions_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"heyue/domain/decisions"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/decision"
	"heyue/tests/fixture"
)

func note(t *testing.T, ctx context.Context, operation string) decisions.Note {
	t.Helper()
	c := fixture.Caller(t, ctx)
	return decisions.Note{Tenant: c.TenantID, Kind: decision.Denied, User: c.UserID, Object: "contract", Action: "read", Operation: operation}
}

func count(t *testing.T, w *fixture.World, tn *fixture.Tenant) int {
	t.Helper()
	n, err := w.Client.Decision.Query().Count(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDecisionsAreWrittenApartFromRequests: each to its tenant, what does not fit is counted and told, and what cannot be
// written is tried once more.
func TestDecisionsAreWrittenApartFromRequests(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	var said bytes.Buffer
	j := decisions.NewJournal(w.Client, slog.New(slog.NewTextHandler(&said, nil)), w.Clock, 3)
	for range 3 {
		j.Note(note(t, acme.Admin, "contracts"))
	}
	j.Note(note(t, globex.Admin, "contracts"))
	j.Write(t.Context())
	if n, m := count(t, w, acme), count(t, w, globex); n != 3 || m != 0 || !strings.Contains(said.String(), "decisions were lost") {
		t.Errorf("%d and %d were written; the log says %q", n, m, said.String())
	}
	said.Reset()
	j.Note(note(t, globex.Admin, "contracts"))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	j.Write(gone)
	if n := count(t, w, globex); n != 0 || said.Len() > 0 {
		t.Errorf("%d were written without a database; the log says %q", n, said.String())
	}
	j.Write(t.Context())
	if n := count(t, w, globex); n != 1 {
		t.Errorf("%d were written by the next try", n)
	}
	j.Note(note(t, globex.Admin, "contracts"))
	j.Write(gone)
	j.Write(gone)
	if !strings.Contains(said.String(), "decisions were lost") {
		t.Errorf("what was tried twice is lost without a word: %q", said.String())
	}
}

// TestAJournalThatStopsWritesWhatItHas.
func TestAJournalThatStopsWritesWhatItHas(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	j := decisions.NewJournal(w.Client, slog.New(slog.DiscardHandler), w.Clock, 10)
	j.Note(note(t, acme.Admin, "contracts"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j.Run(ctx, nil)
	if n := count(t, w, acme); n != 1 {
		t.Errorf("%d were written", n)
	}
}

// TestTheLogIsReadByWhoMayReadTheRecord, and by others of themselves or not at all.
func TestTheLogIsReadByWhoMayReadTheRecord(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	seller := w.User(t, acme, "sales")
	j := decisions.NewJournal(w.Client, slog.New(slog.DiscardHandler), w.Clock, 10)
	j.Note(note(t, seller, "auditEntries"))
	j.Write(t.Context())
	s := &decisions.Service{Client: w.Client, Policies: w.Policies, Lister: w.Lister}
	for name, c := range map[string]struct {
		ctx  context.Context
		f    *decisions.Filter
		want int
	}{
		"an auditor":          {w.User(t, acme, "auditor"), nil, 1},
		"of somebody":         {acme.Admin, &decisions.Filter{UserID: []publicid.UserID{fixture.Caller(t, seller).UserID}, Kind: []decision.Kind{decision.Denied}}, 1},
		"of somebody else":    {acme.Admin, &decisions.Filter{UserID: []publicid.UserID{fixture.Caller(t, acme.Admin).UserID}}, 0},
		"of another action":   {acme.Admin, &decisions.Filter{Action: []string{"update"}}, 0},
		"of another kind":     {acme.Admin, &decisions.Filter{Kind: []decision.Kind{decision.AdminRead}}, 0},
		"of another tenant":   {globex.Admin, nil, 0},
		"of another question": {acme.Admin, &decisions.Filter{Operation: []string{"contracts"}}, 0},
	} {
		list, err := s.List(w.Next(t, c.ctx), page.Args{}, c.f)
		if err != nil || len(list.Edges) != c.want {
			t.Errorf("%s: %d decisions, want %d, %v", name, len(list.Edges), c.want, err)
		}
	}
	if _, err := s.List(w.Next(t, seller), page.Args{}, nil); fault.KindOf(err) != fault.Denied {
		t.Errorf("the seller reads the log: %v", err)
	}
}

// TestDecisionsAreForgotten when their time is over, and not before a day has passed, whatever the settings say.
func TestDecisionsAreForgotten(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	now := clock.System{}.Now() // the database compares with its own
	add := func(tn *fixture.Tenant, ages ...time.Duration) {
		w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			for _, age := range ages {
				err := tx.Decision.Create().SetKind(decision.Denied).SetUserID(fixture.Caller(t, tn.Admin).UserID).SetObject("contract").
					SetAction(policies.ContractRead.Action).SetPolicyVersion(1).SetOccurredAt(now.Add(-age)).Exec(tn.Ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	const day = 24 * time.Hour
	add(acme, 3*day, 4*day, 5*day, time.Hour)
	add(globex, day)
	w.Clock.Set(now)
	n, err := decisions.Retention{Client: w.Client, System: w.System, Clock: w.Clock, Keep: 2 * day, Batch: 2}.Forget(t.Context())
	if err != nil || n != 3 || count(t, w, acme) != 1 || count(t, w, globex) != 1 {
		t.Errorf("forgot %d, left %d and %d, %v", n, count(t, w, acme), count(t, w, globex), err)
	}
}
