package transport

import (
	"context"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/clientip"
	"heyue/platform/fault"
	"heyue/platform/ratelimit"
)

const tooManyText = "too many requests from this address; try again later"

// visit counts a request from the caller's address, before anything about the caller is known or looked up. It is kept
// in this process: a flood must not become one at Redis.
func (s *Server) visit(ctx context.Context) (ratelimit.Level, bool) {
	address := clientip.Group(clientip.From(ctx))
	if !address.IsValid() {
		return ratelimit.Level{}, true // a socket of the file system, which only this machine has
	}
	v, err := s.addresses.Take(ctx, 1, ratelimit.Bucket{Key: address.String(), Rate: s.options.PerAddress})
	if err != nil {
		return ratelimit.Level{}, true
	}
	return v.Levels[0], v.Granted
}

// tooManyRequests says in headers when to try again.
func tooManyRequests(h http.Header, l ratelimit.Level) {
	h.Set("Retry-After", strconv.Itoa(whole(l.Wait)))
	rateHeaders(h, throttle(l))
}

// rateHeaders are those of draft-ietf-httpapi-ratelimit-headers-03, which clients know: a budget's size, what is left
// of it, and the seconds until it is full again.
func rateHeaders(h http.Header, t *Throttle) {
	h.Set("RateLimit-Limit", strconv.Itoa(t.Maximum))
	h.Set("RateLimit-Remaining", strconv.Itoa(t.Available))
	h.Set("RateLimit-Reset", strconv.Itoa(whole(t.full)))
}

// tooMany is the error of an operation of a socket whose address sends too many.
func tooMany(l ratelimit.Level) *gqlerror.Error {
	e := coded(fault.CodeRateLimited, tooManyText)
	e.Extensions["retryAfter"] = whole(l.Wait)
	return e
}

// place takes one of the address's places for connections that stay.
func (s *Server) place(ctx context.Context) (release func(), ok bool) {
	address := clientip.Group(clientip.From(ctx))
	if !address.IsValid() {
		return func() {}, true
	}
	return s.places.take(address.String())
}
