package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/identity"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
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
	documents, err := s.trusted()
	if err != nil {
		t.Fatal(err)
	}
	caller := identity.Caller{TenantID: 7, UserID: publicid.NewUserID()}
	if documents.AnyDocument(t.Context()) || documents.AnyDocument(identity.With(t.Context(), caller)) {
		t.Error("people may send any document")
	}
	caller.Key = &identity.Key{ID: publicid.NewAPIKeyID()}
	if !documents.AnyDocument(identity.With(t.Context(), caller)) {
		t.Error("a partner's program may not")
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
