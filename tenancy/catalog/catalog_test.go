package catalog_test

import (
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql/schema"

	"heyue/ent/migrate"
	"heyue/tenancy/catalog"
)

// TestEveryTableIsListed with a class, and refers to listed ones only. What an archive holds refers to nothing that stays.
func TestEveryTableIsListed(t *testing.T) {
	t.Parallel()
	if got, want := len(catalog.Tables()), len(migrate.Tables); got != want {
		t.Errorf("%d tables are listed, ent has %d: go generate ./ent", got, want)
	}
	for _, table := range migrate.Tables {
		listed, ok := catalog.Find(table.Name)
		if !ok || !listed.Class.Valid() {
			t.Errorf("%s is listed as %+v", table.Name, listed)
		}
		for _, name := range listed.Refers {
			other, ok := catalog.Find(name)
			if !ok || listed.Class.Moves() && !other.Class.Moves() {
				t.Errorf("%s is taken along and refers to %s, which is not", table.Name, name)
			}
		}
		for _, s := range listed.Sealed {
			for _, column := range []string{s.Column, s.Blind} {
				if column != "" && !slices.ContainsFunc(table.Columns, func(c *schema.Column) bool { return c.Name == column }) {
					t.Errorf("%s has no column %s", table.Name, column)
				}
			}
		}
	}
}
