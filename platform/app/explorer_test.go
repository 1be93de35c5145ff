package app

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/platform/config"
)

// TestTheExplorerIsServedWhereItIsWanted, and nowhere else.
func TestTheExplorerIsServedWhereItIsWanted(t *testing.T) {
	t.Parallel()
	for wanted, status := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		s := &Services{foundation: &foundation{}}
		s.cfg.API.Explorer = config.Switch(wanted)
		site := s.public(nil, prometheus.NewRegistry())
		for _, path := range []string{"/explorer", "/explorer/explorer.js"} {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if w.Code != status {
				t.Errorf("%s, wanted %v: %d", path, wanted, w.Code)
			}
		}
	}
}
