// Package live follows reminders from a mutation to a client's screen, through the whole product: relay, hub, transports.
package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"heyue/tests/stage"
)

const subscription = `subscription { alertEvents { cursor type unreadCount alert { title state } } }`

type event struct {
	Cursor      string
	Type        string
	UnreadCount int
	Alert       *struct{ Title, State string }
}

// owner is a salesperson with a customer, signed in.
type owner struct {
	*stage.Stage
	token, customer string
}

func newOwner(t *testing.T) owner {
	t.Helper()
	return ownerOn(t, stage.New(t))
}

func ownerOn(t *testing.T, s *stage.Stage) owner {
	t.Helper()
	acme := s.Tenant(t, "acme")
	o := owner{Stage: s, token: s.Token(t, acme, s.User(t, acme, "sales", s.Department(t, acme, "SALES")))}
	o.customer = first(t, `cus_\w+`, s.Post(t, o.token, `mutation { customerCreate(input: {name: "云汇"}) { customer { id } } }`, nil))
	return o
}

// due makes a contract with an instalment that is due today, and returns what pays it.
func (o owner) due(t *testing.T, title string) {
	t.Helper()
	answer := o.Post(t, o.token, fmt.Sprintf(`mutation { contractCreate(input: {kind: SALES, registered: true, title: %q, customerId: %q, amount: {amount: "1", currency: CNY},
		signedOn: "2026-01-01", effectiveOn: "2026-01-01", paymentPlan: [{dueOn: "2026-06-15", amount: "1"}]}) { contract { id } userErrors { message } } }`, title, o.customer), nil)
	first(t, `con_\w+`, answer)
}

func first(t *testing.T, pattern, text string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindString(text)
	if found == "" {
		t.Fatalf("no %s in %s", pattern, text)
	}
	return found
}

// stream opens an event stream; the returned function gives the next event.
func (o owner) stream(t *testing.T, lastID string) func() event {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": subscription})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.Server.URL+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Accept": "text/event-stream", "Content-Type": "application/json", "Authorization": "Bearer " + o.token, "Last-Event-ID": lastID} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := o.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() }) // it is cut off, not finished
	lines := bufio.NewScanner(resp.Body)
	return func() event {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return decode(t, []byte(data))
			}
		}
		t.Fatal("the stream ended: ", lines.Err())
		return event{}
	}
}

func decode(t *testing.T, payload []byte) event {
	t.Helper()
	var answer struct {
		Data   struct{ AlertEvents *event }
		Errors json.RawMessage
	}
	if err := json.Unmarshal(payload, &answer); err != nil || answer.Data.AlertEvents == nil {
		t.Fatalf("not an event: %s, %v", payload, err)
	}
	return *answer.Data.AlertEvents
}

func (e event) is(t *testing.T, kind, title string) {
	t.Helper()
	if e.Type != kind || e.Alert == nil || e.Alert.Title != title {
		t.Fatalf("got %+v %+v, want %s of %s", e, e.Alert, kind, title)
	}
}

// TestAStreamResumesWhereItStopped misses an event between two connections and gets it with the second.
func TestAStreamResumesWhereItStopped(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	next := o.stream(t, "")
	if e := next(); e.Type != "POSITION" {
		t.Fatalf("the first event is %+v", e)
	}
	o.due(t, "一")
	seen := next()
	seen.is(t, "RAISED", "一")
	o.due(t, "二")
	next().is(t, "RAISED", "二")

	again := o.stream(t, seen.Cursor)
	if e := again(); e.Type == "POSITION" {
		e = again()
		e.is(t, "RAISED", "二")
	} else {
		e.is(t, "RAISED", "二")
	}
	o.due(t, "三")
	again().is(t, "RAISED", "三")
}

// TestASocketEndsWithItsSession signs out while a subscription is open.
func TestASocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	conn := o.socket(t)
	o.due(t, "一")
	for {
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(t.Context(), conn, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "next" {
			if e := decode(t, m.Payload); e.Type == "RAISED" {
				e.is(t, "RAISED", "一")
				break
			}
		}
	}
	o.Post(t, o.token, `mutation { logout { __typename } }`, nil)
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			if code := websocket.CloseStatus(err); code != 4403 {
				t.Errorf("the socket ended with %d: %v", code, err)
			}
			return
		}
	}
}

// TestASocketEndsWithItsKey revokes the key of a program that listens.
func TestASocketEndsWithItsKey(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	answer := o.Post(t, o.token, `mutation { apiKeyCreate(input: {name: "screen", permissions: [{object: "alert", action: "read", scope: TENANT}], expiresAt: "2026-12-01T00:00:00Z"}) {
		apiKey { id } secret userErrors { message } } }`, nil)
	program := o
	program.token = first(t, `hyk_[\w-]+`, answer)
	conn := program.socket(t)
	o.due(t, "一")
	for seen := false; !seen; {
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(t.Context(), conn, &m); err != nil {
			t.Fatal(err)
		}
		// What the key is not for is kept from its program: it hears of a change, and not of which contract.
		if m.Type == "next" {
			e := decode(t, m.Payload)
			if e.Type == "RAISED" {
				t.Fatalf("a key without contract:read is shown %+v", e)
			}
			seen = e.Type == "POSITION"
		}
	}
	o.Post(t, o.token, fmt.Sprintf(`mutation { apiKeyRevoke(input: {id: %q, expectedVersion: 1}) { userErrors { message } } }`, first(t, `key_\w+`, answer)), nil)
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			if code := websocket.CloseStatus(err); code != 4403 {
				t.Errorf("the socket ended with %d: %v", code, err)
			}
			return
		}
	}
}

func (o owner) socket(t *testing.T) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), o.Server.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp // its body is the connection's
	t.Cleanup(func() { _ = conn.CloseNow() })
	for _, m := range []map[string]any{
		{"type": "connection_init", "payload": map[string]string{"token": o.token}},
		{"type": "subscribe", "id": "1", "payload": map[string]string{"query": subscription}},
	} {
		if err := wsjson.Write(t.Context(), conn, m); err != nil {
			t.Fatal(err)
		}
		if m["type"] == "connection_init" {
			var ack struct{ Type string }
			if err := wsjson.Read(t.Context(), conn, &ack); err != nil || ack.Type != "connection_ack" {
				t.Fatal(ack, err)
			}
		}
	}
	return conn
}

// TestACursorIsOfOneTenant takes a cursor to another tenant.
func TestACursorIsOfOneTenant(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	cursor := o.stream(t, "")().Cursor
	other := o.World.Tenant(t, "other")
	stranger := owner{Stage: o.Stage, token: o.Token(t, other, other.Admin)}
	answer := stranger.open(t, cursor)
	if !strings.Contains(answer, "INVALID_CURSOR") {
		t.Errorf("another tenant's cursor gives %s", answer)
	}
}

// open reads the first line of data of a stream that begins after a cursor.
func (o owner) open(t *testing.T, cursor string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body := fmt.Sprintf(`{"query": "subscription { alertEvents(after: \"%s\") { type } }"}`, cursor)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Server.URL+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+o.token)
	resp, err := o.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			return lines.Text()
		}
	}
	return ""
}
