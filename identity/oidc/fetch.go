package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	lru "github.com/hashicorp/golang-lru/v2"

	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/publicid"
)

// Bounds of what providers answer.
const (
	maxAnswer = 1 << 20          // bytes
	freshFor  = time.Hour        // how long what a provider says of itself is believed; its keys are asked for when one is new
	providers = 1000             // remembered
	maxDial   = 5 * time.Second  // of the time for an answer
	keepIdle  = 30 * time.Second // connections to a provider
)

// client asks providers: over https, at addresses of the internet, without redirects, within a time and a size. An
// administrator of a tenant names them, so they must not be able to reach what only this process can.
func client(timeout time.Duration, loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: maxDial, Control: func(_, address string, _ syscall.RawConn) error { return public(address, loopback) }}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: maxDial, ResponseHeaderTimeout: timeout, IdleConnTimeout: keepIdle,
		MaxIdleConnsPerHost: 2, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	} // Proxy stays nil: one in the environment would be asked instead of the check
	return &http.Client{
		Timeout: timeout, Transport: bounded{transport, loopback},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("a provider must not redirect") },
	}
}

// public refuses to connect to what is not on the internet, once the name is resolved.
func public(address string, loopback bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("a provider at %s", address)
	}
	a := ap.Addr().Unmap().WithZone("")
	if a.IsLoopback() && loopback {
		return nil
	}
	for _, network := range reserved {
		if network.Contains(a) {
			return fmt.Errorf("a provider at %s, which is not on the internet", a)
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return fmt.Errorf("a provider at %s, which is not on the internet", a)
	}
	return nil
}

// reserved are networks that Go takes for parts of the internet (IANA's registries of special-purpose addresses).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// CloseIdleConnections is asked for by http.Client.
func (b bounded) CloseIdleConnections() {
	if t, ok := b.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// Close ends the connections to providers that wait for another request.
func (s *Service) Close() { s.http.CloseIdleConnections() }

// bounded refuses other schemes and cuts answers off.
type bounded struct {
	next     http.RoundTripper
	loopback bool
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		a, err := netip.ParseAddr(r.URL.Hostname())
		if err != nil || !a.IsLoopback() || !b.loopback || r.URL.Scheme != "http" {
			return nil, errors.New("a provider is asked over https only")
		}
	}
	response, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &limited{response.Body, maxAnswer}
	return response, nil
}

// limited fails instead of ending when there is more.
type limited struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("a provider's answer is too long")
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}

// known remembers what providers say of themselves.
type known struct {
	clock clock.Clock
	cache *lru.Cache[knownKey, knownProvider]
}

type knownKey struct {
	tenant int64
	id     publicid.OIDCProviderID
}

type knownProvider struct {
	*oidc.Provider
	until time.Time
}

func newKnown(c clock.Clock) (*known, error) {
	cache, err := lru.New[knownKey, knownProvider](providers)
	return &known{c, cache}, err
}

// discover asks a provider about itself, or remembers what it said. go-oidc refuses an issuer that calls itself otherwise.
func (s *Service) discover(ctx context.Context, p *ent.OIDCProvider) (*oidc.Provider, error) {
	key, now := knownKey{p.TenantID, p.ID}, s.Clock.Now()
	if found, ok := s.known.cache.Get(key); ok && now.Before(found.until) {
		return found.Provider, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, s.http), p.Issuer)
	if err != nil {
		return nil, err
	}
	s.known.cache.Add(key, knownProvider{found, now.Add(freshFor)})
	return found, nil
}
