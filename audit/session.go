package audit

import (
	"context"

	"heyue/ent"
	"heyue/platform/publicid"
)

// Session records what happened to a session: a sign-in, a sign-out, a revocation. It satisfies the journal of package
// identity/sessions. The entry names the event, the actor and the session; the tokens are nowhere in it.
func (r Recorder) Session(ctx context.Context, tx *ent.Tx, event string, id publicid.SessionID) error {
	return r.Record(ctx, tx, Entry{Action: event, Object: "session", ID: id.UUID()})
}
