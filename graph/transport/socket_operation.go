package transport

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// socketOperation is one operation of a socket, from subscribe to complete.
type socketOperation struct {
	socket *socket
	id     string
	cancel context.CancelFunc
}

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
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ops[m.ID] != nil:
		cancel()
		return &closing{closeDuplicate, "Subscriber for " + shortID(m.ID) + " already exists"}
	case len(k.ops) >= k.server.options.Socket.Operations:
		defer cancel()
		errs := k.server.present.list(ctx, coded(fault.CodeRateLimited, "one socket may have %d operations running",
			k.server.options.Socket.Operations))
		return k.put(errorFrame(m.ID, errs, 1))
	}
	if level, ok := k.server.visit(ctx); !ok {
		defer cancel()
		return k.put(errorFrame(m.ID, k.server.present.list(ctx, tooMany(level)), 1))
	}
	k.ops[m.ID] = op
	k.running.Add(1)
	go func() {
		defer k.running.Done()
		defer cancel()
		op.run(ctx, params)
	}()
	return nil
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
	defer k.mu.Unlock()
	if op := k.ops[id]; op != nil {
		delete(k.ops, id)
		op.cancel()
	}
}

// cancelOperations stops everything the socket runs, without a word to the client.
func (k *socket) cancelOperations() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, op := range k.ops {
		delete(k.ops, id)
		op.cancel()
	}
	k.cancel()
}

// run executes the operation to its end. It takes a next response only when the socket has room for it:
// the operation of a slow client waits, and the other operations and sockets do not.
func (o *socketOperation) run(ctx context.Context, params *graphql.RawParams) {
	s := o.socket.server
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
	defer op.stop()
	for o.socket.out.ready(ctx) {
		response := op.next()
		switch {
		case response == nil:
			o.finish(frame("complete", o.id, nil))
			return
		case failed(response):
			o.fail(response.Errors)
			return
		case !o.send(resultFrame(o.id, response, s.options.MaxErrors)):
			return
		}
	}
}

func (o *socketOperation) fail(errs gqlerror.List) {
	o.finish(errorFrame(o.id, errs, o.socket.server.options.MaxErrors))
}

// send queues a frame unless the client has completed the operation.
func (o *socketOperation) send(frame []byte) bool { return o.put(frame, false) }

// finish queues the operation's last frame and frees its id in one step, so that a client may use the id
// again as soon as it has read the frame.
func (o *socketOperation) finish(frame []byte) { o.put(frame, true) }

func (o *socketOperation) put(frame []byte, last bool) bool {
	k := o.socket
	k.mu.Lock()
	if k.ops[o.id] != o {
		k.mu.Unlock()
		return false
	}
	if last {
		delete(k.ops, o.id)
	}
	full := k.put(frame)
	k.mu.Unlock()
	if full != nil {
		k.end(*full)
	}
	return full == nil
}
