package providers_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"heyue/domain/providers"
	"heyue/ent"
	"heyue/identity/oidc"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/platform/secret"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

func service(w *fixture.World, loopback bool) *providers.Service {
	return &providers.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Sessions: w.Sessions, Box: secret.NewBox(make([]byte, secret.Size)), Loopback: loopback, Limit: 3,
	}
}

func draft(issuer string) providers.Draft {
	password := "s3cret"
	return providers.Draft{Name: "IdP", Issuer: issuer, ClientID: "heyue", ClientSecret: &password}
}

func TestIssuers(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	for issuer, loopback := range map[string]bool{
		"http://login.example": false, "ftp://login.example": false, "https://": false, "login.example": false, "https://login.example?x": false,
		"https://login.example?": false, "https://login.example#x": false, "https://me@login.example": false, "http://127.0.0.1:9000": false,
		"http://localhost:9000": true, "http://10.0.0.1": true, "https://" + strings.Repeat("x", 500): false,
	} {
		if _, err := service(w, loopback).Create(tn.Admin, draft(issuer)); fault.KindOf(err) != fault.Invalid || fault.All(err)[0].Field[0] != "issuer" {
			t.Errorf("%s: %v, want a fault at issuer", issuer, err)
		}
	}
	for _, issuer := range []string{"https://login.example", "https://login.example:8443/realms/acme/", "http://127.0.0.1:9000"} {
		if _, err := service(w, true).Create(tn.Admin, draft(issuer)); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	if _, err := service(w, true).Create(tn.Admin, draft("https://one.too.many")); len(fault.All(err)) != 1 || fault.All(err)[0].Code != fault.LimitReached {
		t.Errorf("one too many: %v", err)
	}
}

func TestAClientsSecretIsSealedForItsRow(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	s := service(w, false)
	made, err := s.Create(tn.Admin, draft("https://login.example"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%s %+v", *made.ClientSecret, made), "s3cret") {
		t.Error("the secret is readable")
	}
	if plain, err := s.Box.Open(*made.ClientSecret, oidc.Place(tn.ID, made.ID)); err != nil || string(plain) != "s3cret" {
		t.Errorf("%q, %v", plain, err)
	}
	none := ""
	now, err := s.Update(tn.Admin, providers.Change{ID: made.ID, ExpectedVersion: 1, ClientSecret: &none})
	if err != nil || now.ClientSecret != nil && len(*now.ClientSecret) > 0 {
		t.Errorf("a public client: %+v, %v", now, err)
	}
}

// TestAnotherHandEndsSessions: who loses an identity by an administrator is out, who gives one up is not.
func TestAnotherHandEndsSessions(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	s := service(w, false)
	made, err := s.Create(tn.Admin, draft("https://login.example"))
	if err != nil {
		t.Fatal(err)
	}
	user := w.User(t, tn, "sales", tn.Root)
	bind := func(subject string) *ent.ExternalIdentity {
		t.Helper()
		x, err := s.Bind(tn.Admin, providers.Binding{UserID: fixture.Caller(t, user).UserID, OidcProviderID: made.ID, Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	own, taken := bind("a"), bind("b")
	if err := s.Unbind(user, own.ID); err != nil {
		t.Fatal(err)
	}
	session := fixture.Caller(t, user).SessionID
	if row, err := w.Client.Session.Get(tn.Ctx, session); err != nil || row.RevokedAt != nil {
		t.Errorf("%+v, %v", row, err)
	}
	if err := s.Unbind(tn.Admin, taken.ID); err != nil {
		t.Fatal(err)
	}
	if row, err := w.Client.Session.Get(tn.Ctx, session); err != nil || row.RevokedAt == nil || row.RevokedReason != providers.ReasonUnbound {
		t.Errorf("%+v, %v", row, err)
	}
}

// TestNobodyBindsWhomTheyDoNotCommand: whoever holds the identity can do all that the user can.
func TestNobodyBindsWhomTheyDoNotCommand(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	s := service(w, false)
	made, err := s.Create(tn.Admin, draft("https://login.example"))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		role, err := tx.Role.Create().SetCode("clerk").SetName("Clerk").Save(tn.Ctx)
		if err != nil {
			return err
		}
		tn.Roles["clerk"] = role.ID
		return tx.RoleGrant.Create().SetRoleID(role.ID).SetObject("user").SetAction("update").SetScope("TENANT").Exec(tn.Ctx)
	})
	clerk := w.User(t, tn, "clerk", tn.Root)
	_, err = s.Bind(clerk, providers.Binding{UserID: fixture.Caller(t, tn.Admin).UserID, OidcProviderID: made.ID, Subject: "me"})
	if len(fault.All(err)) != 1 || fault.All(err)[0].Code != fault.NotAllowed {
		t.Errorf("a clerk binds an administrator: %v", err)
	}
}
