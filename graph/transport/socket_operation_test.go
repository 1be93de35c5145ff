package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

func TestSocketOperations(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	p := e.open(t, `{"token":"ann"}`)
	p.subscribe("q", "{hello viewer}")
	if got := p.want("next", "q"); got != `{"data":{"hello":"world","viewer":"ann"}}` {
		t.Errorf("got %s", got)
	}
	p.want("complete", "q")
	p.subscribe("q", "subscription{countTo(n:2)}") // the id is free again
	for i := 1; i <= 2; i++ {
		if got := p.want("next", "q"); got != fmt.Sprintf(`{"data":{"countTo":%d}}`, i) {
			t.Errorf("got %s", got)
		}
	}
	p.want("complete", "q")
	p.subscribe("m", "mutation{count}")
	p.want("next", "m")
	p.want("complete", "m")
	p.send(`{"type":"ping","payload":{"n":1}}`)
	if got := p.want("pong", ""); got != `{"n":1}` {
		t.Errorf("got %s", got)
	}
	p.send(`{"type":"ping","payload":null}`)
	if got := p.want("pong", ""); got != "" {
		t.Errorf("got %s", got)
	}
	p.send(`{"type":"pong"}`)
	p.send(`{"type":"complete","id":"nobody"}`)
	_ = p.conn.Close(websocket.StatusNormalClosure, "")
}

// TestSocketErrors holds that an operation's failure is one error message, followed by nothing.
func TestSocketErrors(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	p := e.open(t, "null", "X-Request-Id", "socket-1")
	serial := 0
	fails := func(query, code string, before int) {
		t.Helper()
		serial++
		p.subscribe("x", query)
		for range before {
			p.want("next", "x")
		}
		var errs []problem
		text := p.want("error", "x")
		if err := json.Unmarshal([]byte(text), &errs); err != nil || codes(errs) != code {
			t.Errorf("%s: got %s", query, text)
			return
		}
		if id := errs[0].Extensions["requestId"]; id != fmt.Sprintf("socket-1.%d", serial) {
			t.Errorf("%s: request id %v", query, id)
		}
		if strings.Contains(text, probe.Secret) {
			t.Errorf("%s gives away: %s", query, text)
		}
	}
	fails("{", "GRAPHQL_PARSE_FAILED", 0)
	fails("{nowhere}", "GRAPHQL_VALIDATION_FAILED", 0)
	fails("{"+strings.Repeat("hello ", 101)+"}", "DOCUMENT_TOO_COMPLEX", 0)
	fails("{__schema{types{name}}}", "INTROSPECTION_DISABLED", 0)
	fails("subscription{refused(how:CODED)}", "FORBIDDEN", 0)
	fails("subscription{refused(how:UNKNOWN)}", "INTERNAL", 0)
	fails("subscription{refused(how:PANIC)}", "INTERNAL", 0)
	fails("subscription{broken}", "CURSOR_EXPIRED", 1)
	p.subscribe("y", "{fail(how:PANIC)}")
	if got := p.want("next", "y"); !strings.Contains(got, `"INTERNAL"`) || !strings.Contains(got, `"data":{"fail":null}`) || strings.Contains(got, probe.Secret) {
		t.Errorf("got %s", got)
	}
	p.want("complete", "y") // and no complete for any x before it
}

// TestSocketOperationsAreRenewed holds that each operation is decided by what holds when it begins.
func TestSocketOperationsAreRenewed(t *testing.T) {
	t.Parallel()
	asked := 0
	e := start(t, nil, transport.Options{Renew: func(ctx context.Context) (context.Context, error) {
		if asked++; asked == 1 {
			return authenticate(ctx, "bob")
		}
		return nil, errors.New("the session is over")
	}})
	p := e.open(t, `{"token":"ann"}`)
	p.subscribe("1", "{viewer}")
	if got := p.want("next", "1"); got != `{"data":{"viewer":"bob"}}` {
		t.Errorf("got %s", got)
	}
	p.want("complete", "1")
	p.subscribe("2", "{viewer}")
	if got := p.want("error", "2"); !strings.Contains(got, "UNAUTHENTICATED") {
		t.Errorf("got %s", got)
	}
}

func TestSocketOperationLimit(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Socket: transport.SocketOptions{Operations: 2}})
	p := e.open(t, "null")
	for _, id := range []string{"1", "2"} {
		p.subscribe(id, "subscription{messages{cursor}}")
		p.want("next", id)
	}
	p.subscribe("3", "{hello}")
	if got := p.want("error", "3"); !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("got %s", got)
	}
	p.send(`{"type":"complete","id":"1"}`)
	p.subscribe("3", "{hello}")
	p.want("next", "3")
	p.want("complete", "3")
}

// TestSocketComplete holds that complete ends the resolver and frees the id at once.
func TestSocketComplete(t *testing.T) {
	t.Parallel()
	started := make(chan context.Context, 2)
	e := start(t, &probe.Resolver{Messages: silent(started)}, transport.Options{})
	p := e.open(t, "null")
	p.subscribe("1", "subscription{messages{cursor}}")
	first := <-started
	p.send(`{"type":"complete","id":"1"}`)
	p.subscribe("1", "subscription{messages{cursor}}")
	second := <-started
	<-first.Done()
	if second.Err() != nil {
		t.Error("complete ended the second operation of the id")
	}
	_ = p.conn.CloseNow()
	<-second.Done() // a vanished client ends what it left
}

func TestSocketResume(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	p := e.open(t, `{"resume":"41"}`)
	p.subscribe("1", `subscription{messages(after:"7"){cursor}}`)
	if got := p.want("next", "1"); got != `{"data":{"messages":{"cursor":"42"}}}` {
		t.Errorf("got %s", got)
	}
}
