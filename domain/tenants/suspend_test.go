package tenants_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/fault"
)

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	h := open(t)
	made, ctx := h.create(t, acme())
	tokens, err := h.Sessions.Issue(t.Context(), "acme", acme().Admin.Email, 3600e9)
	if err != nil {
		t.Fatal(err)
	}
	works := func() bool {
		_, err := h.Sessions.Authenticate(t.Context(), tokens.AccessToken)
		if err != nil && fault.KindOf(err) != fault.Unauthenticated {
			t.Fatal(err)
		}
		return err == nil
	}
	for range 2 { // the second time changes nothing
		if now, err := h.Suspend(t.Context(), "acme"); err != nil || now.Standing != standing.Suspended {
			t.Fatalf("%+v, %v", now, err)
		}
		if _, in := h.signIn(t, acme()); in || works() {
			t.Errorf("logs in: %v, the token works: %v", in, works())
		}
	}
	for range 2 {
		if now, err := h.Resume(t.Context(), "acme"); err != nil || now.Standing != standing.Active {
			t.Fatalf("%+v, %v", now, err)
		}
		if _, in := h.signIn(t, acme()); !in || !works() {
			t.Errorf("logs in: %v, the token works: %v", in, works())
		}
	}
	if !slices.Equal(*h.ended, []int64{made.ID, made.ID}) {
		t.Errorf("ended %v", *h.ended)
	}
	var actions []string
	for _, e := range h.World.Client.AuditEntry.Query().Where(auditentry.Object("tenant")).Order(ent.Asc("id")).AllX(ctx) {
		actions = append(actions, e.Action)
	}
	if d := cmp.Diff([]string{"create", "suspend", "resume"}, actions); d != "" {
		t.Error(d)
	}
}

// TestAnInterruptedSuspensionHolds: the tenant's own row is written first, and decides; doing it again ends the job.
func TestAnInterruptedSuspensionHolds(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.create(t, acme())
	for range 2 {
		if _, err := h.Suspend(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		if l, err := h.World.Directory.Find(t.Context(), "acme"); err != nil || l.Standing != standing.Suspended {
			t.Errorf("%+v, %v", l, err)
		}
		if _, err := h.World.Directory.SetStanding(t.Context(), "acme", standing.Active); err != nil {
			t.Fatal(err)
		}
		if _, in := h.signIn(t, acme()); in {
			t.Error("the directory overruled the tenant")
		}
	}
}

func TestSuspendingOneTenantLeavesTheOthers(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.create(t, acme())
	globex := acme()
	globex.Slug = "globex"
	h.create(t, globex)
	if _, err := h.Suspend(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if _, in := h.signIn(t, globex); !in {
		t.Error("globex was suspended too")
	}
}

func TestWhatCannotBeSuspended(t *testing.T) {
	t.Parallel()
	h := open(t)
	if _, err := h.World.Directory.Create(t.Context(), "halfmade"); err != nil {
		t.Fatal(err)
	}
	for slug, want := range map[string]fault.Code{"nobody": fault.Missing, "halfmade": fault.WrongState} {
		_, err := h.Suspend(t.Context(), slug)
		wantCode(t, "suspend "+slug, err, want)
		_, err = h.Resume(t.Context(), slug)
		wantCode(t, "resume "+slug, err, want)
	}
}
