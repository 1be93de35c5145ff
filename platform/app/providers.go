package app

import (
	"net/http"

	"heyue/domain/providers"
	"heyue/identity/oidc"
	"heyue/platform/clientip"
	"heyue/platform/ratelimit"
	"heyue/platform/secret"
)

// providers is signing in by somebody else's word.
func (s *Services) providers() error {
	f, c := s.foundation, s.cfg.Login
	box := secret.NewBox(f.secret.Derive(secret.Providers, secret.Size))
	s.Providers = &providers.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Sessions: s.Sessions, Box: box, Loopback: bool(c.OIDCLoopback), Limit: c.Providers,
	}
	var err error
	s.OIDC, err = oidc.New(oidc.Service{
		Client: f.client, Directory: f.directory, Sessions: s.Sessions, Journal: f.audit, Box: box, Clock: f.clock, Log: f.log,
		API: string(c.APISite), Site: string(s.cfg.Mail.Site), TTL: c.OIDCTTL, Code: c.OIDCCodeTTL, Loopback: bool(c.OIDCLoopback),
	}, c.OIDCTimeout)
	return err
}

// polite refuses addresses that ask too often, by the same bounds as the API's, and tells what is behind it who asks.
func (s *Services) polite(next http.Handler) http.Handler {
	b := s.cfg.Budget
	addresses := ratelimit.NewLocal(s.clock, b.Addresses)
	rate := ratelimit.Rate{Maximum: b.Address, PerSecond: b.AddressRate}
	return clientip.Proxies(b.TrustedProxies).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := clientip.Group(clientip.From(r.Context()))
		verdict, err := addresses.Take(r.Context(), 1, ratelimit.Bucket{Key: from.String(), Rate: rate})
		if err == nil && !verdict.Granted {
			http.Error(w, "too many requests from this address; try again later", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	}))
}
