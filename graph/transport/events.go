package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

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
	produced := make(chan event)
	go t.produce(ctx, params, produced)
	t.relay(ctx, cancel, e, lease, produced)
	cancel()
	for range produced { // the producer ends with its context; its last event may be waiting
	}
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

// event is one response, encoded; done is the stream's regular end.
type event struct {
	id   string
	data []byte
	done bool
}

// produce runs the operation and hands over its responses one at a time, so that a slow client slows its
// own operation and nobody else.
func (t requests) produce(ctx context.Context, params *graphql.RawParams, out chan<- event) {
	defer close(out)
	send := func(e event) bool {
		select {
		case out <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if p := recover(); p != nil { // a hook's, below: op answers for its own
			_ = send(event{data: encode(t.engine.panicked(ctx, p), t.options.MaxErrors)}) && send(event{done: true})
		}
	}()
	op, refusal := t.engine.prepare(ctx, params)
	if op == nil {
		_ = send(event{data: encode(refusal, t.options.MaxErrors)}) && send(event{done: true})
		return
	}
	defer op.stop()
	for response := op.next(); response != nil; response = op.next() {
		id := eventID(t.options.EventID(op.ctx, response))
		if !send(event{id: id, data: encode(response, t.options.MaxErrors)}) {
			return
		}
	}
	send(event{done: true})
}

// relay writes events and keep-alive comments until the stream ends in one of its ways.
func (t requests) relay(ctx context.Context, cancel func(), e *eventWriter, lease Lease, produced <-chan event) {
	quiet := time.NewTicker(t.options.KeepAlive)
	defer quiet.Stop()
	expired, stop := t.expiry(lease)
	defer stop()
	draining, over := t.draining, (<-chan time.Time)(nil)
	for {
		ok := true
		select {
		case ev, more := <-produced:
			if !more {
				return
			}
			if ev.done {
				e.complete()
				return
			}
			ok = e.next(ev)
			quiet.Reset(t.options.KeepAlive)
		case <-quiet.C:
			ok = e.comment()
		case <-draining:
			draining = nil
			over = time.After(jitter(t.options.DrainJitter))
		case <-over:
			return
		case <-expired:
			return
		case <-lease.Done:
			return
		case <-ctx.Done():
			return
		}
		if !ok {
			cancel()
			return
		}
	}
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

func (e *eventWriter) comment() bool { return e.write(":\n\n") }

func (e *eventWriter) next(ev event) bool {
	var b strings.Builder
	b.Grow(len(ev.data) + len(ev.id) + 32)
	b.WriteString("event: next\n")
	if ev.id != "" {
		b.WriteString("id: " + ev.id + "\n")
	}
	b.WriteString("data: ")
	b.Write(ev.data)
	b.WriteString("\n\n")
	return e.write(b.String())
}

// complete needs its empty data line: browsers' EventSource drops an event without one.
func (e *eventWriter) complete() { e.write("event: complete\ndata: \n\n") }

func (e *eventWriter) write(text string) bool {
	// The machine measures deadlines, whatever Options.Clock shows. No fault to look at: as above, the write tells.
	_ = e.control.SetWriteDeadline(clock.System{}.Now().Add(e.timeout))
	if _, err := e.w.Write([]byte(text)); err != nil {
		return false
	}
	err := e.control.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		panic("an event stream needs an http.ResponseWriter that can flush; give the wrapper around it an Unwrap method")
	}
	return err == nil
}
