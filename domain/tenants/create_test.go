package tenants_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/dictionaries/shipped"
	"heyue/domain/tenants"
	"heyue/domain/tenants/settings"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/role"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tests/fixture"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	h := open(t)
	made, ctx := h.create(t, acme())
	if made.Name != "远方商贸" || made.Slug != "acme" || made.Standing != standing.Active || made.ID != fixture.Caller(t, ctx).TenantID {
		t.Errorf("made %+v", made)
	}
	if d := cmp.Diff(settings.Default(), made.Settings); d != "" {
		t.Error(d)
	}
	for _, p := range policies.All() {
		if _, err := h.World.Policies.Require(ctx, p); err != nil {
			t.Errorf("the administrator lacks %s: %v", p, err)
		}
	}
	admin := h.World.Client.User.Query().OnlyX(ctx)
	root := h.World.Client.Department.Query().OnlyX(ctx)
	if admin.Email != "wang@acme.example" || admin.Name != "王芳" || admin.DepartmentID == nil || *admin.DepartmentID != root.ID || root.Name != "远方商贸" || root.ParentID != nil {
		t.Errorf("administrator %+v in %+v", admin, root)
	}
	if n := h.World.Client.DictionaryEntry.Query().CountX(ctx); n != len(shipped.All()) {
		t.Errorf("%d dictionary entries, %d are shipped", n, len(shipped.All()))
	}
	roles := h.World.Client.Role.Query().AllX(ctx)
	if len(roles) != len(policies.Templates()) {
		t.Errorf("%d roles for %d templates", len(roles), len(policies.Templates()))
	}
	all, err := h.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Slug != "acme" || all[0].Standing != standing.Active || all[0].TenantID != made.ID {
		t.Errorf("list %+v, %v", all, err)
	}
	actions := []string{}
	for _, e := range h.World.Client.AuditEntry.Query().Order(ent.Asc("id")).AllX(ctx) {
		actions = append(actions, e.Object+" "+e.Action)
	}
	if d := cmp.Diff([]string{"tenant create", "session login"}, actions); d != "" {
		t.Error(d)
	}
}

func TestCreateInAnotherLanguage(t *testing.T) {
	t.Parallel()
	h := open(t)
	d := acme()
	english := settings.Default()
	english.Locale, english.TimeZone = "en", "Europe/Berlin"
	d.Settings = &english
	made, ctx := h.create(t, d)
	if diff := cmp.Diff(english, made.Settings); diff != "" {
		t.Error(diff)
	}
	admin := h.World.Client.Role.Query().Where(role.Code(policies.Admin)).OnlyX(ctx)
	if u := h.World.Client.User.Query().OnlyX(ctx); admin.Name != "Administrator" || u.Locale != "en" {
		t.Errorf("role %q, user's language %q", admin.Name, u.Locale)
	}
}

