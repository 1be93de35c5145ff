package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/platform/pgtest"
)

// TestTrustedDocumentsAreReadAtTheStart, and a document that the schema does not know ends it.
func TestTrustedDocumentsAreReadAtTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(path, []byte(`{"me":"query Me { viewer { user { email } } }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := against(t, pgtest.New(t), "HEYUE_TRUSTED_DOCUMENTS", path, "HEYUE_TRUSTED_MODE", "only").Services(t.Context(), Roles{API: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.trusted(); err != nil || got.Mode != "only" || len(got.Known) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.GraphQL(prometheus.NewRegistry()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte(`{"me":"{ nowhere }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GraphQL(prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "me: ") {
		t.Errorf("a document that is not valid: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GraphQL(prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "HEYUE_TRUSTED_DOCUMENTS") {
		t.Errorf("no manifest: %v", err)
	}
}
