package transport

import (
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"heyue/graph/transport/wire"
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

// Do upgrades the connection and leaves it to a socket, so that what the HTTP server held for the request is free. A client
// that speaks another subprotocol is let in just to be told so with 4406, which is the one form of refusal a browser can read.
func (t sockets) Do(w http.ResponseWriter, r *http.Request, _ graphql.GraphExecutor) {
	if !t.enter() {
		w.Header().Set("Retry-After", "1")
		t.refuse(w, r, http.StatusServiceUnavailable, fault.CodeUnavailable, "the server is restarting; try again")
		return
	}
	release, ok := t.place(r.Context())
	if !ok {
		t.streams.Done()
		t.refuse(w, r, http.StatusTooManyRequests, fault.CodeRateLimited, "too many connections from this address")
		return
	}
	agreed := subprotocol
	if list := offered(r); !slices.Contains(list, subprotocol) {
		agreed = append(list, "")[0]
	}
	conn, rest, err := wire.Accept(w, r, agreed)
	if err != nil {
		release()
		t.streams.Done()
		return // Accept has answered
	}
	k := newSocket(t.Server, conn, rest, r)
	k.release = append(k.release, t.streams.Done, release)
	if agreed != subprotocol {
		k.end(closing{closeSubprotocol, "Subprotocol not acceptable"})
	}
	go k.serve()
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
