package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

func TestCallerTravelsInContext(t *testing.T) {
	t.Parallel()
	want := identity.Caller{
		TenantID:  7,
		UserID:    publicid.NewUserID(),
		SessionID: publicid.NewSessionID(),
		ExpiresAt: time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC),
	}
	got, err := identity.From(identity.With(t.Context(), want))
	if err != nil || !cmp.Equal(got, want) {
		t.Fatalf("From = %+v, %v; want %+v", got, err, want)
	}
}

func TestNobodyIsUnauthenticated(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]context.Context{
		"nobody":         t.Context(),
		"without tenant": identity.With(t.Context(), identity.Caller{UserID: publicid.NewUserID()}),
		"negative":       identity.With(t.Context(), identity.Caller{TenantID: -1}),
	} {
		got, err := identity.From(ctx)
		if fault.KindOf(err) != fault.Unauthenticated || got != (identity.Caller{}) {
			t.Errorf("%s: From = %+v, %v; want nobody and UNAUTHENTICATED", name, got, err)
		}
	}
}

func TestUnauthenticatedKeepsTheReasonForTheLog(t *testing.T) {
	t.Parallel()
	cause := errors.New("session revoked")
	f := identity.Unauthenticated(cause)
	if !errors.Is(f, cause) || f.Message != identity.Unauthenticated(nil).Message {
		t.Fatalf("fault %v must carry its cause and the common message", f)
	}
}

func TestSomeDoLessThanOthers(t *testing.T) {
	t.Parallel()
	person := identity.Caller{TenantID: 7, UserID: publicid.NewUserID()}
	program, confined := person, person
	program.Key, confined.Confined = &identity.Key{}, true
	for name, c := range map[string]struct {
		caller                  identity.Caller
		from, person, enrolling fault.Code
	}{
		"nobody":     {identity.Caller{}, fault.CodeUnauthenticated, fault.CodeUnauthenticated, fault.CodeUnauthenticated},
		"a person":   {person, "", "", ""},
		"a program":  {program, "", fault.CodeForbidden, fault.CodeForbidden},
		"a confined": {confined, identity.CodeSecondFactorRequired, identity.CodeSecondFactorRequired, ""},
	} {
		ctx := identity.With(t.Context(), c.caller)
		for what, got := range map[string]struct {
			ask  func(context.Context) (identity.Caller, error)
			want fault.Code
		}{"From": {identity.From, c.from}, "Person": {identity.Person, c.person}, "Enrolling": {identity.Enrolling, c.enrolling}} {
			found, err := got.ask(ctx)
			code := fault.Code("")
			if all := fault.All(err); len(all) == 1 {
				code = all[0].Code
			}
			if code != got.want || (err == nil) != (found != identity.Caller{}) {
				t.Errorf("%s of %s: %+v, %v; want %q", what, name, found, err, got.want)
			}
		}
	}
}
