package sessions

import (
	"context"
	"log/slog"
	"math"
	"time"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/identity/token"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Credentials are what a user signs in with.
type Credentials struct {
	Tenant    string // the tenant's slug
	Email     string
	Password  string
	UserAgent string // the device, for the user's list of sessions; cut when it is long
}

// Validate reports what is missing or too long to be looked at.
func (c Credentials) Validate() error {
	var check fault.Check
	check.Text("tenant", c.Tenant, 1, tenancy.MaxSlug)
	check.Text("email", c.Email, 1, MaxEmail)
	check.That(c.Password != "", fault.Required, "password", "password is required")
	check.That(len(c.Password) <= MaxPassword, fault.TooLong, "password", "password has more than %d bytes", MaxPassword)
	return check.Err()
}

// Login opens a session. A wrong slug, address or password, a disabled user and a suspended tenant all get the same
// UNAUTHENTICATED after the same work, so that neither text nor time tells which it was; the log has the reason. Whoever has
// a second factor gets a Challenge instead, for Second. Other
// faults: INVALID for what Validate finds, RATE_LIMITED
// after too many wrong ones, which says when to come back, UNAVAILABLE.
func (s *Service) Login(ctx context.Context, c Credentials) (*Tokens, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	email := account.NormalEmail(c.Email)
	try, err := s.attempt(ctx, c.Tenant, email)
	if err != nil {
		return nil, err
	}
	who, err := s.claimed(ctx, c.Tenant, email)
	if err != nil {
		return nil, err
	}
	ctx = tenancy.With(ctx, who.tenant)
	if err := s.prove(ctx, who, c.Password); err != nil {
		if isRefused(err) {
			s.Log.LogAttrs(ctx, slog.LevelInfo, "a sign-in was refused", slog.Int64("tenant", who.number()), slog.Any("reason", err))
			s.lockedOut(ctx, who, try)
		}
		return nil, err
	}
	challenge, err := s.challenge(ctx, who)
	if err != nil {
		return nil, err
	}
	if challenge != nil { // the password alone proves nothing: the try stays counted until the code is right
		return &Tokens{Challenge: challenge}, nil
	}
	tokens, err := s.open(ctx, who, c, false)
	if err == nil {
		s.proved(ctx, try)
	}
	return tokens, err
}

// claimant is whom a sign-in claims to be.
type claimant struct {
	tenant int64
	authz  int64
	stands standing.Standing
	user   *ent.User // nil when there is no such one
}

// nobody is the tenant that an account of a wrong slug is looked for in: the same statements run, and find nothing.
const nobody = math.MaxInt64

// number is the tenant's for the log; 0 for none. What was typed stays out of it: people type addresses and passwords
// into the wrong field.
func (c claimant) number() int64 {
	if c.tenant == nobody {
		return 0
	}
	return c.tenant
}

// claimed looks the claimant up, by the same statements whether there is one or not.
func (s *Service) claimed(ctx context.Context, slug, email string) (claimant, error) {
	who := claimant{tenant: nobody}
	// Somebody who is signed in may sign in anew, elsewhere too; the directory refuses a context with a tenant.
	switch l, err := s.Directory.Find(tenancy.With(ctx, 0), slug); {
	case err == nil:
		who.tenant, who.stands = l.TenantID, l.Standing
	case fault.KindOf(err) != fault.NotFound:
		return claimant{}, err
	}
	ctx = tenancy.With(ctx, who.tenant)
	row, err := s.Client.Tenant.Query().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return claimant{}, tenancy.Fault(err, "read the tenant of a sign-in")
	}
	u, err := s.Client.User.Query().Where(user.Email(email)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return claimant{}, tenancy.Fault(err, "read the user of a sign-in")
	}
	who.user = u
	if row == nil {
		who.stands = "" // a tenant that is being made
	} else {
		who.authz = row.AuthzVersion
		if who.stands == standing.Active {
			who.stands = row.Standing
		}
	}
	return who, nil
}

