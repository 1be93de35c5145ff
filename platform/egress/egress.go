// Package egress calls addresses that tenants name, so that nobody reaches through the product what only the product can
// reach: addresses of the internet only, judged after the name is resolved and at the very connection that is used,
// without redirects and proxies, within a time and a size.
package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Defaults of a client (HEYUE_DELIVERY_TIMEOUT, HEYUE_DELIVERY_ANSWER).
const (
	DefaultTimeout = 15 * time.Second
	DefaultAnswer  = 64 << 10
)

const (
	maxDial    = 5 * time.Second // of the time for an answer
	keepIdle   = 30 * time.Second
	idleHost   = 2
	idleAll    = 100
	maxHeaders = 64 << 10
)

// Options bound a client.
type Options struct {
	Timeout time.Duration  // from the call to the end of the answer; 0: DefaultTimeout
	Allow   []netip.Prefix // networks that may be called though they are not of the internet, without encryption too
	Roots   *x509.CertPool // whose certificates are believed; nil: the system's
}

// Errors of a call that was not made, or not followed.
var (
	ErrAddress  = errors.New("the address is not on the internet")
	ErrScheme   = errors.New("the address is called over https only")
	ErrRedirect = errors.New("the answer is a redirect, which is not followed")
)

// New makes a client. CloseIdleConnections ends what it keeps open.
func New(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	guard := guard{o.Allow}
	dialer := &net.Dialer{Timeout: min(maxDial, o.Timeout), Control: guard.control}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: maxDial, ResponseHeaderTimeout: o.Timeout, IdleConnTimeout: keepIdle,
		MaxIdleConnsPerHost: idleHost, MaxIdleConns: idleAll, MaxResponseHeaderBytes: maxHeaders, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
	} // Proxy stays nil: one in the environment would be asked instead of the guard
	return &http.Client{
		Timeout: o.Timeout, Transport: &schemed{transport, guard},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Read reads an answer up to limit bytes and closes it; the rest is not waited for.
func Read(r *http.Response, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, limit))
	_ = r.Body.Close() // what was read is what counts
	return b, err
}

// guard judges addresses.
type guard struct{ allow []netip.Prefix }

// control is asked for each address that a name was resolved to, just before it is connected to: there is no second
// resolution that could answer otherwise.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, address)
	}
	if a := ap.Addr().Unmap().WithZone(""); !g.allows(a) && !Public(a) {
		return fmt.Errorf("%w: %s", ErrAddress, a)
	}
	return nil
}

func (g guard) allows(a netip.Addr) bool {
	for _, n := range g.allow {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// Public reports whether an address is one of the internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, network := range reserved {
		if network.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// reserved are networks that Go takes for parts of the internet (IANA's registries of special-purpose addresses), among
// them the ways in which IPv6 wraps IPv4.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("ff00::/8"),
}

// schemed refuses what is not encrypted, but at an allowed address.
type schemed struct {
	next  *http.Transport
	guard guard
}

// RoundTrip implements http.RoundTripper.
func (s *schemed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		a, err := netip.ParseAddr(r.URL.Hostname())
		if err != nil || r.URL.Scheme != "http" || !s.guard.allows(a.Unmap()) {
			return nil, ErrScheme
		}
	}
	return s.next.RoundTrip(r)
}

// CloseIdleConnections is asked for by http.Client.
func (s *schemed) CloseIdleConnections() { s.next.CloseIdleConnections() }

// Callable reports whether an address may be called at all, as far as its text tells: https, or http at an allowed
// network, at a host, without a name and a password.
func Callable(scheme, host string, allow []netip.Prefix) error {
	a, err := netip.ParseAddr(host)
	switch {
	case host == "":
		return ErrAddress
	case err == nil && (guard{allow}).allows(a.Unmap()):
		return nil
	case scheme != "https":
		return ErrScheme
	case err == nil && !Public(a):
		return ErrAddress
	}
	return nil
}
