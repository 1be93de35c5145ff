package sessions

import (
	"context"

	"heyue/ent"
	"heyue/ent/apikey"
	"heyue/ent/predicate"
	"heyue/ent/session"
	"heyue/identity"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Logout ends the caller's session: its access tokens and refresh tokens with the next request, its sockets within a
// second. Doing it twice is no fault. It fails with UNAUTHENTICATED without
// a caller, with FORBIDDEN for an API key, which is revoked instead, and with UNAVAILABLE.
func (s *Service) Logout(ctx context.Context) error {
	c, err := identity.Enrolling(ctx)
	if err != nil {
		return err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		_, err := s.end(ctx, tx, LoggedOut, reasonLogout, session.ID(c.SessionID), session.UserID(c.UserID))
		return err
	})
	return tenancy.Fault(err, "end a session")
}

// RevokeAll ends every session of a user in tx, so that it happens together with its cause; reason is a word for the
// session's row, such as DISABLED. The caller has asked for the permission.
func (s *Service) RevokeAll(ctx context.Context, tx *ent.Tx, user publicid.UserID, reason string) error {
	_, err := s.end(ctx, tx, Revoked, reason, session.UserID(user))
	return err
}

// Reasons that this package gives itself.
const (
	reasonLogout = "LOGOUT"
	reasonReplay = "REPLAY"
)

// end revokes the open sessions that match, journals each, and calls Ended after the commit.
func (s *Service) end(ctx context.Context, tx *ent.Tx, event, reason string, match ...predicate.Session) (int, error) {
	// Sorted and locked, so that two who end the same sessions wait for each other instead of deadlocking.
	open, err := tx.Session.Query().Where(append(match, session.RevokedAtIsNil())...).Order(ent.Asc(session.FieldID)).ForUpdate().All(ctx)
	if err != nil || len(open) == 0 {
		return 0, tenancy.Fault(err, "find sessions to end")
	}
	ids := make([]publicid.SessionID, len(open))
	for i, row := range open {
		ids[i] = row.ID
	}
	err = tx.Session.Update().Where(session.IDIn(ids...)).SetRevokedAt(s.Clock.Now()).SetRevokedReason(reason).Exec(ctx)
	if err != nil {
		return 0, tenancy.Fault(err, "end sessions")
	}
	// Whatever ends sessions ends keys.
	err = tx.APIKey.Update().Where(apikey.RevokedAtIsNil(), apikey.SessionIDIn(ids...)).SetRevokedAt(s.Clock.Now()).Exec(ctx)
	if err != nil {
		return 0, tenancy.Fault(err, "end API keys")
	}
	for _, id := range ids {
		if err := s.Journal.Session(ctx, tx, event, id); err != nil {
			return 0, tenancy.Fault(err, "journal the end of a session")
		}
	}
	s.tell(tx, open[0].TenantID)
	return len(ids), nil
}

func (s *Service) tell(tx *ent.Tx, tenant int64) {
	if s.Ended == nil {
		return
	}
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil {
				s.Ended(tenant)
			}
			return err
		})
	})
}
