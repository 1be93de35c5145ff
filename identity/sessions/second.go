package sessions

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"heyue/ent"
	"heyue/ent/onetimetoken"
	"heyue/ent/session"
	"heyue/identity/account"
	"heyue/identity/opaque"
	"heyue/identity/throttle"
	"heyue/identity/token"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Bounds of a challenge; the first two are the defaults of Service's (HEYUE_LOGIN_CHALLENGE_…).
const (
	ChallengeTTL   = 5 * time.Minute
	ChallengeTries = 5
	maxChallenge   = 128
	maxCode        = 64
)

// Challenge is a sign-in that waits for its second factor.
type Challenge struct {
	Token     string
	ExpiresAt time.Time
}

// SecondStep is the answer to a challenge.
type SecondStep struct {
	Token     string
	Code      string
	UserAgent string // the device, as in Credentials
}

// Validate reports what is missing or too long to be looked at.
func (st SecondStep) Validate() error {
	var c fault.Check
	c.That(st.Token != "", fault.Required, "token", "token is required")
	c.That(len(st.Token) <= maxChallenge, fault.TooLong, "token", "token has more than %d bytes", maxChallenge)
	c.That(st.Code != "", fault.Required, "code", "code is required")
	c.That(len(st.Code) <= maxCode, fault.TooLong, "code", "code has more than %d bytes", maxCode)
	return c.Err()
}

// challenge leaves a sign-in waiting when its user has a second factor; nil when they have none.
func (s *Service) challenge(ctx context.Context, who claimant) (*Challenge, error) {
	if s.Factors == nil {
		return nil, nil
	}
	enrolled, err := s.Factors.Enrolled(ctx, who.user.ID)
	if err != nil || !enrolled {
		return nil, err
	}
	text, digest := opaque.Second.New(who.tenant)
	until := s.Clock.Now().Add(cmp.Or(s.ChallengeTTL, ChallengeTTL))
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		return tenancy.Fault(tx.OneTimeToken.Create().SetUserID(who.user.ID).SetPurpose(account.SecondFactor).SetTokenHash(digest.Hex()).
			SetExpiresAt(until).Exec(ctx), "keep a challenge")
	})
	return &Challenge{text, until}, err
}

// Second finishes a sign-in that Login left with a challenge. Faults: those of Validate; WRONG_CREDENTIALS, one answer to
// whatever is wrong with token or code; RATE_LIMITED after too many wrong ones; UNAVAILABLE.
func (s *Service) Second(ctx context.Context, st SecondStep) (*Tokens, error) {
	if err := st.Validate(); err != nil {
		return nil, err
	}
	tenant, digest, err := opaque.Second.Parse(st.Token)
	if err != nil || s.Factors == nil {
		return nil, wrongStep(err)
	}
	ctx = tenancy.With(ctx, tenant)
	row, err := s.Client.OneTimeToken.Query().Where(onetimetoken.TokenHash(digest.Hex()), onetimetoken.PurposeEQ(account.SecondFactor)).WithUser().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, wrongStep(errors.New("no such challenge"))
	}
	if err != nil {
		return nil, tenancy.Fault(err, "look up a challenge")
	}
	var try *throttle.Try
	if s.Attempts != nil {
		if try, err = s.Attempts.Begin(ctx, kindSecond, secondAccount(tenant, row.UserID)); err != nil {
			return nil, err
		}
	}
	who := claimant{tenant: tenant, user: row.Edges.User}
	t, err := s.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the tenant of a challenge")
	}
	who.authz, who.stands = t.AuthzVersion, t.Standing
	tokens, err := s.answer(ctx, who, row, st)
	if err != nil {
		if fault.KindOf(err) == fault.Invalid {
			s.Log.LogAttrs(ctx, slog.LevelInfo, "a second factor was refused", slog.Int64("tenant", tenant))
			s.lockedOut(ctx, who, try)
		}
		return nil, err
	}
	s.proved(ctx, try)
	s.forgive(ctx, t.Slug+"\n"+row.Edges.User.Email)
	return tokens, nil
}

// answer uses the challenge and the code up together, and opens the session. A wrong code is counted on the challenge.
func (s *Service) answer(ctx context.Context, who claimant, row *ent.OneTimeToken, st SecondStep) (*Tokens, error) {
	id, now := publicid.NewSessionID(), s.Clock.Now()
	// Counted before it is judged, so that of codes that come at once no more than so many are looked at.
	n, err := s.Client.OneTimeToken.Update().Where(onetimetoken.ID(row.ID), onetimetoken.UsedAtIsNil(), onetimetoken.RevokedAtIsNil(),
		onetimetoken.ExpiresAtGT(now), onetimetoken.TriesLT(cmp.Or(s.ChallengeTries, ChallengeTries))).AddTries(1).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "count a try at a challenge")
	}
	if n == 0 {
		return nil, wrongStep(errors.New("used, too old, or tried too often"))
	}
	if err := who.known(); err != nil {
		return nil, wrongStep(err)
	}
	var refresh string
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		n, err := tx.OneTimeToken.Update().Where(onetimetoken.ID(row.ID), onetimetoken.UsedAtIsNil(), onetimetoken.RevokedAtIsNil()).SetUsedAt(now).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "use a challenge")
		}
		if n == 0 {
			return wrongStep(errors.New("used meanwhile"))
		}
		if err := s.Factors.Verify(ctx, tx, who.user.ID, st.Code); err != nil {
			return err
		}
		refresh, err = s.begin(ctx, tx, who, beginning{id: id, at: now, userAgent: st.UserAgent, second: true})
		return err
	})
	switch {
	case fault.KindOf(err) == fault.Invalid || isRefused(err):
		return nil, wrongStep(err)
	case err != nil:
		return nil, tenancy.Fault(err, "open a session")
	}
	who.user.LastLoginAt = &now
	return s.grant(token.Claims{TenantID: who.tenant, UserID: who.user.ID, SessionID: id, Access: who.authz}, who.user, refresh)
}

// Vouch notes that a session has shown a second factor.
func (s *Service) Vouch(ctx context.Context, tx *ent.Tx, id publicid.SessionID) error {
	return tenancy.Fault(tx.Session.Update().Where(session.ID(id)).SetSecondFactor(true).Exec(ctx), "note a second factor")
}

// forgive takes the password's try back, now that the second factor was right too.
func (s *Service) forgive(ctx context.Context, who string) {
	if s.Attempts == nil {
		return
	}
	s.proved(ctx, s.Attempts.Earlier(ctx, kindLogin, who))
}

// wrongStep is the one answer to a second step that is not right; the log has the reason.
func wrongStep(why error) error {
	f := fault.New(fault.Invalid, fault.WrongCredentials, "the code is wrong, or the sign-in took too long; begin again when it stays so")
	f.Cause = why
	return f
}
