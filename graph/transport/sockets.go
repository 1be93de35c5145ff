package transport

import (
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"heyue/platform/fault"
)

// subprotocol is the only one spoken; the older "graphql-ws" of subscriptions-transport-ws is not.
const subprotocol = "graphql-transport-ws"

// sockets is the websocket transport.
type sockets struct{ *Server }

var _ graphql.Transport = sockets{}

// Supports takes what asks for a websocket.
func (sockets) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do upgrades the connection and serves it to its end. A client that speaks another subprotocol is let in
// just to be told so with 4406, which is the one form of refusal a browser can read.
func (t sockets) Do(w http.ResponseWriter, r *http.Request, _ graphql.GraphExecutor) {
	if !t.enter() {
		w.Header().Set("Retry-After", "1")
		t.refuse(w, r, http.StatusServiceUnavailable, fault.CodeUnavailable, "the server is restarting; try again")
		return
	}
	defer t.streams.Done()
	release, ok := t.place(r.Context())
	if !ok {
		t.refuse(w, r, http.StatusTooManyRequests, fault.CodeRateLimited, "too many connections from this address")
		return
	}
	defer release()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       append([]string{subprotocol}, offered(r)...),
		InsecureSkipVerify: true, // ServeHTTP has checked the origin
	})
	if err != nil {
		return // Accept has answered
	}
	if conn.Subprotocol() != subprotocol {
		_ = conn.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	conn.SetReadLimit(-1) // the socket has its own, with a close handshake
	newSocket(t.Server, conn, r).serve()
}

// offered lists the subprotocols the client speaks. One of them has to be agreed to even by a server that
// hangs up at once: browsers do not show the close code of a connection without one.
func offered(r *http.Request) []string {
	var list []string
	for _, value := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(value, ",") {
			list = append(list, strings.TrimSpace(name))
		}
	}
	return list
}
