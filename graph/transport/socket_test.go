package transport_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

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
