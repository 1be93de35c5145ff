// Package once sends mutations under idempotency keys through the whole product: in parallel, over every transport, and
// past the deaths of those who carry them out.
package once

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"heyue/ent"
	"heyue/idempotency"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

const create = `mutation($name: String!) { customerCreate(input: {name: $name}) { customer { id name } userErrors { code } } }`

type answer struct {
	Data *struct {
		CustomerCreate struct {
			Customer   *struct{ ID, Name string }
			UserErrors []struct{ Code string }
		}
	}
	Errors     []struct{ Extensions struct{ Code string } }
	Extensions struct{ IdempotentReplay bool }
}

func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

func (a answer) id() string {
	if a.Data == nil || a.Data.CustomerCreate.Customer == nil {
		return ""
	}
	return a.Data.CustomerCreate.Customer.ID
}

// seller is a salesperson, signed in.
type seller struct {
	*stage.Stage
	tenant *fixture.Tenant
	ctx    context.Context
	token  string
}

func newSeller(t *testing.T) seller {
	t.Helper()
	s := stage.New(t)
	acme := s.Tenant(t, "acme")
	ctx := s.User(t, acme, "sales", s.Department(t, acme, "SALES"))
	return seller{s, acme, ctx, s.Token(t, acme, ctx)}
}

func (s seller) send(t *testing.T, key, name string) answer {
	t.Helper()
	return read(t, s.PostKey(t, s.token, key, create, map[string]any{"name": name}))
}

func (s seller) customers(t *testing.T) int {
	t.Helper()
	n, err := s.Client.Customer.Query().Count(s.tenant.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s seller) sql(t *testing.T, statement string) {
	t.Helper()
	db := pgtest.Open(t, s.DB.SuperDSN)
	defer func() { _ = db.Close() }() // the statement's own error counts
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, text string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return a
}

func TestParallelRequestsUnderOneKeyHaveOneEffect(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	answers := make([]answer, 12)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = s.send(t, "double click", "云汇") })
	}
	wg.Wait()
	told, first := map[string]bool{}, 0
	for _, a := range answers {
		switch {
		case a.id() != "":
			told[a.id()] = true
			if !a.Extensions.IdempotentReplay {
				first++
			}
		case a.code() != string(fault.CodeKeyInProgress):
			t.Errorf("answered %+v", a)
		}
	}
	if n := s.customers(t); n != 1 || len(told) != 1 || first != 1 {
		t.Errorf("%d customers were made; %d were told of, %d of them as new", n, len(told), first)
	}
	if a := s.send(t, "double click", "云汇"); !told[a.id()] || !a.Extensions.IdempotentReplay {
		t.Errorf("later it is answered %+v", a)
	}
}

