package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// init authenticates the caller by the payload's token or else the upgrade request's header.
func (k *socket) init(payload json.RawMessage) *closing {
	if k.initialised {
		return &closing{closeTooManyInits, "Too many initialisation requests"}
	}
	k.initialised = true
	k.mu.Lock()
	ctx := k.ctx
	k.mu.Unlock()
	if payload != nil {
		ctx = context.WithValue(ctx, initPayloadKey, payload)
	}
	ctx, rejection := k.server.authenticate(ctx, credentials(payload, k.header))
	if rejection != nil {
		return closingFor(rejection)
	}
	k.header.Del("Authorization")
	lease, rejection := k.server.open(ctx)
	if rejection != nil {
		return closingFor(rejection)
	}
	if key := k.server.options.UserKey; key != nil {
		release, ok := k.server.slots.take(key(lease.Context))
		if !ok {
			return &closing{closeTryAgainLater, "Too many sockets"}
		}
		k.release = append(k.release, release)
	}
	k.adopt(lease)
	return k.put(k.server.ack)
}

// adopt makes the caller's context the socket's, still ending with the socket, and the lease's end its end.
func (k *socket) adopt(lease Lease) {
	ctx, cancel := context.WithCancel(lease.Context)
	k.mu.Lock()
	before := k.cancel
	stop := context.AfterFunc(k.ctx, cancel)
	k.ctx, k.cancel = ctx, func() { stop(); cancel(); before() }
	if k.ended { // while the hooks were at work
		defer k.cancel()
	}
	k.mu.Unlock()
	k.ready.Store(true)
	k.admit(lease)
	if lease.Ended != nil {
		forget := lease.Ended(func() { go k.end(closing{closeForbidden, "Session ended"}) })
		k.release = append(k.release, forget)
	}
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

// numbered is the request id of an operation of a socket.
func numbered(id string, n int) string { return id + "." + strconv.Itoa(n) }
