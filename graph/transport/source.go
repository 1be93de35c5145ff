package transport

import "context"

// Source is where the events of a subscription come from. Nothing waits in it: it rings when there may be something, and is
// asked. Its methods but Close are called by one goroutine at a time.
type Source[T any] interface {
	// Notify takes what to ring from then on, from any goroutine and without waiting. It is called once, before Ready.
	Notify(ring func())
	// Ready looks what has happened and reports whether Poll has anything to return, an end included.
	Ready(ctx context.Context) bool
	// Poll returns the next event of what Ready has seen, and of nothing that happened since: between the two it is made sure
	// who may get it. False when there are no more; an error is the end.
	Poll(ctx context.Context) (T, bool, error)
	// Greet returns an event for receivers who join those there are, between two events: where the stream is, for
	// instance. False: they need none.
	Greet(ctx context.Context) (T, bool, error)
	// At names the place behind everything that Poll has returned, for Resume; "" when it cannot be gone on from there.
	At(ctx context.Context) string
	// Joinable reports whether somebody who asks the same now would get the same from here on. One that has begun at a place
	// of the past is not.
	Joinable() bool
	// Close ends it. It may be called more than once.
	Close()
}

// Follow is the answer of a resolver whose events come from a source. Under this package's transports it costs no goroutine
// while it is quiet and may be shared by all who ask the same and are of one [Audience]; under others it is one goroutine.
func Follow[T any](ctx context.Context, s Source[T]) <-chan T {
	d := &driver[T]{source: s, events: make(chan T, 1)}
	if r, _ := ctx.Value(runKey).(*run); r != nil {
		r.source = d
	} else {
		go d.pump(ctx)
	}
	return d.events
}

// driven is a source as the transport drives it.
type driven interface {
	notify(ring func())
	ready(ctx context.Context) bool
	// advance puts the next event where the execution takes it. An error is the end.
	advance(ctx context.Context) (bool, error)
	greet(ctx context.Context) (bool, error)
	at(ctx context.Context) string
	joinable() bool
	close() // after which the execution sees the end
}

type driver[T any] struct {
	source Source[T]
	events chan T
	over   bool
}

func (d *driver[T]) notify(ring func()) { d.source.Notify(ring) }

func (d *driver[T]) ready(ctx context.Context) bool { return d.source.Ready(ctx) }

func (d *driver[T]) advance(ctx context.Context) (bool, error) { return d.put(d.source.Poll(ctx)) }

func (d *driver[T]) greet(ctx context.Context) (bool, error) { return d.put(d.source.Greet(ctx)) }

func (d *driver[T]) put(event T, ok bool, err error) (bool, error) {
	if ok && err == nil {
		d.events <- event // there is room: what was there has been executed
	}
	return ok, err
}

func (d *driver[T]) at(ctx context.Context) string { return d.source.At(ctx) }

func (d *driver[T]) joinable() bool { return d.source.Joinable() }

func (d *driver[T]) close() {
	d.source.Close()
	if !d.over {
		d.over = true
		close(d.events)
	}
}

// pump is for executors that wait.
func (d *driver[T]) pump(ctx context.Context) {
	defer d.close()
	rung := make(chan struct{}, 1)
	d.notify(func() {
		select {
		case rung <- struct{}{}:
		default:
		}
	})
	for {
		for d.source.Ready(ctx) {
			event, ok, err := d.source.Poll(ctx)
			if err != nil {
				return
			}
			if !ok {
				continue
			}
			select {
			case d.events <- event:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return
		}
	}
}
