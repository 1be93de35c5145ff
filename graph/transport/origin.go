package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// origins decides which web pages may use the API. Programs that are no browser send no Origin and are
// let through: the token decides about them.
type origins struct{ allowed map[string]bool }

// newOrigins reads origins such as "https://app.example.com:8443". Anything with a path, without a
// scheme, or with a wildcard is refused: an allow-list is for names.
func newOrigins(list []string) (origins, error) {
	o := origins{allowed: make(map[string]bool, len(list))}
	for _, text := range list {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
			u.Scheme+"://"+u.Host != text || strings.Contains(u.Host, "*") {
			return o, fmt.Errorf("allowed origin %q: want scheme://host or scheme://host:port and nothing else", text)
		}
		o.allowed[strings.ToLower(text)] = true
	}
	return o, nil
}

// admits reports whether the request comes from no page, from a page of this host, or from an allowed origin.
func (o origins) admits(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || o.allowed[strings.ToLower(origin)] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// Headers a page may send beyond the simple ones, and may read.
const (
	corsRequestHeaders  = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Client-Name, X-Client-Version, X-Request-Id"
	corsResponseHeaders = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"
)

// answer puts the CORS headers on a response to an admitted request.
func (o origins) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", corsResponseHeaders)
	}
}

// preflight answers OPTIONS. Credentials are not allowed: callers authenticate by header, never by cookie.
func (o origins) preflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", allowedMethods)
	if r.Header.Get("Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", corsRequestHeaders)
		w.Header().Set("Access-Control-Max-Age", "7200")
	}
	w.WriteHeader(http.StatusNoContent)
}