// TestAWriterThatDies holds a claim in an open transaction, as a process that is stuck does, and then kills it.
func TestAWriterThatDies(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	attempt, err := s.Services.Keys.Begin(s.ctx, idempotency.Request{Key: "k", Mutation: "customerCreate", Document: []byte("the same")})
	if err != nil {
		t.Fatal(err)
	}
	claimed, die, died := make(chan struct{}), make(chan struct{}), make(chan error)
	killed := errors.New("killed")
	go func() {
		died <- tenancy.Write(attempt.Join(s.ctx), s.Client, func(*ent.Tx) error {
			close(claimed)
			<-die
			return killed
		})
	}()
	<-claimed
	if a := s.send(t, "k", "云汇"); a.code() != string(fault.CodeKeyInProgress) {
		t.Errorf("while it runs: %+v", a)
	}
	s.sql(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`)
	close(die)
	if err := <-died; err == nil {
		t.Error("the dead writer committed")
	}
	if a := s.send(t, "k", "云汇"); a.id() == "" || a.Extensions.IdempotentReplay || s.customers(t) != 1 {
		t.Errorf("after its death: %+v, %d customers", a, s.customers(t))
	}
}

// TestACrashBeforeTheAnswerIsKept loses the answer of a committed mutation. The scenarios do that for every mutation.
func TestACrashBeforeTheAnswerIsKept(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	first := s.send(t, "k", "云汇")
	s.sql(t, "UPDATE idempotency_keys SET answer = NULL")
	if a := s.send(t, "k", "云汇"); a.id() != first.id() || a.id() == "" || !a.Extensions.IdempotentReplay || s.customers(t) != 1 {
		t.Errorf("made anew: %+v, not %+v", a, first)
	}
	s.sql(t, "UPDATE customers SET archived_at = now(), owner_id = NULL, department_id = NULL")
	if a := s.send(t, "k", "云汇"); a.code() != string(fault.CodeAnswerLost) || s.customers(t) != 1 {
		t.Errorf("out of reach by now: %+v", a)
	}
}

// TestAnAnswerIsForTheCallerAsTheyAreNow takes the permission between the request and its replay.
func TestAnAnswerIsForTheCallerAsTheyAreNow(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	if a := s.send(t, "k", "云汇"); a.id() == "" {
		t.Fatalf("%+v", a)
	}
	revoke := `mutation($user: ID!, $role: ID!) { roleUnassign(input: {userId: $user, roleId: $role}) { userErrors { code } } }`
	out := s.Post(t, s.Token(t, s.tenant, s.tenant.Admin), revoke, map[string]any{"user": fixture.Caller(t, s.ctx).UserID.String(), "role": s.tenant.Roles["sales"].String()})
	if !strings.Contains(out, `"userErrors":[]`) {
		t.Fatal(out)
	}
	if a := s.send(t, "k", "云汇"); a.code() != string(fault.CodeAnswerLost) || a.Data != nil {
		t.Errorf("somebody without the role is told %+v", a)
	}
}

func TestAKeyIsForgottenAfterItsTime(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	first := s.send(t, "k", "云汇")
	s.Clock.Advance(24*time.Hour - time.Minute)
	s.token = s.Token(t, s.tenant, s.ctx)
	if n, err := s.Services.Keys.Forget(t.Context()); n != 0 || err != nil {
		t.Errorf("%d keys were forgotten too early, %v", n, err)
	}
	if a := s.send(t, "k", "云汇"); a.id() != first.id() {
		t.Errorf("a minute early: %+v", a)
	}
	s.Clock.Advance(time.Minute)
	if a := s.send(t, "k", "云汇"); a.id() == first.id() || a.id() == "" || a.Extensions.IdempotentReplay {
		t.Errorf("in time, before it is swept: %+v", a)
	}
	s.Clock.Advance(24 * time.Hour)
	if n, err := s.Services.Keys.Forget(t.Context()); n != 1 || err != nil {
		t.Errorf("%d keys were forgotten, %v", n, err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	for name, c := range map[string]struct {
		extensions, token string
	}{
		"empty":       {`{"idempotencyKey": ""}`, s.token},
		"too long":    {fmt.Sprintf(`{"idempotencyKey": %q}`, strings.Repeat("k", idempotency.MaxKey+1)), s.token},
		"not ASCII":   {`{"idempotencyKey": "钥匙"}`, s.token},
		"control":     {`{"idempotencyKey": "a\nb"}`, s.token},
		"no text":     {`{"idempotencyKey": 7}`, s.token},
		"nobody's":    {`{"idempotencyKey": "k"}`, ""},
		"not the one": {`{"idempotencyKey": "other"}`, s.token},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := ""
			if name == "not the one" {
				key = "k"
			}
			out := s.PostExtensions(t, c.token, key, create, map[string]any{"name": "云汇"}, json.RawMessage(c.extensions))
			if a := read(t, out); a.code() != string(fault.CodeBadRequest) {
				t.Errorf("answered %s", out)
			}
		})
	}
	t.Run("the longest", func(t *testing.T) {
		t.Parallel()
		longest := fmt.Sprintf(`{"idempotencyKey": %q}`, strings.Repeat("~", idempotency.MaxKey))
		if a := read(t, s.PostExtensions(t, s.token, "", create, map[string]any{"name": "云汇"}, json.RawMessage(longest))); a.id() == "" {
			t.Errorf("answered %+v", a)
		}
	})
}

// TestSocketsAndEventStreams sends one key over each transport: it is one key.
func TestSocketsAndEventStreams(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	dial := &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: map[string][]string{"Idempotency-Key": {"of the upgrade"}}}
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.Server.URL, "http")+"/graphql", dial)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }() // the test is over
	ask := func(id string, extensions map[string]any) answer {
		t.Helper()
		message := map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": create, "variables": map[string]any{"name": "云汇"}, "extensions": extensions}}
		if err := wsjson.Write(t.Context(), conn, message); err != nil {
			t.Fatal(err)
		}
		for {
			var m struct {
				ID, Type string
				Payload  json.RawMessage
			}
			if err := wsjson.Read(t.Context(), conn, &m); err != nil {
				t.Fatal(err)
			}
			if m.ID == id && m.Type != "complete" {
				return read(t, string(m.Payload))
			}
		}
	}
	if err := wsjson.Write(t.Context(), conn, map[string]any{"type": "connection_init", "payload": map[string]string{"token": s.token}}); err != nil {
		t.Fatal(err)
	}
	keyed := map[string]any{"idempotencyKey": "k"}
	first := ask("1", keyed)
	again := ask("2", keyed)
	if first.id() == "" || first.Extensions.IdempotentReplay || again.id() != first.id() || !again.Extensions.IdempotentReplay {
		t.Errorf("over a websocket: %+v, then %+v", first, again)
	}
	if a := s.send(t, "k", "云汇"); a.id() != first.id() || !a.Extensions.IdempotentReplay {
		t.Errorf("over HTTP: %+v", a)
	}
	if out := s.PostEvents(t, s.token, "k", create, map[string]any{"name": "云汇"}); !strings.Contains(out, first.id()) || !strings.Contains(out, `"idempotentReplay":true`) {
		t.Errorf("over an event stream: %s", out)
	}
	if one, two := ask("3", nil), ask("4", nil); one.id() == two.id() || one.id() == "" {
		t.Errorf("the upgrade's header became a key of the socket's mutations: %+v, %+v", one, two)
	}
	if n := s.customers(t); n != 3 {
		t.Errorf("%d customers", n)
	}
}
