package transport

import (
	"context"
	"encoding/json"
	"sync"
)

type contextKey uint8

const (
	requestIDKey contextKey = iota
	lastEventIDKey
	initPayloadKey
	endingKey
)

// RequestID returns the id of the request being served, as in the X-Request-Id header and in
// extensions.requestId. On a websocket every operation has its own, made of the socket's and a number.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// WithRequestID returns a context that carries a request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

// LastEventID returns what the client of an event stream says it received last (the Last-Event-ID
// header), or "". It comes from outside: check it like any cursor.
func LastEventID(ctx context.Context) string {
	id, _ := ctx.Value(lastEventIDKey).(string)
	return id
}

// InitPayload returns the payload of the websocket's connection_init, a JSON object, or nil when there
// was none. It comes from outside. Clients renew it on every connection while they repeat the variables
// of their subscriptions, so it is where a fresh resume cursor stands.
func InitPayload(ctx context.Context) json.RawMessage {
	payload, _ := ctx.Value(initPayloadKey).(json.RawMessage)
	return payload
}

// ending carries the error a running stream ends with from the resolver to the transport: gqlgen's
// channels can be closed but not failed.
type ending struct {
	mu  sync.Mutex
	err error
}

// EndWith makes the stream that ctx belongs to end with err instead of completing, once the resolver has
// closed its channel. The error is presented like any other. Only the first call counts; outside of an
// operation it does nothing.
func EndWith(ctx context.Context, err error) {
	e, _ := ctx.Value(endingKey).(*ending)
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

func (e *ending) get() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}
