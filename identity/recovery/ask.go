package recovery

import (
	"context"
	"log/slog"
	"time"

	"heyue/ent"
	"heyue/ent/onetimetoken"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/identity/account"
	"heyue/identity/sessions"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Request is somebody who says that they forgot their password.
type Request struct {
	Tenant string // the tenant's slug
	Email  string
}

// Validate reports what is missing or too long to be looked at.
func (r Request) Validate() error {
	var c fault.Check
	c.Text("tenant", r.Tenant, 1, tenancy.MaxSlug)
	c.Text("email", r.Email, 1, sessions.MaxEmail)
	return c.Err()
}

// request is one that waits for its turn.
type request struct{ slug, email string }

// handling bounds the work for one request.
const handling = 10 * time.Second

// Ask sends a user a mail with which they choose a new password. It answers before it looks anything up: whether there is
// such a user shows neither in the answer nor in its time. Faults: those of Validate; RATE_LIMITED after several for an
// account, which may not exist, or from an address; UNAVAILABLE, also when this installation sends no mail.
func (s *Service) Ask(ctx context.Context, r Request) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if s.Letters.Able() != nil {
		return fault.New(fault.Unavailable, fault.CodeUnavailable, "this installation sends no mail; ask your administrator for a new password")
	}
	email := account.NormalEmail(r.Email)
	if s.Attempts != nil {
		if _, err := s.Attempts.Begin(ctx, "reset", r.Tenant+"\n"+email); err != nil { // no slug has a line break
			return err
		}
	}
	select {
	case s.asked <- request{r.Tenant, email}:
		return nil
	default:
		f := fault.New(fault.Unavailable, fault.CodeUnavailable, "too many ask at once; try again")
		f.RetryAfter = time.Second
		return f
	}
}

// Run handles what was asked until ctx ends; several may run. What still waits then is forgotten: who asked asks again.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.asked:
			bounded, cancel := context.WithTimeout(ctx, handling)
			if err := s.handle(bounded, r); err != nil {
				s.Log.LogAttrs(ctx, slog.LevelError, "reset a password", slog.Any("error", err))
			}
			cancel()
		}
	}
}

// handle writes the token and the mail if there is such a user and they may sign in with a password.
func (s *Service) handle(ctx context.Context, r request) error {
	listed, err := s.Directory.Find(ctx, r.slug)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	ctx = tenancy.With(ctx, listed.TenantID)
	return tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		u, err := tx.User.Query().Where(user.Email(r.email), user.PasswordHashNEQ("")).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return tenancy.Fault(err, "find who forgot their password")
		}
		t, err := tx.Tenant.Query().Only(ctx)
		if err != nil || !mayEnter(t, u) {
			return tenancy.Fault(err, "read the tenant of a request")
		}
		if _, err := s.revoke(ctx, tx, u.ID, account.PasswordReset); err != nil {
			return err
		}
		if err := s.issue(ctx, tx, u, account.PasswordReset); err != nil {
			return err
		}
		return s.Journal.Account(identity.With(ctx, identity.Caller{}), tx, Asked, u.ID)
	})
}

// outlivedSQL finds the tenants with tokens whose time is over.
const outlivedSQL = `SELECT tenant_id FROM one_time_tokens WHERE expires_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`

// Forget deletes tokens that ran out a day ago or longer, of all tenants, up to a batch each, and returns how many.
func (s *Service) Forget(ctx context.Context, batch int) (forgotten int, err error) {
	before := s.Clock.Now().Add(-24 * time.Hour)
	tenants, err := s.outlived(ctx, before)
	if err != nil {
		return 0, err
	}
	for _, id := range tenants {
		inside := tenancy.With(ctx, id)
		err := tenancy.Write(inside, s.Client, func(tx *ent.Tx) error {
			old, err := tx.OneTimeToken.Query().Where(onetimetoken.ExpiresAtLTE(before)).Limit(batch).IDs(inside)
			if err != nil {
				return tenancy.Fault(err, "find tokens to forget")
			}
			n, err := tx.OneTimeToken.Delete().Where(onetimetoken.IDIn(old...)).Exec(inside)
			forgotten += n
			return tenancy.Fault(err, "forget tokens")
		})
		if err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

func (s *Service) outlived(ctx context.Context, before time.Time) (tenants []int64, err error) {
	rows, err := s.Directory.System.QueryContext(ctx, outlivedSQL, before)
	if err != nil {
		return nil, tenancy.Fault(err, "find tokens to forget")
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "read a tenant's number")
		}
		tenants = append(tenants, id)
	}
	return tenants, tenancy.Fault(rows.Err(), "find tokens to forget")
}
