package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"heyue/ent"
	"heyue/identity/throttle"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// kindLogin is what sign-ins are counted as.
const kindLogin = "login"

// kindSecond is what second factors are counted as, here and where somebody shows one who is signed in.
const kindSecond = "second factor"

func secondAccount(tenant int64, user publicid.UserID) string {
	return fmt.Sprintf("%d %s", tenant, user)
}

// attempt counts a sign-in before anything about it is looked up. It fails with RATE_LIMITED. The try is nil when nobody
// counts.
func (s *Service) attempt(ctx context.Context, slug, email string) (*throttle.Try, error) {
	if s.Attempts == nil {
		return nil, nil
	}
	return s.Attempts.Begin(ctx, kindLogin, slug+"\n"+email) // no slug has a line break
}

// proved takes a sign-in that was right back from the count. The user is signed in whether or not that works.
func (s *Service) proved(ctx context.Context, try *throttle.Try) {
	if try == nil {
		return
	}
	if err := try.Proved(ctx); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a sign-in that was right stays counted", slog.Any("error", err))
	}
}

// errNobody takes back what was written for a tenant that does not exist.
var errNobody = errors.New("there is no such tenant")

// lockedOut journals that a wrong sign-in was one too many. The same is written for somebody who does not exist, and for
// a tenant that does not exist it is written and taken back, so that the answer's time tells neither.
func (s *Service) lockedOut(ctx context.Context, who claimant, try *throttle.Try) {
	if try == nil || try.Wait == 0 {
		return
	}
	err := tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		var user *publicid.UserID
		if who.user != nil {
			user = &who.user.ID
		}
		from := ""
		if try.From.IsValid() {
			from = try.From.String()
		}
		if err := s.Journal.LockOut(ctx, tx, user, s.Clock.Now().Add(try.Wait), from); err != nil {
			return err
		}
		if who.tenant == nobody {
			return errNobody
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNobody) {
		s.Log.LogAttrs(ctx, slog.LevelError, "journal a lock-out", slog.Int64("tenant", who.number()), slog.Any("error", err))
		return
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "sign-ins are locked out", slog.Int64("tenant", who.number()), slog.Duration("wait", try.Wait))
}
