// Package clientip finds out which address a request comes from when proxies stand in between.
package clientip

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

type key struct{}

// From returns the caller's address as Handler found it; the zero Addr when there is none, as for work that no request
// asked for.
func From(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(key{}).(netip.Addr)
	return a
}

// With returns a context that carries the caller's address.
func With(ctx context.Context, a netip.Addr) context.Context { return context.WithValue(ctx, key{}, a) }

// Proxies are the networks whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// Handler puts the caller's address into the context of every request.
func (p Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p.Of(r))))
	})
}

// Of is the address that a request comes from: the peer's, unless that is one of our proxies. Then X-Forwarded-For is
// read from its end, which the proxy nearest to us wrote, as far as proxies of ours vouch for it; what stands before
// that anybody can have made up. The zero Addr means that the peer has no address, as on a socket of a file system.
func (p Proxies) Of(r *http.Request) netip.Addr {
	at := peer(r.RemoteAddr)
	if !p.trusted(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := peer(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break // not written by a proxy of ours; the one behind it is the last we know
		}
		if at = hop; !p.trusted(hop) {
			break
		}
	}
	return at
}

// Group is the part of an address that one customer of an Internet provider has: all of an IPv4 address, the first 64
// bits of an IPv6 one. Limits count by it.
func Group(a netip.Addr) netip.Addr {
	if a.Is4() || !a.IsValid() {
		return a
	}
	g, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return g.Addr()
}

func (p Proxies) trusted(a netip.Addr) bool {
	for _, network := range p {
		if a.IsValid() && network.Contains(a.WithZone("")) {
			return true
		}
	}
	return false
}

// peer reads an address with or without a port.
func peer(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
