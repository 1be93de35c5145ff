package audit

import (
	"context"
	"time"

	"heyue/ent"
	"heyue/identity"
	"heyue/platform/publicid"
)

// Session records what happened to a session: a sign-in, a sign-out, a revocation. It satisfies the journal of package
// identity/sessions. The entry names the event, the actor and the session; the tokens are nowhere in it.
func (r Recorder) Session(ctx context.Context, tx *ent.Tx, event string, id publicid.SessionID) error {
	return r.Record(ctx, tx, Entry{Action: event, Object: "session", ID: id.UUID()})
}

// LockOut records that too many sign-ins as a user failed; nil is somebody who does not exist, about whom the entry says
// no more, because people type secrets into the wrong field. Nobody is its actor, whoever happens to be signed in.
func (r Recorder) LockOut(ctx context.Context, tx *ent.Tx, user *publicid.UserID, until time.Time, from string) error {
	e := Entry{Action: "lock_out", Object: "sign_in", After: map[string]any{"until": until, "address": from}}
	if user != nil {
		e.Object, e.ID = "user", user.UUID()
	}
	return r.Record(identity.With(ctx, identity.Caller{}), tx, e)
}

// Account records what somebody did about their own way to sign in: accepted an invitation, chose a new password. It
// satisfies the journal of package identity/recovery.
func (r Recorder) Account(ctx context.Context, tx *ent.Tx, event string, user publicid.UserID) error {
	return r.Record(ctx, tx, Entry{Action: event, Object: "user", ID: user.UUID()})
}
