package transport

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// socketOperation is one operation of a socket, from subscribe to complete.
type socketOperation struct {
	socket *socket
	id     string
	cancel context.CancelFunc
	member *member // of a subscription, once it has joined a group; under the socket's lock
}

var _ sink = (*socketOperation)(nil)

// subscribe starts an operation. Its parsing and execution are its own goroutine's, so that the reader
// stays free for complete and ping.
func (k *socket) subscribe(m message) *closing {
	params, err := decodeParams(m.Payload)
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			panic(err)
		}
		return &closing{closeInvalid, "Invalid message: " + p.text}
	}
	params.Headers = k.header
	ctx, cancel := context.WithCancel(k.operationContext())
	op := &socketOperation{socket: k, id: m.ID, cancel: cancel}
	refused, how := k.enter(ctx, op)
	if refused == nil && how == nil {
		go op.run(ctx, params)
		return nil
	}
	defer cancel()
	if how != nil {
		return how
	}
	return k.put(errorFrame(m.ID, k.server.present.list(ctx, refused), 1))
}

// enter takes an operation in. It is refused where there are too many, and ends the socket when its id is in use.
func (k *socket) enter(ctx context.Context, op *socketOperation) (refused *gqlerror.Error, how *closing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	most := k.server.options.Socket.Operations
	switch {
	case k.ended:
		return nil, &closing{}
	case k.find(op.id) != nil:
		return nil, &closing{closeDuplicate, "Subscriber for " + shortID(op.id) + " already exists"}
	case len(k.ops) >= most:
		return coded(fault.CodeRateLimited, "one socket may have %d operations running", most), nil
	}
	if level, ok := k.server.visit(ctx); !ok {
		return tooMany(level), nil
	}
	k.ops = append(k.ops, op)
	k.running.Add(1)
	return nil, nil
}

// find returns the operation of an id; mu is held.
func (k *socket) find(id string) *socketOperation {
	for _, op := range k.ops {
		if op.id == id {
			return op
		}
	}
	return nil
}

// remove takes an operation out and reports whether it was there; mu is held.
func (k *socket) remove(op *socketOperation) bool {
	for i, other := range k.ops {
		if other == op {
			last := len(k.ops) - 1
			k.ops[i], k.ops[last] = k.ops[last], nil
			if k.ops = k.ops[:last]; last == 0 {
				k.ops = nil
			}
			return true
		}
	}
	return false
}

// shortID keeps a close reason within the 123 bytes of a close frame.
func shortID(id string) string {
	if len(id) > 64 {
		return "this id"
	}
	return id
}

// complete stops an operation at the client's wish. Its id is free at once; what the operation still
// produces is dropped. An unknown id is one that completed at the same time.
func (k *socket) complete(id string) {
	k.mu.Lock()
	op := k.find(id)
	if op != nil {
		k.remove(op)
	}
	k.mu.Unlock()
	if op != nil {
		op.stop()
	}
}

// stop ends an operation that has been taken out of its socket.
func (o *socketOperation) stop() {
	o.cancel()
	o.socket.mu.Lock()
	m := o.member
	o.socket.mu.Unlock()
	if m != nil {
		m.leave()
	}
}

// run executes the operation: a query or mutation to its end, a subscription until it is in its group.
func (o *socketOperation) run(ctx context.Context, params *graphql.RawParams) {
	k, s := o.socket, o.socket.server
	defer k.running.Done()
	defer func() {
		if p := recover(); p != nil { // encoding; the operation answers for itself
			o.fail(s.engine.panicked(ctx, p).Errors)
		}
	}()
	ctx, rejection := s.renew(ctx)
	if rejection != nil {
		o.fail(gqlerror.List{rejection})
		return
	}
	op, refusal := s.engine.prepare(ctx, params)
	if op == nil {
		o.fail(refusal.Errors)
		return
	}
	if op.kind == ast.Subscription {
		s.groups.join(&member{to: o, ctx: ctx, bill: op.bill}, op, params)
		return
	}
	defer o.cancel()
	defer op.stop()
	if !o.room(ctx) {
		return
	}
	response := op.next()
	if failed(response) {
		o.fail(response.Errors)
		return
	}
	d := &delivery{server: s, response: response}
	var touched touched
	o.deliver(d, &touched)
	o.deliver(&delivery{server: s, over: true}, &touched)
	touched.flush(s)
}

// room waits until the socket has room for an answer; false when it has none any more.
func (o *socketOperation) room(ctx context.Context) bool {
	for {
		room := make(chan struct{})
		if o.socket.roomy(sync.OnceFunc(func() { close(room) })) {
			return ctx.Err() == nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return false
		}
	}
}

func (o *socketOperation) fail(errs gqlerror.List) {
	d := &delivery{server: o.socket.server, response: &graphql.Response{Errors: errs}, over: true}
	var touched touched
	o.deliver(d, &touched)
	touched.flush(o.socket.server)
}

// joined notes which group the operation is in, or leaves it when the client has completed the operation meanwhile.
func (o *socketOperation) joined(m *member) {
	k := o.socket
	k.mu.Lock()
	o.member = m
	gone := k.find(o.id) != o
	k.mu.Unlock()
	if gone {
		m.leave()
	}
}

// roomy is the socket's; an operation that is over has room for everything.
func (o *socketOperation) roomy(call func()) bool { return o.socket.roomy(call) }

// deliver queues a frame, unless the client has completed the operation. The last one frees the operation's id in the same
// step, so that a client may use the id again as soon as it has read the frame. A full queue ends the socket.
func (o *socketOperation) deliver(d *delivery, t *touched) {
	k := o.socket
	frame := d.frame(o.id)
	k.mu.Lock()
	if k.ended || k.find(o.id) != o {
		k.mu.Unlock()
		return
	}
	if d.over {
		k.remove(o)
	}
	taken, wake := k.enqueue(frame)
	k.mu.Unlock()
	if wake {
		t.add(k)
	}
	if !taken {
		k.end(closing{closeTryAgainLater, "Too slow"})
	}
}
