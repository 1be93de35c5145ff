package tenants_test

import (
	"context"
	"testing"

	"heyue/domain/dictionaries"
	"heyue/domain/staff"
	"heyue/domain/templates"
	"heyue/domain/tenants"
	"heyue/ent"
	"heyue/identity/password"
	"heyue/identity/sessions"
	"heyue/platform/fault"
	"heyue/tests/fixture"
)

// replans counts how often reminders were moved.
type replans struct{ n int }

func (r *replans) Replan(context.Context, *ent.Tx) error {
	r.n++
	return nil
}

// house is a world that opens tenants.
type house struct {
	*fixture.World
	*tenants.Service
	reminders *replans
	ended     *[]int64
}

func open(t *testing.T) house {
	t.Helper()
	w := fixture.New(t)
	h := house{World: w, reminders: &replans{}, ended: &[]int64{}}
	h.Service = &tenants.Service{
		Client: w.Client, System: w.System, Directory: w.Directory, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock,
		Passwords: w.Passwords, PasswordPolicy: password.DefaultPolicy(), Reminders: h.reminders,
		Seeds: tenants.Seeds{
			Dictionaries: dictionaries.Seed,
			Templates:    templates.Seed{Clock: w.Clock}.Run,
			Root:         staff.SeedRoot,
			Admin:        seedAdmin,
		},
		Ended: func(tenant int64) { *h.ended = append(*h.ended, tenant) },
	}
	return h
}

func seedAdmin(ctx context.Context, tx *ent.Tx, a tenants.FirstUser) error {
	_, err := staff.SeedAdmin(ctx, tx, staff.FirstUser{Email: a.Email, Name: a.Name, Locale: a.Locale, DepartmentID: &a.Department}, a.PasswordHash, a.Role)
	return err
}

// acme is a valid draft.
func acme() tenants.Draft {
	return tenants.Draft{
		Slug: "acme", Name: " 远方商贸 ",
		Admin: tenants.Admin{Email: "Wang@Acme.example", Name: "王芳", Password: "a lamp beside the window"},
	}
}

// signIn tries to log in as the draft's administrator. Any other fault than a refusal fails the test.
func (h house) signIn(t *testing.T, d tenants.Draft) (context.Context, bool) {
	t.Helper()
	tokens, err := h.Sessions.Login(t.Context(), sessions.Credentials{Tenant: d.Slug, Email: d.Admin.Email, Password: d.Admin.Password})
	if fault.KindOf(err) == fault.Unauthenticated && err != nil {
		return nil, false
	}
	if err != nil {
		t.Fatal("log in: ", err)
	}
	ctx, err := h.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal("authenticate: ", err)
	}
	return ctx, true
}

func (h house) create(t *testing.T, d tenants.Draft) (*ent.Tenant, context.Context) {
	t.Helper()
	made, err := h.Create(t.Context(), d)
	if err != nil {
		t.Fatal("create: ", err)
	}
	ctx, ok := h.signIn(t, d)
	if !ok {
		t.Fatal("the administrator of a new tenant cannot log in")
	}
	return made, ctx
}

func wantCode(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if all := fault.All(err); len(all) != 1 || all[0].Code != code {
		t.Errorf("%s: %v; want %s", what, err, code)
	}
}
