package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/platform/pgtest"
)

// TestWaysToProvidersAreServed where the installation has addresses, each as often as its address may ask.
func TestWaysToProvidersAreServed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for name, c := range map[string]struct {
		vars []string
		want string
	}{
		"without addresses": {nil, "this installation has no sign-in by providers"},
		"with both":         {[]string{"HEYUE_API_URL", "https://api.example", "HEYUE_PUBLIC_URL", "https://app.example"}, "this address leads nowhere"},
	} {
		s, err := against(t, db, append(c.vars, "HEYUE_BUDGET_ADDRESS", "2", "HEYUE_BUDGET_ADDRESS_RATE", "1")...).Services(t.Context(), Roles{API: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.OIDC.Close)
		site := s.public(nil, prometheus.NewRegistry())
		for i, status := range []int{http.StatusNotFound, http.StatusNotFound, http.StatusTooManyRequests} {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/oidc/nobody/start?provider=x", nil))
			if w.Code != status || i == 0 && !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%s, request %d: %d %s", name, i, w.Code, w.Body)
			}
		}
	}
}
