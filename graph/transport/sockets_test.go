package transport_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

func TestSocketsPerUser(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Socket: transport.SocketOptions{PerUser: 2},
		UserKey: func(ctx context.Context) string {
			if name := caller(ctx); name != nil {
				return *name
			}
			return ""
		},
	})
	first, _ := e.open(t, `{"token":"ann"}`), e.open(t, `{"token":"ann"}`)
	p := e.dial(t)
	p.send(`{"type":"connection_init","payload":{"token":"ann"}}`)
	if code := p.closed(); code != 1013 {
		t.Errorf("closed with %d", code)
	}
	e.open(t, `{"token":"bob"}`)
	for range 3 {
		e.open(t, "null") // nobody in particular
	}
	_ = first.conn.Close(websocket.StatusNormalClosure, "")
	for { // the server notices the end of the first in its own time
		p := e.dial(t)
		p.send(`{"type":"connection_init","payload":{"token":"ann"}}`)
		if _, _, err := p.conn.Read(p.ctx); err == nil {
			break
		} else if code := websocket.CloseStatus(err); code != 1013 {
			t.Fatalf("closed with %d", code)
		}
	}
}

func TestSocketDrain(t *testing.T) {
	t.Parallel()
	running := make(chan context.Context, 1)
	e := start(t, &probe.Resolver{Messages: silent(running)}, transport.Options{})
	p, idle := e.open(t, "null"), e.dial(t)
	p.subscribe("1", "subscription{messages{cursor}}")
	operation := <-running
	drained := make(chan error, 1)
	go func() { drained <- e.Drain(p.ctx) }()
	for name, p := range map[string]*peer{"busy": p, "idle": idle} {
		if code := p.closed(); code != 1012 {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
	<-operation.Done()
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if _, response, err := e.tryDial(t, e.client); err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("a new socket while draining: %v", err)
	}
	if a := e.post(t, "{hello}"); a.status != http.StatusOK {
		t.Errorf("a query while draining: %d", a.status)
	}
}

func TestDrainGivesUp(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{DrainJitter: time.Hour})
	p := e.open(t, "null")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_ = p.conn.Close(websocket.StatusNormalClosure, "")
}

func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Origins: []string{"https://app.example.com"}})
	for origin, ok := range map[string]bool{
		"https://app.example.com": true, e.url: true,
		"https://evil.example": false, "null": false, "https://app.example.com.evil.example": false,
	} {
		_, response, err := e.tryDial(t, e.client, "Origin", origin)
		if (err == nil) != ok || !ok && response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v", origin, err)
		}
	}
}
