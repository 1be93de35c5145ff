package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/clock"
	"heyue/platform/fault"
)

// maxEventID bounds the Last-Event-ID a client may hand to resolvers, in bytes.
const maxEventID = 1024

// stream answers as graphql-sse does in distinct connections mode: next events, then complete. Errors of
// the request come as a next event too, because the stream has been accepted by then. Without complete
// the client reconnects, which is how a drain and a lost lease end a stream.
func (t requests) stream(w http.ResponseWriter, r *http.Request, params *graphql.RawParams, accept accepted) {
	if !t.enter() {
		w.Header().Set("Retry-After", "1")
		t.refuse(w, r, http.StatusServiceUnavailable, fault.CodeUnavailable, "the server is restarting; try again")
		return
	}
	defer t.streams.Done()
	lease, rejection := t.open(r.Context())
	if rejection != nil {
		t.reject(w, accept, rejection)
		return
	}
	release, ok := t.seat(lease.Context)
	if !ok {
		t.refuse(w, r, http.StatusTooManyRequests, fault.CodeRateLimited, "too many event streams are open")
		return
	}
	defer release()
	ctx, cancel := context.WithCancel(lease.Context)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	if id := r.Header.Get("Last-Event-ID"); id != "" && len(id) <= maxEventID {
		ctx = context.WithValue(ctx, lastEventIDKey, id)
	}
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // write deadlines of the stream must not meet a later request
	}
	e := &eventWriter{w: w, control: http.NewResponseController(w), timeout: t.options.WriteTimeout}
	if !e.begin() {
		return
	}
	in := &eventStream{server: t.Server, wake: make(chan struct{}, 1)}
	produced := make(chan struct{})
	go func() {
		defer close(produced)
		t.produce(ctx, params, in)
	}()
	t.relay(ctx, e, lease, in)
	cancel()
	in.close()
	<-produced
}

// seat takes a place for a stream, of its address and of its user. A user has as many streams as his sockets could have
// operations, since a stream is one.
func (t requests) seat(ctx context.Context) (release func(), ok bool) {
	leave, ok := t.place(ctx)
	if !ok || t.options.UserKey == nil {
		return leave, ok
	}
	key := t.options.UserKey(ctx)
	if key == "" {
		return leave, true
	}
	free, ok := t.seats.take(key)
	if !ok {
		leave()
		return nil, false
	}
	return func() { free(); leave() }, true
}

// produce runs an operation to its end, a subscription until it is in its group.
func (t requests) produce(ctx context.Context, params *graphql.RawParams, to *eventStream) {
	give := func(response *graphql.Response, over bool) {
		to.deliver(&delivery{server: t.Server, response: response, ctx: ctx, over: over}, nil)
	}
	defer func() {
		if p := recover(); p != nil { // a hook's, below: op answers for its own
			to.deliver(&delivery{server: t.Server, response: t.engine.panicked(ctx, p), over: true}, nil)
		}
	}()
	op, refusal := t.engine.prepare(ctx, params)
	if op == nil {
		to.deliver(&delivery{server: t.Server, response: refusal, over: true}, nil)
		return
	}
	if op.kind == ast.Subscription {
		t.groups.join(&member{to: to, ctx: ctx, bill: op.bill}, op, params)
		return
	}
	defer op.stop()
	give(op.next(), true)
}

// relay writes events and keep-alive comments until the stream ends in one of its ways.
func (t requests) relay(ctx context.Context, e *eventWriter, lease Lease, in *eventStream) {
	quiet := time.NewTicker(t.options.KeepAlive)
	defer quiet.Stop()
	expired, stop := t.expiry(lease)
	defer stop()
	ended, forget := lease.ended()
	defer forget()
	draining, over := t.draining, (<-chan time.Time)(nil)
	for {
		select {
		case <-in.wake:
			text, last := in.take()
			if len(text) > 0 && !e.write(text) || last {
				return
			}
			quiet.Reset(t.options.KeepAlive)
		case <-quiet.C:
			if !e.comment() {
				return
			}
		case <-draining:
			draining = nil
			over = time.After(jitter(t.options.DrainJitter))
		case <-over:
			return
		case <-expired:
			return
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// ended is closed when the session is over.
func (l Lease) ended() (over <-chan struct{}, forget func()) {
	if l.Ended == nil {
		return nil, func() {}
	}
	ended := make(chan struct{})
	return ended, l.Ended(sync.OnceFunc(func() { close(ended) }))
}

// expiry fires when a lease runs out; never for one without end.
func (s *Server) expiry(l Lease) (<-chan time.Time, func()) {
	if l.Expires.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(l.Expires.Sub(s.options.Clock.Now()))
	return timer.C, func() { timer.Stop() }
}

// jitter is a random part of the time over which a drain is spread.
func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }

// eventID drops an id that cannot stand on its line (HTML, server-sent events, "id").
func eventID(id string) string {
	if strings.ContainsAny(id, "\n\r\x00") {
		return ""
	}
	return id
}

// eventWriter writes one event stream. Every write has a deadline, so a client that stops reading ends
// its stream instead of holding it. Methods report whether the client is still there.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// begin sends the headers and a comment, so that the client knows at once that the stream is open. The
// server's own limits for whole requests are lifted: a stream outlives them.
func (e *eventWriter) begin() bool {
	h := e.w.Header()
	h.Set("Content-Type", typeEvents+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = e.control.SetReadDeadline(time.Time{}) // a writer without deadlines has none to lift
	e.w.WriteHeader(http.StatusOK)
	return e.comment()
}

func (e *eventWriter) comment() bool { return e.write([]byte(":\n\n")) }

func (e *eventWriter) write(text []byte) bool {
	// The machine measures deadlines, whatever Options.Clock shows. No fault to look at: as above, the write tells.
	_ = e.control.SetWriteDeadline(clock.System{}.Now().Add(e.timeout))
	if _, err := e.w.Write(text); err != nil {
		return false
	}
	err := e.control.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		panic("an event stream needs an http.ResponseWriter that can flush; give the wrapper around it an Unwrap method")
	}
	return err == nil
}
