package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"heyue/graph/transport/wire"
	"heyue/platform/clock"
)

// socket is one graphql-transport-ws connection. While it is idle there is one goroutine, the reader (serve), which owns the
// protocol's state, and no buffer. Writing is the work of the server's pens, deadlines are on its wheel, and subscriptions
// run in groups that several sockets may share.
type socket struct {
	server *Server
	conn   net.Conn
	raw    syscall.RawConn // nil when the connection cannot be written without waiting
	in     *wire.Reader
	base   context.Context // of the upgrade request, without its cancellation
	header http.Header
	heard  atomic.Uint32 // messages read, to tell a silent client

	mu      sync.Mutex
	ctx     context.Context // base, then the authenticated caller's; ends with the socket
	cancel  context.CancelFunc
	ops     []*socketOperation // few; none once the socket has ended
	out     queue
	writing bool     // somebody writes, or is about to
	slow    bool     // and waits for the client
	dead    bool     // the connection is closed
	ended   bool     // by end
	how     closing  // since then
	waiting []func() // want to know when there is room
	times   times
	pin     pin
	running sync.WaitGroup // operations and writes

	initialised bool // the rest belongs to the reader
	ready       atomic.Bool
	serial      int
	release     []func() // what was taken for the socket, given back at its end
}

func newSocket(s *Server, conn net.Conn, rest []byte, r *http.Request) *socket {
	k := &socket{
		server: s,
		conn:   conn,
		in:     wire.NewReader(conn, s.options.Socket.MaxMessage, rest),
		base:   context.WithoutCancel(r.Context()),
		header: perSocket(r.Header),
	}
	if c, ok := conn.(*net.TCPConn); ok {
		k.raw, _ = c.SyscallConn() // nil is slower and no worse
	}
	k.ctx, k.cancel = context.WithCancel(k.base)
	return k
}

// perSocket are the headers that are kept for the operations of a socket. An idempotency key is one mutation's; the token is
// for the initialisation.
func perSocket(h http.Header) http.Header {
	kept := http.Header{}
	for _, name := range []string{"Authorization", "User-Agent"} {
		if value := h.Values(name); len(value) > 0 {
			kept[name] = value
		}
	}
	return kept
}

// serve reads until the socket ends and leaves nothing running behind it.
func (k *socket) serve() {
	k.begin()
	k.end(k.read())
	_, _ = io.Copy(io.Discard, k.conn) // the client hangs up when it has read why, or the deadline of end passes
	k.close()
	k.server.wheel.drop(&k.pin)
	k.running.Wait()
	for i := len(k.release) - 1; i >= 0; i-- {
		k.release[i]()
	}
}

func (k *socket) read() closing {
	for !k.hasEnded() {
		m, err := k.in.Next()
		var bad *wire.Error
		if errors.As(err, &bad) {
			return closing{bad.Code, bad.Reason}
		}
		if err != nil {
			return closing{} // the client is gone, or the socket has ended
		}
		k.heard.Add(1)
		if how := k.hear(m); how != nil {
			return *how
		}
	}
	return closing{}
}

func (k *socket) hasEnded() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended
}

// hear acts on one message, or says how the socket ends.
func (k *socket) hear(m wire.Message) *closing {
	switch m.Kind {
	case wire.Text:
		return k.apart(func() *closing {
			parsed, bad := parseMessage(m.Data)
			if bad == nil {
				bad = k.receive(parsed)
			}
			return bad
		})
	case wire.Ping:
		return k.put(wire.Frame(wire.Pong, m.Data))
	case wire.Pong: // having been read, it has done its work
	case wire.Close:
		code, err := wire.CloseCode(m.Data)
		var bad *wire.Error
		if errors.As(err, &bad) {
			return &closing{bad.Code, bad.Reason}
		}
		return &closing{code, ""}
	default:
		return &closing{closeInvalid, "Invalid message: binary"}
	}
	return nil
}

// apart does something on another goroutine and waits for it, so that the reader, which lives as long as the socket, keeps
// the smallest of stacks.
func (k *socket) apart(do func() *closing) *closing {
	done := make(chan *closing)
	go func() {
		var how *closing
		defer func() {
			if p := recover(); p != nil {
				k.server.engine.panicked(k.base, p)
				how = &closing{closeInternal, "Internal error"}
			}
			done <- how
		}()
		how = do()
	}()
	return <-done
}

// receive acts on a message of the protocol.
func (k *socket) receive(m message) *closing {
	switch m.Type {
	case "connection_init":
		return k.init(m.Payload)
	case "ping":
		return k.put(textFrame("pong", "", m.Payload))
	case "subscribe":
		if !k.ready.Load() {
			return &closing{closeUnauthorized, "Unauthorized"}
		}
		return k.subscribe(m)
	case "complete":
		k.complete(m.ID)
	}
	return nil
}

// end decides how the socket ends; the first decision counts. Operations stop at once. What is queued still goes out before
// the close frame, unless the client is too slow for it; a client that does not take it in a part of the write timeout is
// cut off, and so is one that does not hang up then.
func (k *socket) end(how closing) {
	k.mu.Lock()
	if k.ended {
		k.mu.Unlock()
		return
	}
	k.ended, k.how = true, how
	ops, waiting := k.ops, k.waiting
	k.ops, k.waiting = nil, nil
	if how.code == 0 || how.code == closeTryAgainLater {
		k.out = queue{}
	}
	wake := false
	if how.code != 0 && !k.dead {
		k.out.last(wire.CloseFrame(how.code, how.reason))
		wake = k.claim()
	}
	grace := k.server.options.WriteTimeout / graceShare
	k.times.grace = clock.System{}.Now().Add(grace)
	if k.slow {
		_ = k.conn.SetWriteDeadline(k.times.grace) // a connection without deadlines is closed below
	}
	_ = k.conn.SetReadDeadline(k.times.grace.Add(grace))
	cancel := k.cancel
	k.mu.Unlock()
	cancel()
	for _, op := range ops {
		op.stop()
	}
	for _, call := range waiting {
		call()
	}
	if how.code == 0 {
		k.close()
	}
	if wake {
		k.server.pens.add(k)
	}
}

// graceShare is the part of the write timeout that a socket still has to write when it ends, and its client to hang up: who
// reads at all then learns why, and who does not is cut off.
const graceShare = 10

// close closes the connection, which ends whoever reads or writes.
func (k *socket) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.dead {
		k.dead, k.out = true, queue{}
		_ = k.conn.Close() // nobody is left to tell
	}
}

// operationContext gives an operation its own request id, so that its errors can be told from its siblings'.
func (k *socket) operationContext() context.Context {
	k.serial++
	k.mu.Lock()
	defer k.mu.Unlock()
	return WithRequestID(k.ctx, numbered(RequestID(k.base), k.serial))
}

// times are what a socket waits for, since the wheel's start; zero for nothing.
type times struct {
	init, ping, pong, expiry, drain time.Duration
	grace                           time.Time // when a socket that has ended is cut off
	heard                           uint32    // messages read when the ping was sent
}