func TestDraftFaultsComeAtOnce(t *testing.T) {
	t.Parallel()
	bad := settings.Default()
	bad.TimeZone, bad.EventRetentionDays = "Mars", 0
	_, err := (&tenants.Service{PasswordPolicy: open(t).PasswordPolicy}).Create(t.Context(), tenants.Draft{
		Slug: "Acme!", Settings: &bad, Admin: tenants.Admin{Email: "wang", Password: "short"},
	})
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	want := []string{
		"slug MALFORMED", "name REQUIRED", "admin.email MALFORMED", "admin.name REQUIRED", "admin.password TOO_SHORT",
		"settings.timeZone UNKNOWN_VALUE", "settings.eventRetentionDays OUT_OF_RANGE",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	guessable := acme()
	guessable.Slug, guessable.Admin.Password = "globex", "globex26"
	wantCode(t, "the slug as a password", guessable.Validate(open(t).PasswordPolicy), fault.NotAllowed)
}

var errCrash = errors.New("the machine is gone")

// TestACrashAnywhereIsMendedByCreatingAgain interrupts Create between and inside its steps. Meanwhile nobody can log
// in, and the second run ends as an undisturbed one does.
func TestACrashAnywhereIsMendedByCreatingAgain(t *testing.T) {
	t.Parallel()
	interrupt := func(spoil func(*tenants.Service)) func(*testing.T, house) {
		return func(t *testing.T, h house) {
			t.Helper()
			broken := *h.Service
			spoil(&broken)
			if _, err := broken.Create(t.Context(), acme()); err == nil {
				t.Fatal("nothing was interrupted")
			}
		}
	}
	for name, crash := range map[string]func(*testing.T, house){
		"slug reserved": func(t *testing.T, h house) {
			if _, err := h.World.Directory.Create(t.Context(), "acme"); err != nil {
				t.Fatal(err)
			}
		},
		"before dictionaries": interrupt(func(s *tenants.Service) {
			s.Seeds.Dictionaries = func(context.Context, *ent.Tx) error { return errCrash }
		}),
		"before the root": interrupt(func(s *tenants.Service) {
			s.Seeds.Root = func(context.Context, *ent.Tx, string) (id publicid.DepartmentID, err error) { return id, errCrash }
		}),
		"before the administrator": interrupt(func(s *tenants.Service) {
			s.Seeds.Admin = func(context.Context, *ent.Tx, tenants.FirstUser) error { return errCrash }
		}),
		"after the administrator": interrupt(func(s *tenants.Service) {
			s.Seeds.Admin = func(ctx context.Context, tx *ent.Tx, a tenants.FirstUser) error {
				return errors.Join(seedAdmin(ctx, tx, a), errCrash)
			}
		}),
		"before the directory knows": func(t *testing.T, h house) {
			h.create(t, acme())
			if _, err := h.World.Directory.SetStanding(t.Context(), "acme", standing.Suspended); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			crash(t, h)
			if _, ok := h.signIn(t, acme()); ok {
				t.Error("a half-made tenant lets people in")
			}
			_, ctx := h.create(t, acme())
			if n := h.World.Client.User.Query().CountX(ctx); n != 1 {
				t.Errorf("%d users", n)
			}
			if n := h.World.Client.Role.Query().CountX(ctx); n != len(policies.Templates()) {
				t.Errorf("%d roles", n)
			}
			if all, err := h.List(t.Context()); err != nil || len(all) != 1 || all[0].Standing != standing.Active {
				t.Errorf("list %+v, %v", all, err)
			}
			_, err := h.Create(t.Context(), acme())
			wantCode(t, "a third time", err, fault.Duplicate)
		})
	}
}

// TestNobodyElseFinishesATenant: between the last two steps the slug is its administrator's already.
func TestNobodyElseFinishesATenant(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.create(t, acme())
	for what, change := range map[string]func(*tenants.Draft){
		"another administrator": func(d *tenants.Draft) { d.Admin.Email = "li@acme.example" },
		"another password":      func(d *tenants.Draft) { d.Admin.Password += "!" },
	} {
		if _, err := h.World.Directory.SetStanding(t.Context(), "acme", standing.Suspended); err != nil {
			t.Fatal(err)
		}
		d := acme()
		change(&d)
		_, err := h.Create(t.Context(), d)
		wantCode(t, what, err, fault.Duplicate)
	}
}

// TestCreatingDoesNotResume: a suspended tenant stays so, even for its own administrator.
func TestCreatingDoesNotResume(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.create(t, acme())
	if _, err := h.Suspend(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	_, err := h.Create(t.Context(), acme())
	wantCode(t, "a suspended tenant", err, fault.Duplicate)
	if _, ok := h.signIn(t, acme()); ok {
		t.Error("it was resumed")
	}
}

func TestOneOfManyWinsTheSlug(t *testing.T) {
	t.Parallel()
	h := open(t)
	const many = 6
	drafts := make([]tenants.Draft, many)
	faults := make([]error, many)
	var group sync.WaitGroup
	for i := range many {
		drafts[i] = acme()
		drafts[i].Admin.Email = fmt.Sprintf("admin%d@acme.example", i)
		group.Go(func() { _, faults[i] = h.Create(t.Context(), drafts[i]) })
	}
	group.Wait()
	won := 0
	for i, err := range faults {
		_, in := h.signIn(t, drafts[i])
		if in != (err == nil) {
			t.Errorf("%v, and logs in: %v", err, in)
		}
		if err == nil {
			won++
			continue
		}
		wantCode(t, "a loser", err, fault.Duplicate)
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}
