package live

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket/wsjson"

	"heyue/ent"
	"heyue/ent/userrole"
	"heyue/policies"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// TestARightThatGoesCutsTheStream takes a user's role away, as another process would that shares nothing with ours but the
// database: the stream ends, without any event.
func TestARightThatGoesCutsTheStream(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	acme := s.Tenant(t, "acme")
	seller := s.User(t, acme, "sales", s.Department(t, acme, "SALES"))
	o := owner{Stage: s, token: s.Token(t, acme, seller)}
	next, end := o.frames(t)
	if e := next(); e.Type != "POSITION" {
		t.Fatalf("the first event is %+v", e)
	}
	s.Write(t, acme.Ctx, func(tx *ent.Tx) error { // of another user, and so nothing to do with this stream
		if _, err := tx.UserRole.Delete().Where(userrole.UserID(fixture.Caller(t, s.User(t, acme, "sales")).UserID)).Exec(acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(acme.Ctx, tx)
	})
	s.Write(t, acme.Ctx, func(tx *ent.Tx) error {
		if _, err := tx.UserRole.Delete().Where(userrole.UserID(fixture.Caller(t, seller).UserID)).Exec(acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(acme.Ctx, tx)
	})
	if why := end(); !strings.Contains(why, "FORBIDDEN") {
		t.Errorf("the stream ended with %s", why)
	}
}

// TestScreensOfOneUserAreOneStream: each of a user's screens gets what happens, from one execution.
func TestScreensOfOneUserAreOneStream(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	first, _ := o.frames(t)
	second, _ := o.frames(t)
	for _, next := range []func() event{first, second} {
		if e := next(); e.Type != "POSITION" {
			t.Fatalf("the first event is %+v", e)
		}
	}
	o.due(t, "一")
	a, b := first(), second()
	a.is(t, "RAISED", "一")
	b.is(t, "RAISED", "一")
	if a.Cursor != b.Cursor || a.UnreadCount != 1 || b.UnreadCount != 1 {
		t.Errorf("got %+v and %+v", a, b)
	}
}

// frames subscribes over a websocket. Next gives the next event; end reads to the error that ends the operation.
func (o owner) frames(t *testing.T) (next func() event, end func() string) {
	t.Helper()
	conn := o.socket(t)
	read := func() (kind string, payload json.RawMessage) {
		for {
			var m struct {
				Type    string
				Payload json.RawMessage
			}
			if err := wsjson.Read(t.Context(), conn, &m); err != nil {
				t.Fatal(err)
			}
			if m.Type != "ping" {
				return m.Type, m.Payload
			}
		}
	}
	next = func() event {
		t.Helper()
		kind, payload := read()
		if kind != "next" {
			t.Fatalf("got %s %s", kind, payload)
		}
		return decode(t, payload)
	}
	end = func() string {
		for {
			if kind, payload := read(); kind == "error" {
				return string(payload)
			}
		}
	}
	return next, end
}
