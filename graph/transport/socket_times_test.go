package transport_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
	"heyue/platform/clock"
	"heyue/platform/ratelimit"
)

func TestSocketInitTimeout(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Socket: transport.SocketOptions{InitTimeout: time.Millisecond}})
	if code := e.dial(t).closed(); code != 4408 {
		t.Errorf("closed with %d", code)
	}
}

// TestSocketInitTimeoutStopsHooks holds that a hook that hangs does not hold the socket.
func TestSocketInitTimeoutStopsHooks(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Socket: transport.SocketOptions{InitTimeout: time.Millisecond},
		Init: func(ctx context.Context) (transport.Lease, error) {
			<-ctx.Done()
			return transport.Lease{}, ctx.Err()
		},
	})
	p := e.dial(t)
	p.send(initMessage)
	if code := p.closed(); code != 4408 {
		t.Errorf("closed with %d", code)
	}
}

// TestSocketLease ends sockets whose session is over.
func TestSocketLease(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	revoked := make(chan struct{})
	running := make(chan context.Context, 1)
	e := start(t, &probe.Resolver{Messages: silent(running)}, transport.Options{
		Clock: clock.At(now),
		Init: func(ctx context.Context) (transport.Lease, error) {
			switch *caller(ctx) {
			case "expired":
				return transport.Lease{Expires: now.Add(time.Millisecond)}, nil
			case "revoked":
				return transport.Lease{Ended: when(revoked), Expires: now.Add(time.Hour)}, nil
			}
			return transport.Lease{Context: context.WithValue(ctx, callerKey{}, "renamed")}, nil
		},
	})
	if code := e.open(t, `{"token":"expired"}`).closed(); code != 4403 {
		t.Errorf("expired: closed with %d", code)
	}
	p := e.open(t, `{"token":"revoked"}`)
	p.subscribe("1", "subscription{messages{cursor}}")
	operation := <-running
	close(revoked)
	if code := p.closed(); code != 4403 {
		t.Errorf("revoked: closed with %d", code)
	}
	<-operation.Done()
	p = e.open(t, `{"token":"ann"}`)
	p.subscribe("1", "{viewer}")
	if got := p.want("next", "1"); got != `{"data":{"viewer":"renamed"}}` {
		t.Errorf("the lease's context is not the caller's: %s", got)
	}
}

// TestSocketPings holds that a client that answers stays and one that is silent goes.
func TestSocketPings(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Socket: transport.SocketOptions{PingInterval: time.Millisecond, PongTimeout: time.Hour}})
	p := e.open(t, "null")
	for range 3 {
		p.want("ping", "")
		p.send(`{"type":"pong"}`)
	}
	silent := start(t, nil, transport.Options{Socket: transport.SocketOptions{PingInterval: time.Millisecond, PongTimeout: 2 * time.Millisecond}})
	if code := silent.open(t, "null").closed(); code != 1013 {
		t.Errorf("closed with %d", code)
	}
}

// TestSocketStalled holds that a client that stops reading is ended by the write deadline, that its
// operation waited instead of piling up events, and that others were served meanwhile.
func TestSocketStalled(t *testing.T) {
	t.Parallel()
	var given atomic.Int64
	ended := make(chan struct{}, 1)
	e := start(t, &probe.Resolver{Messages: flood(&given, ended)}, transport.Options{
		WriteTimeout: 300 * time.Millisecond,
		PerAddress:   ratelimit.Rate{Maximum: 1e6, PerSecond: 1e6}, // the other client asks as fast as it can
	})
	stalled, _, err := e.tryDial(t, narrow(t))
	if err != nil {
		t.Fatal(err)
	}
	stalled.send(initMessage)
	stalled.want("connection_ack", "")
	stalled.subscribe("1", "subscription{messages{text}}")
	other := e.open(t, "null")
	for over := false; !over; {
		other.subscribe("1", "{hello}")
		other.want("next", "1")
		other.want("complete", "1")
		select {
		case <-ended:
			over = true
		default:
		}
	}
	// What the kernel takes on both sides, plus half a queue, is far below a hundred events of 256 KiB.
	if n := given.Load(); n > 100 {
		t.Errorf("%d events were taken for a client that reads none", n)
	}
}

// TestSocketOverflow makes the server answer more than the client reads: the queue is bounded, the socket
// is ended, and a client that reads after all learns the reason.
func TestSocketOverflow(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	e := start(t, nil, transport.Options{
		WriteTimeout: 10 * patience, // its tenth is the grace
		Init: func(ctx context.Context) (transport.Lease, error) {
			context.AfterFunc(ctx, func() { close(over) })
			return transport.Lease{}, nil
		},
	})
	p := e.dial(t)
	p.send(initMessage)
	p.want("connection_ack", "")
	ping := []byte(`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 256<<10) + `"}}`)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for p.conn.Write(p.ctx, websocket.MessageText, ping) == nil {
		}
	}()
	<-over
	if code := p.closed(); code != 1013 {
		t.Errorf("closed with %d", code)
	}
	<-stopped
}