// prove fails with UNAUTHENTICATED unless password is the claimant's and they may sign in. It hashes in every case.
func (s *Service) prove(ctx context.Context, who claimant, password string) error {
	if who.user == nil || who.user.PasswordHash == "" {
		if err := s.Passwords.Burn(ctx, password); err != nil {
			return err
		}
		return refused("no such user, or one without a password")
	}
	ok, err := s.Passwords.Verify(ctx, who.user.PasswordHash, password)
	switch {
	case err != nil:
		return err
	case !ok:
		return refused("a wrong password")
	case who.user.State != account.Active:
		return refused("the user is disabled")
	case who.stands != standing.Active:
		return refused("the tenant is suspended or not ready")
	}
	return nil
}

// open makes the session of a claimant who has proved to be who they claim.
func (s *Service) open(ctx context.Context, who claimant, c Credentials, second bool) (*Tokens, error) {
	rehash := ""
	if c.Password != "" && s.Passwords.NeedsRehash(who.user.PasswordHash) {
		var err error
		if rehash, err = s.Passwords.Hash(ctx, c.Password); err != nil {
			return nil, err
		}
	}
	id, now := publicid.NewSessionID(), s.Clock.Now()
	var refresh string
	err := tenancy.Write(ctx, s.Client, func(tx *ent.Tx) (err error) {
		refresh, err = s.begin(ctx, tx, who, beginning{id, now, rehash, c.UserAgent, second})
		return err
	})
	if err != nil {
		return nil, tenancy.Fault(err, "open a session")
	}
	who.user.LastLoginAt = &now
	return s.grant(token.Claims{TenantID: who.tenant, UserID: who.user.ID, SessionID: id, Access: who.authz}, who.user, refresh)
}

// beginning is a session that is about to be made.
type beginning struct {
	id        publicid.SessionID
	at        time.Time
	rehash    string // a better hash of the password that was right; "" for none
	userAgent string
	second    bool // a second factor was shown
}

// begin makes the session of a claimant, with the first link of its chain.
func (s *Service) begin(ctx context.Context, tx *ent.Tx, who claimant, b beginning) (refresh string, err error) {
	if err := s.welcome(ctx, tx, who.user, b.rehash, b.at); err != nil {
		return "", err
	}
	if err := s.start(ctx, tx, b.id, who.user.ID, b.userAgent, b.at.Add(s.RefreshTTL), b.second); err != nil {
		return "", err
	}
	if refresh, err = s.link(ctx, tx, who.tenant, b.id, b.at); err != nil {
		return "", err
	}
	return refresh, s.Journal.Session(as(ctx, who.tenant, who.user.ID, b.id), tx, LoggedIn, b.id)
}

// welcome notes the sign-in on the user's row, unless they were disabled while their password was checked. A sign-in
// is no edit: neither version nor updated_at move. A better hash replaces only the one that was verified, never one
// that a change of password has just written.
func (s *Service) welcome(ctx context.Context, tx *ent.Tx, u *ent.User, rehash string, now time.Time) error {
	n, err := tx.User.Update().Where(user.ID(u.ID), user.StateEQ(account.Active)).
		SetLastLoginAt(now).SetUpdatedAt(u.UpdatedAt).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "note a sign-in")
	}
	if n == 0 {
		return refused("the user was disabled meanwhile")
	}
	if rehash == "" {
		return nil
	}
	err = tx.User.Update().Where(user.ID(u.ID), user.PasswordHash(u.PasswordHash)).
		SetPasswordHash(rehash).SetUpdatedAt(u.UpdatedAt).Exec(ctx)
	return tenancy.Fault(err, "renew a password hash")
}

// start makes the session's row.
func (s *Service) start(ctx context.Context, tx *ent.Tx, id publicid.SessionID, u publicid.UserID, userAgent string, until time.Time, second bool) error {
	err := tx.Session.Create().SetID(id).SetUserID(u).SetUserAgent(device(userAgent)).SetSecondFactor(second).SetExpiresAt(until).Exec(ctx)
	return tenancy.Fault(err, "make a session")
}
