// Package browser looks at pages with the eyes of a headless Chromium.
package browser

import (
	"testing"

	"heyue/tests/conformance"
	"heyue/tests/stage"
	"heyue/web/explorer"
)

// TestExplorer signs in on the page at /explorer and asks, without an error in the console or a word to another host.
func TestExplorer(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	acme := s.Tenant(t, "acme")
	login := s.SetPassword(t, acme, s.User(t, acme, "sales", s.Department(t, acme, "SALES")))
	conformance.Run(t, "explorer.mjs", conformance.Target{
		Handler: s.Server.Config.Handler, Site: explorer.Handler(),
		Env: []string{"TENANT=" + login.Tenant, "EMAIL=" + login.Email, "PASSWORD=" + login.Password},
	}, 9)
}
