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
