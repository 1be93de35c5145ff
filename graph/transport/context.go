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
	runKey
	resumeKey
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

// Resume returns where a subscription that is continued within this server has got to, as its source named it (Source.At), or
// "". It comes before whatever the client says.
func Resume(ctx context.Context) string {
	at, _ := ctx.Value(resumeKey).(string)
	return at
}

// run is what passes between the resolver of a subscription and the transport while the operation runs.
type run struct {
	mu     sync.Mutex
	ending error
	source driven // set by Follow
}

// EndWith makes the stream that ctx belongs to end with err instead of completing, once the resolver has
// closed its channel: gqlgen's channels can be closed but not failed. The error is presented like any other. Only the first
// call counts; outside of an operation it does nothing.
func EndWith(ctx context.Context, err error) {
	if r, _ := ctx.Value(runKey).(*run); r != nil {
		r.end(err)
	}
}

func (r *run) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending == nil {
		r.ending = err
	}
}

func (r *run) ended() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ending
}
