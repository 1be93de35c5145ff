package transport_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"heyue/graph/transport/probe"
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

// silent is a stream without events; the context of each goes to started.
func silent(started chan<- context.Context) func(context.Context, *string) (<-chan *probe.Message, error) {
	return func(ctx context.Context, _ *string) (<-chan *probe.Message, error) {
		out := make(chan *probe.Message)
		context.AfterFunc(ctx, func() { close(out) })
		started <- ctx
		return out, nil
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
