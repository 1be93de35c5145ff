package scenario

import (
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/tests/stage"
)

// TestOldTenantsGetShippedTemplates: a tenant that was made before a template was shipped gets it, once, and what it has
// under that code already stays.
func TestOldTenantsGetShippedTemplates(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	bare, own := s.Tenant(t, "bare"), s.Tenant(t, "own")
	s.Write(t, own.Ctx, func(tx *ent.Tx) error {
		return tx.Template.Create().SetCode("SERVICE").SetName("own").SetKind(lifecycle.Service).Exec(own.Ctx)
	})
	for range 2 {
		if err := s.Services.InstallTemplates(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Client.Template.Query().Count(bare.Ctx); err != nil || n != 2 {
		t.Errorf("the bare tenant has %d templates, %v", n, err)
	}
	kept, err := s.Client.Template.Query().Where(template.Code("SERVICE")).WithVersions().Only(own.Ctx)
	if err != nil || kept.Name != "own" || len(kept.Edges.Versions) != 0 {
		t.Errorf("the tenant's own template is %v, %v", kept, err)
	}
}
