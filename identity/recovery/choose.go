package recovery

import (
	"context"
	"errors"
	"log/slog"

	"heyue/ent"
	"heyue/ent/onetimetoken"
	"heyue/ent/predicate"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Choice is a password that somebody chooses with the token of a mail.
type Choice struct {
	Token    string
	Password string
}

// Accept sets the first password of an invited user, who then signs in with it. Faults: WRONG_CREDENTIALS at token, one
// answer for a token that is unknown, used, revoked or expired, or whose user or tenant may not sign in; those of the
// password policy at password; UNAVAILABLE. A password that is refused leaves the token good.
func (s *Service) Accept(ctx context.Context, c Choice) error {
	return s.choose(ctx, c, account.Invitation, Accepted)
}

// Reset sets a new password and ends every session of the user. Faults as of Accept.
func (s *Service) Reset(ctx context.Context, c Choice) error {
	return s.choose(ctx, c, account.PasswordReset, Changed)
}

func (s *Service) choose(ctx context.Context, c Choice, p account.Purpose, event string) error {
	kind, _, _ := s.way(p)
	tenant, digest, err := kind.Parse(c.Token)
	if err != nil {
		return s.spent(ctx, 0, err)
	}
	ctx = tenancy.With(ctx, tenant)
	which := onetimetoken.And(onetimetoken.TokenHash(digest.Hex()), onetimetoken.PurposeEQ(p))
	row, err := s.Client.OneTimeToken.Query().Where(which, s.good()).WithUser().Only(ctx)
	if ent.IsNotFound(err) {
		return s.spent(ctx, tenant, errors.New("no such token, or it is no longer good"))
	}
	if err != nil {
		return tenancy.Fault(err, "look up a one-time token")
	}
	u := row.Edges.User
	var check fault.Check
	s.Policy.Check(&check, "password", c.Password, u.Email, u.Name)
	if err := check.Err(); err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, c.Password)
	if err != nil {
		return err
	}
	ctx = identity.With(ctx, identity.Caller{TenantID: tenant, UserID: u.ID})
	return tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { return s.set(ctx, tx, row, hash, event) })
}

// good matches tokens that have not been used, revoked or outlived.
func (s *Service) good() predicate.OneTimeToken {
	return onetimetoken.And(onetimetoken.UsedAtIsNil(), onetimetoken.RevokedAtIsNil(), onetimetoken.ExpiresAtGT(s.Clock.Now()))
}

// set uses a token up and writes the password that it was for. Of two at once, the second finds the token used.
func (s *Service) set(ctx context.Context, tx *ent.Tx, row *ent.OneTimeToken, hash, event string) error {
	n, err := tx.OneTimeToken.Update().Where(onetimetoken.ID(row.ID), s.good()).SetUsedAt(s.Clock.Now()).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "use a one-time token")
	}
	if n == 0 {
		return s.spent(ctx, row.TenantID, errors.New("used or revoked meanwhile"))
	}
	t, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the tenant of a one-time token")
	}
	u, err := tx.User.Query().Where(user.ID(row.UserID)).ForUpdate().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "lock the user of a one-time token")
	}
	if !mayEnter(t, u) || row.Purpose == account.Invitation && u.PasswordHash != "" {
		return s.spent(ctx, row.TenantID, errors.New("the user or tenant may not sign in, or has a password already"))
	}
	if err := tx.User.UpdateOne(u).SetPasswordHash(hash).AddVersion(1).Exec(ctx); err != nil {
		return tenancy.Fault(err, "write a password")
	}
	for _, p := range []account.Purpose{account.Invitation, account.PasswordReset} {
		if _, err := s.revoke(ctx, tx, u.ID, p); err != nil {
			return err
		}
	}
	if err := s.Sessions.RevokeAll(ctx, tx, u.ID, ReasonReset); err != nil {
		return err
	}
	return s.Journal.Account(ctx, tx, event, u.ID)
}

// spent is the one answer to a token that is not good. The log has the reason.
func (s *Service) spent(ctx context.Context, tenant int64, why error) error {
	s.Log.LogAttrs(ctx, slog.LevelInfo, "a one-time token was refused", slog.Int64("tenant", tenant), slog.Any("reason", why))
	return fault.New(fault.Invalid, fault.WrongCredentials, "this link is not good any more; ask for another one").At("token")
}
