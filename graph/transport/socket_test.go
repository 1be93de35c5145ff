package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
	"heyue/platform/clock"
)

// peer is the client's end of a websocket, speaking in raw messages.
type peer struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
}

type received struct {
	Type    string
	ID      string
	Payload json.RawMessage
}

// dial opens a websocket without initialising it.
func (e *endpoint) dial(t *testing.T, header ...string) *peer {
	t.Helper()
	p, response, err := e.tryDial(t, e.client, header...)
	if err != nil {
		t.Fatal(err, response)
	}
	return p
}

func (e *endpoint) tryDial(t *testing.T, client *http.Client, header ...string) (*peer, *http.Response, error) {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	conn, response, err := websocket.Dial(ctx, e.url, &websocket.DialOptions{
		HTTPClient: client, HTTPHeader: h, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil, response, err
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &peer{t: t, ctx: ctx, conn: conn}, response, nil
}

// open dials and initialises.
func (e *endpoint) open(t *testing.T, payload string, header ...string) *peer {
	t.Helper()
	p := e.dial(t, header...)
	p.send(`{"type":"connection_init","payload":` + payload + `}`)
	p.want("connection_ack", "")
	return p
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.conn.Write(p.ctx, websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) subscribe(id, query string) {
	p.t.Helper()
	payload, _ := json.Marshal(map[string]string{"query": query})
	p.send(fmt.Sprintf(`{"type":"subscribe","id":%q,"payload":%s}`, id, payload))
}

// read returns the next message.
func (p *peer) read() received {
	p.t.Helper()
	_, data, err := p.conn.Read(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	var m received
	if err := json.Unmarshal(data, &m); err != nil {
		p.t.Fatalf("%v in %s", err, data)
	}
	return m
}

// want reads a message of a type for an id and returns its payload.
func (p *peer) want(kind, id string) string {
	p.t.Helper()
	m := p.read()
	if m.Type != kind || m.ID != id {
		p.t.Fatalf("got %s %q %s, want %s %q", m.Type, m.ID, m.Payload, kind, id)
	}
	return string(m.Payload)
}

// closed reads to the end and returns the close code.
func (p *peer) closed() websocket.StatusCode {
	p.t.Helper()
	for {
		if _, _, err := p.conn.Read(p.ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

const initMessage = `{"type":"connection_init"}`

// TestSocketCloses sends what ends a socket and reads the code.
func TestSocketCloses(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Socket: transport.SocketOptions{MaxMessage: 1000},
		Present: func(_ context.Context, err error) *gqlerror.Error {
			if errors.Is(err, errOutage) {
				return &gqlerror.Error{Message: "try again", Extensions: map[string]any{"code": "UNAVAILABLE"}}
			}
			return nil
		},
		Init: func(ctx context.Context) (transport.Lease, error) {
			switch string(transport.InitPayload(ctx)) {
			case `{"a":"refuse"}`:
				return transport.Lease{}, errors.New("not you")
			case `{"a":"panic"}`:
				panic(probe.Secret)
			}
			return transport.Lease{}, nil
		},
	})
	const endless = `{"query":"subscription{messages{cursor}}"}`
	subscribe := func(id, payload string) string {
		return `{"type":"subscribe","id":"` + id + `","payload":` + payload + `}`
	}
	for name, c := range map[string]struct {
		messages []string
		code     websocket.StatusCode
	}{
		"no JSON":                      {[]string{`{`}, 4400},
		"no object":                    {[]string{`[]`}, 4400},
		"no type":                      {[]string{`{}`}, 4400},
		"type of the server":           {[]string{initMessage, `{"type":"next","id":"1","payload":{}}`}, 4400},
		"type of the old protocol":     {[]string{initMessage, `{"type":"start","id":"1","payload":{}}`}, 4400},
		"init with a text":             {[]string{`{"type":"connection_init","payload":"x"}`}, 4400},
		"ping with a list":             {[]string{`{"type":"ping","payload":[]}`}, 4400},
		"subscribe without id":         {[]string{initMessage, `{"type":"subscribe","payload":` + endless + `}`}, 4400},
		"subscribe with a long id":     {[]string{initMessage, subscribe(strings.Repeat("x", 257), endless)}, 4400},
		"subscribe with a number":      {[]string{initMessage, `{"type":"subscribe","id":1,"payload":` + endless + `}`}, 4400},
		"subscribe without payload":    {[]string{initMessage, `{"type":"subscribe","id":"1"}`}, 4400},
		"subscribe without query":      {[]string{initMessage, subscribe("1", `{}`)}, 4400},
		"subscribe with odd variables": {[]string{initMessage, subscribe("1", `{"query":"{hello}","variables":1}`)}, 4400},
		"complete without id":          {[]string{initMessage, `{"type":"complete"}`}, 4400},
		"not UTF-8":                    {[]string{"{\"type\":\"ping\"}\xff"}, 1007},
		"too big":                      {[]string{`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 100_000) + `"}}`}, 1009},
		"subscribe before init":        {[]string{subscribe("1", endless)}, 4401},
		"bad token":                    {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer bad"}}`}, 4403},
		"bad plain token":              {[]string{`{"type":"connection_init","payload":{"token":"bad"}}`}, 4403},
		"token of another type":        {[]string{`{"type":"connection_init","payload":{"authorization":{}}}`}, 4403},
		"outage":                       {[]string{`{"type":"connection_init","payload":{"token":"outage"}}`}, 1013},
		"refused by Init":              {[]string{`{"type":"connection_init","payload":{"a":"refuse"}}`}, 4403},
		"panic in Init":                {[]string{`{"type":"connection_init","payload":{"a":"panic"}}`}, 1011},
		"id in use":                    {[]string{initMessage, subscribe("1", endless), subscribe("1", endless)}, 4409},
		"long id in use":               {[]string{initMessage, subscribe(strings.Repeat("x", 256), endless), subscribe(strings.Repeat("x", 256), endless)}, 4409},
		"second init":                  {[]string{initMessage, initMessage}, 4429},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := e.dial(t)
			for _, m := range c.messages {
				p.send(m)
			}
			if code := p.closed(); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
		})
	}
	t.Run("binary", func(t *testing.T) {
		t.Parallel()
		p := e.dial(t)
		if err := p.conn.Write(p.ctx, websocket.MessageBinary, []byte(initMessage)); err != nil {
			t.Fatal(err)
		}
		if code := p.closed(); code != 4400 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("bad token in the upgrade request", func(t *testing.T) {
		t.Parallel()
		p := e.dial(t, "Authorization", "Bearer bad")
		p.send(initMessage)
		if code := p.closed(); code != 4403 {
			t.Errorf("closed with %d", code)
		}
	})
	for name, protocols := range map[string][]string{"none": nil, "the old one": {"graphql-ws"}, "another": {"mqtt", "soap"}} {
		t.Run("subprotocol: "+name, func(t *testing.T) {
			t.Parallel()
			conn, _, err := websocket.Dial(t.Context(), e.url, &websocket.DialOptions{HTTPClient: e.client, Subprotocols: protocols})
			if err != nil {
				t.Fatal(err)
			}
			p := &peer{t: t, ctx: t.Context(), conn: conn}
			if code := p.closed(); code != 4406 {
				t.Errorf("closed with %d", code)
			}
		})
	}
}

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

// silent is a stream without events; the context of each goes to started.
func silent(started chan<- context.Context) func(context.Context, *string) (<-chan *probe.Message, error) {
	return func(ctx context.Context, _ *string) (<-chan *probe.Message, error) {
		out := make(chan *probe.Message)
		context.AfterFunc(ctx, func() { close(out) })
		started <- ctx
		return out, nil
	}
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

func TestSocketFragments(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	p := e.dial(t)
	w, err := p.conn.Writer(p.ctx, websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"type":`, `"connection`, `_init"}`} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p.want("connection_ack", "")
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
				return transport.Lease{Done: revoked, Expires: now.Add(time.Hour)}, nil
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

// narrow is a client whose sockets hold little, so that not reading is soon noticed.
func narrow(t *testing.T) *http.Client {
	t.Helper()
	dialer := &net.Dialer{}
	c := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err == nil {
				err = conn.(*net.TCPConn).SetReadBuffer(4096)
			}
			return conn, err
		},
	}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// flood is a stream that gives large events for as long as they are taken, and counts them.
func flood(given *atomic.Int64, ended chan<- struct{}) func(context.Context, *string) (<-chan *probe.Message, error) {
	text := strings.Repeat("x", 256<<10)
	return func(ctx context.Context, _ *string) (<-chan *probe.Message, error) {
		out := make(chan *probe.Message)
		go func() {
			defer func() { close(out); ended <- struct{}{} }()
			for {
				select {
				case out <- &probe.Message{Text: text}:
					given.Add(1)
				case <-ctx.Done():
					return
				}
			}
		}()
		return out, nil
	}
}

// TestSocketStalled holds that a client that stops reading is ended by the write deadline, that its
// operation waited instead of piling up events, and that others were served meanwhile.
func TestSocketStalled(t *testing.T) {
	t.Parallel()
	var given atomic.Int64
	ended := make(chan struct{}, 1)
	e := start(t, &probe.Resolver{Messages: flood(&given, ended)}, transport.Options{WriteTimeout: 300 * time.Millisecond})
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
