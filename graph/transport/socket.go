package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// socket is one graphql-transport-ws connection. Three kinds of goroutine share it: the reader (serve),
// which owns the protocol's state; the keeper (keep), the only one that writes and the one that watches
// every deadline; and one per operation, which reach the keeper through the outbox.
type socket struct {
	server *Server
	conn   *websocket.Conn
	header http.Header
	base   context.Context // of the upgrade request, without its cancellation
	ctx    context.Context // base, then the authenticated caller's; ends with the socket
	cancel context.CancelFunc
	out    *outbox
	opened chan Lease    // the lease, once connection_init was accepted
	heard  atomic.Uint64 // messages read, to tell a silent client

	stopWrites context.CancelFunc
	writes     context.Context // ends when even a blocked write must

	endOnce sync.Once
	ended   chan struct{} // closed by end
	how     closing       // set before ended is closed
	grace   *time.Timer   // set by end, stopped by serve

	mu      sync.Mutex
	ops     map[string]*socketOperation
	running sync.WaitGroup

	initialised bool // the rest belongs to the reader
	ready       bool
	serial      int
	release     func()
}

func newSocket(s *Server, conn *websocket.Conn, r *http.Request) *socket {
	base := context.WithoutCancel(r.Context())
	k := &socket{
		server:  s,
		conn:    conn,
		header:  perSocket(r.Header),
		base:    base,
		out:     newOutbox(s.options.Socket.QueueFrames, s.options.Socket.QueueBytes),
		opened:  make(chan Lease, 1),
		ended:   make(chan struct{}),
		ops:     map[string]*socketOperation{},
		release: func() {},
	}
	k.ctx, k.cancel = context.WithCancel(base)
	k.writes, k.stopWrites = context.WithCancel(context.Background())
	return k
}

// perSocket are the headers that hold for every operation of a socket: an idempotency key is one mutation's.
func perSocket(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Idempotency-Key")
	return h
}

// serve reads until the socket ends and leaves nothing running behind it.
func (k *socket) serve() {
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		k.keep()
	}()
	k.end(k.read())
	<-kept
	k.grace.Stop()
	k.running.Wait()
	k.release()
}

// end decides how the socket ends; the first decision counts. Operations stop at once, and a write that
// is blocked gets a last moment to make room for the close frame.
func (k *socket) end(how closing) {
	k.endOnce.Do(func() {
		k.how = how
		close(k.ended)
		k.cancelOperations()
		k.grace = time.AfterFunc(k.server.options.WriteTimeout/graceShare, k.stopWrites)
	})
}

func (k *socket) read() closing {
	for {
		kind, data, err := k.message()
		if err != nil {
			return closing{} // closed by the peer, by the keeper, or by the frame layer with its own code
		}
		k.heard.Add(1)
		if int64(len(data)) > k.server.options.Socket.MaxMessage {
			return closing{closeTooBig, "Message too big"}
		}
		if kind != websocket.MessageText {
			return closing{closeInvalid, "Invalid message: binary"}
		}
		m, bad := parseMessage(data)
		if bad == nil {
			bad = k.receive(m)
		}
		if bad != nil {
			return *bad
		}
	}
}

// message reads one message, or its beginning when it is too long: what is left of it is thrown away by
// the close handshake, so that the client gets to read the reason instead of a reset.
func (k *socket) message() (websocket.MessageType, []byte, error) {
	kind, r, err := k.conn.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, k.server.options.Socket.MaxMessage+1))
	return kind, data, err
}

// receive acts on one message, or says how the socket ends.
func (k *socket) receive(m message) *closing {
	switch m.Type {
	case "connection_init":
		return k.init(m.Payload)
	case "ping":
		return k.put(frame("pong", "", m.Payload))
	case "subscribe":
		if !k.ready {
			return &closing{closeUnauthorized, "Unauthorized"}
		}
		return k.subscribe(m)
	case "complete":
		k.complete(m.ID)
	}
	return nil // pong: having been read, it has done its work
}

// put queues a frame; a full queue ends the socket.
func (k *socket) put(frame []byte) *closing {
	if k.out.push(frame) {
		return nil
	}
	return &closing{closeTryAgainLater, "Too slow"}
}

// init authenticates the caller by the payload's token or else the upgrade request's header.
func (k *socket) init(payload json.RawMessage) (bad *closing) {
	if k.initialised {
		return &closing{closeTooManyInits, "Too many initialisation requests"}
	}
	k.initialised = true
	defer func() {
		if p := recover(); p != nil {
			k.server.engine.panicked(k.ctx, p)
			bad = &closing{closeInternal, "Internal error"}
		}
	}()
	ctx := k.ctx
	if payload != nil {
		ctx = context.WithValue(ctx, initPayloadKey, payload)
	}
	ctx, rejection := k.server.authenticate(ctx, credentials(payload, k.header))
	if rejection != nil {
		return closingFor(rejection)
	}
	lease, rejection := k.server.open(ctx)
	if rejection != nil {
		return closingFor(rejection)
	}
	if key := k.server.options.UserKey; key != nil {
		release, ok := k.server.slots.take(key(lease.Context))
		if !ok {
			return &closing{closeTryAgainLater, "Too many sockets"}
		}
		k.release = release
	}
	k.adopt(lease.Context)
	k.ready = true
	k.opened <- lease
	return k.put(frame("connection_ack", "", nil))
}

// adopt makes the caller's context the socket's, still ending with the socket.
func (k *socket) adopt(caller context.Context) {
	ctx, cancel := context.WithCancel(caller)
	stop := context.AfterFunc(k.ctx, cancel)
	before := k.cancel
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ctx, k.cancel = ctx, func() { stop(); cancel(); before() }
}

// closingFor maps a rejected initialisation: overload and outages may be tried again, anything else is
// the caller's.
func closingFor(e *gqlerror.Error) *closing {
	switch codeOf(e) {
	case fault.CodeUnavailable, fault.CodeRateLimited:
		return &closing{closeTryAgainLater, "Try again later"}
	case fault.CodeInternal:
		return &closing{closeInternal, "Internal error"}
	}
	return &closing{closeForbidden, "Forbidden"}
}

// credentials finds the token: {"authorization": "Bearer …"}, {"token": "…"}, or the upgrade request's
// Authorization header. A token of another JSON type is passed on as text, to be refused.
func credentials(payload json.RawMessage, h http.Header) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return h.Get("Authorization")
	}
	for _, name := range []string{"authorization", "Authorization", "token"} {
		raw, ok := members[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		switch {
		case text == "":
			continue
		case name == "token":
			return "Bearer " + text
		}
		return text
	}
	return h.Get("Authorization")
}

// operationContext gives an operation its own request id, so that its errors can be told from its siblings'.
func (k *socket) operationContext() context.Context {
	k.serial++
	return WithRequestID(k.ctx, RequestID(k.base)+"."+strconv.Itoa(k.serial))
}
