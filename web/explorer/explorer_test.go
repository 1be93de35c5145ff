package explorer_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"heyue/web/explorer"
)

// TestFiles: the page, each file it names, and nothing else, all under the policy.
func TestFiles(t *testing.T) {
	t.Parallel()
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		explorer.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		return w
	}
	page := get("/explorer")
	named := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") || len(named) != 6 {
		t.Fatalf("the page: %d %v, %d files", page.Code, page.Header(), len(named))
	}
	for _, n := range named {
		if w := get(n[1]); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d", n[1], w.Code)
		}
	}
	for _, path := range []string{"/explorer/nothing.js", "/explorer/graphiql", "/explorer/index.html", "/explorer/../explorer.go", "/explorer/static/"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
