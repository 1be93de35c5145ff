package scenario

import (
	"testing"

	"heyue/ent"
	"heyue/ent/template"
	"heyue/tests/stage"
)

// TestOldTenantsGetShippedTemplates: a tenant that was made before a template was shipped gets it, once, and what the
// tenant has made of it stays.
func TestOldTenantsGetShippedTemplates(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	tn := s.Tenant(t, "old")
	for range 2 {
		if err := s.Services.InstallTemplates(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			return tx.Template.Update().Where(template.Code("SERVICE")).SetName("own").Exec(tn.Ctx)
		})
	}
	if err := s.Services.InstallTemplates(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Client.Template.Query().WithVersions().Order(ent.Asc(template.FieldCode)).All(tn.Ctx)
	if err != nil || len(rows) != 2 || rows[0].Name != "own" || len(rows[0].Edges.Versions) != 1 {
		t.Errorf("the tenant has %v, %v", rows, err)
	}
}
