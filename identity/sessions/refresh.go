package sessions

import (
	"context"
	"log/slog"
	"time"

	"heyue/ent"
	"heyue/ent/refreshtoken"
	"heyue/ent/session"
	"heyue/identity/opaque"
	"heyue/identity/token"
	"heyue/tenancy"
)

// Refresh exchanges a refresh token for new tokens and makes the session last RefreshTTL from now. Each token works
// once: of any number of exchanges at the same moment one succeeds. It fails with UNAUTHENTICATED when the token is
// not one of ours, was used, or its session is over; and with UNAVAILABLE.
//
// A used token that comes again is a sign that two hold it, its user and a thief, and nobody can tell which is which:
// the session is revoked and both must sign in (RFC 9700 section 4.14.2). One case is let pass without that: the token
// just exchanged, once more within RefreshGrace and before its successor is used. That is what two tabs do, or a
// client that lost an answer and tries again. The second exchange is refused all the same, so it gives a thief nothing;
// what he gains is that a theft within these seconds is noticed only when one of the two comes back later.
func (s *Service) Refresh(ctx context.Context, refreshToken string) (*Tokens, error) {
	tenant, digest, err := opaque.Refresh.Parse(refreshToken)
	if err != nil {
		return nil, err
	}
	ctx = tenancy.With(ctx, tenant)
	now := s.Clock.Now()
	var next renewed
	var verdict error // of a transaction that must commit all the same
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		n, err := tx.RefreshToken.Update().Where(refreshtoken.TokenHash(digest.Hex()), refreshtoken.UsedAtIsNil()).SetUsedAt(now).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "use a refresh token")
		}
		link, err := tx.RefreshToken.Query().Where(refreshtoken.TokenHash(digest.Hex())).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return refused("an unknown refresh token")
		case err != nil:
			return tenancy.Fault(err, "read a refresh token")
		case n == 1:
			next, err = s.rotate(ctx, tx, link, now)
			return err
		}
		verdict, err = s.replayed(ctx, tx, link, now)
		return err
	})
	if err == nil {
		err = verdict
	}
	if err != nil {
		if isRefused(err) {
			s.Log.LogAttrs(ctx, slog.LevelInfo, "a refresh was refused", slog.Int64("tenant", tenant), slog.Any("reason", err))
		}
		return nil, tenancy.Fault(err, "refresh a session")
	}
	return s.grant(next.claims, next.user, next.refresh)
}

// renewed is what an exchange leads to, once it is committed.
type renewed struct {
	claims  token.Claims
	user    *ent.User
	refresh string
}

// rotate adds the next link to the chain of a session that may go on.
func (s *Service) rotate(ctx context.Context, tx *ent.Tx, used *ent.RefreshToken, now time.Time) (renewed, error) {
	st, err := read(ctx, tx, used.TenantID, used.SessionID)
	if err == nil {
		err = st.check(now)
	}
	if err != nil {
		return renewed{}, err
	}
	// The session may have been revoked since it was read; this waits for whoever does that and then finds no row.
	n, err := tx.Session.Update().Where(session.ID(used.SessionID), session.RevokedAtIsNil()).SetExpiresAt(now.Add(s.RefreshTTL)).Save(ctx)
	if err != nil {
		return renewed{}, tenancy.Fault(err, "prolong a session")
	}
	if n == 0 {
		return renewed{}, refused("the session was revoked meanwhile")
	}
	u, err := tx.User.Get(ctx, st.user)
	if err != nil {
		return renewed{}, tenancy.Fault(err, "read the user of a session")
	}
	refresh, err := s.link(ctx, tx, st.tenant, used.SessionID, now)
	claims := token.Claims{TenantID: st.tenant, UserID: st.user, SessionID: used.SessionID, Access: st.authz}
	return renewed{claims: claims, user: u, refresh: refresh}, err
}

// replayed judges a token that was used before. It returns the verdict, always UNAUTHENTICATED, and apart from it the
// error of a database that could not carry it out.
func (s *Service) replayed(ctx context.Context, tx *ent.Tx, used *ent.RefreshToken, now time.Time) (verdict, err error) {
	// Whatever was issued when this one was used, or later, comes after it in the chain.
	wentOn, err := tx.RefreshToken.Query().Where(refreshtoken.SessionID(used.SessionID), refreshtoken.IDNEQ(used.ID),
		refreshtoken.IssuedAtGTE(*used.UsedAt), refreshtoken.UsedAtNotNil()).Exist(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read a chain of refresh tokens")
	}
	if !wentOn && now.Sub(*used.UsedAt) < s.RefreshGrace {
		return refused("the refresh token was exchanged a moment ago"), nil
	}
	n, err := s.end(ctx, tx, Replayed, reasonReplay, session.ID(used.SessionID))
	if err != nil {
		return nil, err
	}
	if n > 0 {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a used refresh token came again; its session is revoked",
			slog.Int64("tenant", used.TenantID), slog.String("session", used.SessionID.String()))
	}
	return refused("the refresh token was used before"), nil
}
