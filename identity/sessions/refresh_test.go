package sessions_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/identity/sessions"
	"heyue/platform/fault"
	"heyue/tests/fixture"
)

func (o office) refresh(t *testing.T, tokens *sessions.Tokens) *sessions.Tokens {
	t.Helper()
	next, err := o.Sessions.Refresh(t.Context(), tokens.RefreshToken)
	if err != nil {
		t.Fatal("refresh: ", err)
	}
	return next
}

func TestRefreshRenewsTheSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	first := o.login(t)
	o.Clock.Advance(sessions.DefaultRefreshTTL - time.Second)
	second := o.refresh(t, first)
	if second.RefreshToken == first.RefreshToken || second.User.ID != first.User.ID || !o.works(t, second) {
		t.Fatalf("renewed %+v", second)
	}
	o.Clock.Advance(sessions.DefaultRefreshTTL - time.Second) // far beyond the first token's month
	if third := o.refresh(t, second); !o.works(t, third) {
		t.Error("the third token does not work")
	}
}

func TestRefreshEndsWithTheSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, o office, tokens *sessions.Tokens){
		"expired":   func(_ *testing.T, o office, _ *sessions.Tokens) { o.Clock.Advance(sessions.DefaultRefreshTTL) },
		"disabled":  func(t *testing.T, o office, _ *sessions.Tokens) { o.disable(t) },
		"suspended": func(t *testing.T, o office, _ *sessions.Tokens) { o.suspend(t) },
		"logged out": func(t *testing.T, o office, tokens *sessions.Tokens) {
			ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
			if err == nil {
				err = o.Sessions.Logout(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			tokens := o.login(t)
			end(t, o, tokens)
			_, err := o.Sessions.Refresh(t.Context(), tokens.RefreshToken)
			wantUnauthenticated(t, name, err)
		})
	}
}

func TestUnknownRefreshTokens(t *testing.T) {
	t.Parallel()
	o := open(t)
	globex := o.Tenant(t, "globex")
	tokens := o.login(t)
	moved := "hyr_" + string(rune('0'+globex.ID)) + tokens.RefreshToken[len("hyr_1"):]
	last := tokens.RefreshToken[len(tokens.RefreshToken)-2:]
	for name, bad := range map[string]string{
		"other tenant's number": moved,
		"no such tenant":        "hyr_999" + tokens.RefreshToken[len("hyr_1"):],
		"tampered":              tokens.RefreshToken[:len(tokens.RefreshToken)-2] + map[bool]string{true: "BA", false: "AA"}[last == "AA"],
		"access token":          tokens.AccessToken,
		"empty":                 "",
	} {
		_, err := o.Sessions.Refresh(t.Context(), bad)
		wantUnauthenticated(t, name, err)
	}
	if !o.works(t, o.refresh(t, tokens)) {
		t.Error("guessing ended the session")
	}
}

// TestReplay walks through the uses of a used token: which ones end the session.
func TestReplay(t *testing.T) {
	t.Parallel()
	grace := sessions.DefaultRefreshGrace
	for name, c := range map[string]struct {
		grace time.Duration
		after time.Duration // between the exchange and the second use
		goOn  bool          // the successor is used in between
		ends  bool
	}{
		"at once":                  {grace, 0, false, false},
		"within the grace":         {grace, grace - time.Microsecond, false, false},
		"at its end":               {grace, grace, false, true},
		"long after":               {grace, 24 * time.Hour, false, true},
		"the chain went on":        {grace, 0, true, true},
		"and on, within the grace": {grace, time.Second, true, true},
		"no grace":                 {0, 0, false, true},
		"the clock went back":      {grace, -time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.Sessions.RefreshGrace = c.grace
			first := o.login(t)
			newest := o.refresh(t, first)
			o.Clock.Advance(c.after)
			if c.goOn {
				newest = o.refresh(t, newest)
			}
			for range 2 { // a second replay changes nothing any more
				_, err := o.Sessions.Refresh(t.Context(), first.RefreshToken)
				wantUnauthenticated(t, "the second use", err)
			}
			if !c.ends {
				o.refresh(t, newest)
				return
			}
			_, err := o.Sessions.Refresh(t.Context(), newest.RefreshToken)
			wantUnauthenticated(t, "the newest token of a revoked session", err)
			if o.works(t, newest) {
				t.Error("the access token still works")
			}
			if d := cmp.Diff([]string{sessions.LoggedIn, sessions.Replayed}, o.events(t)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestReplayEndsNoOtherSession: the user's other device goes on.
func TestReplayEndsNoOtherSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	laptop, phone := o.login(t), o.login(t)
	o.refresh(t, laptop)
	o.Clock.Advance(time.Minute)
	_, err := o.Sessions.Refresh(t.Context(), laptop.RefreshToken)
	wantUnauthenticated(t, "the second use", err)
	if !o.works(t, phone) {
		t.Error("the phone was signed out too")
	}
}

// TestOneOfManyExchangesWins: the same token sixteen times at once.
func TestOneOfManyExchangesWins(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	const many = 16
	won := make([]*sessions.Tokens, many)
	failed := make([]error, many)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			<-start
			won[i], failed[i] = o.Sessions.Refresh(t.Context(), tokens.RefreshToken)
		})
	}
	close(start)
	group.Wait()
	var winner *sessions.Tokens
	for i := range many {
		switch {
		case failed[i] == nil && winner == nil:
			winner = won[i]
		case failed[i] == nil:
			t.Error("two exchanges succeeded")
		case fault.KindOf(failed[i]) != fault.Unauthenticated:
			t.Error(failed[i])
		}
	}
	if winner == nil || !o.works(t, winner) {
		t.Fatal("no exchange succeeded, or its token does not work")
	}
	o.refresh(t, winner)
	if n := o.Client.RefreshToken.Query().CountX(o.tenant.Ctx); n != 3 {
		t.Errorf("%d links in the chain, want 3", n)
	}
}

func TestRefreshTokensAreStoredAsDigests(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	row := o.Client.RefreshToken.Query().OnlyX(o.tenant.Ctx)
	if len(row.TokenHash) != 64 || row.TokenHash == tokens.RefreshToken || !row.IssuedAt.Equal(fixture.Start()) {
		t.Errorf("stored %+v", row)
	}
}
