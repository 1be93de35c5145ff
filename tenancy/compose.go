package tenancy

import (
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/dialect/sql/schema"
)

// column is what every tenant table is keyed, filtered and guarded by.
const column = "tenant_id"

// Compose rewrites ent's tables in place to the keys that tenancy.md D1 asks for, which ent cannot declare
// itself: the primary key becomes (tenant_id, id), and a foreign key to a tenant table becomes
// (tenant_id, x_id) → (tenant_id, id), so that no row can point into another tenant. Nothing is deleted or
// detached behind a service's back: every key is ON DELETE NO ACTION. Call it before a migration is planned.
//
// Where the referred table has a unique index (tenant_id, owner, id) and the referring one a column of the same name,
// the key carries the owner too: a service record's contact is one of its customer's (HR1), a payment's instalment one
// of its contract's. A key within one table cannot: the index it needs is only made after the table.
//
// An enum becomes text with a CHECK that lists its values: text compares leakproof, which a PostgreSQL enum does not
// (tenancy.md D6).
func Compose(tables []*schema.Table) {
	for _, t := range tables {
		checkEnums(t)
		if c, ok := tenantColumn(t); ok {
			withinTenant(t)
			t.PrimaryKey = append([]*schema.Column{c}, slices.DeleteFunc(slices.Clone(t.PrimaryKey), func(p *schema.Column) bool { return p == c })...)
		}
	}
	for _, t := range tables {
		for _, fk := range t.ForeignKeys {
			fk.OnDelete = schema.NoAction
			own, ok := tenantColumn(t)
			ref, refOK := tenantColumn(fk.RefTable)
			if ok && refOK && fk.Columns[0] != own {
				owner, refOwner := shared(t, fk.RefTable)
				fk.Columns = append(append([]*schema.Column{own}, owner...), fk.Columns...)
				fk.RefColumns = append(append([]*schema.Column{ref}, refOwner...), fk.RefColumns...)
			}
		}
	}
}

// shared finds the owner column that both ends of a foreign key must agree on, as described at Compose.
func shared(t, ref *schema.Table) (own, theirs []*schema.Column) {
	if t == ref {
		return nil, nil
	}
	for _, i := range ref.Indexes {
		if !i.Unique || len(i.Columns) != 3 || i.Columns[0].Name != column || i.Columns[2].Name != "id" {
			continue
		}
		if at := slices.IndexFunc(t.Columns, func(c *schema.Column) bool { return c.Name == i.Columns[1].Name }); at >= 0 {
			return t.Columns[at : at+1], i.Columns[1:2]
		}
	}
	return nil, nil
}

// withinTenant takes away the uniqueness of single columns, which ent gives to one-to-one edges: across tenants it would
// tell one of them about the other's rows. The schema declares an index of its own with the tenant in front.
func withinTenant(t *schema.Table) {
	for _, c := range t.Columns {
		c.Unique = false
	}
}

func checkEnums(t *schema.Table) {
	for _, c := range t.Columns {
		if len(c.Enums) == 0 {
			continue
		}
		if t.Annotation == nil {
			t.Annotation = &entsql.Annotation{}
		}
		checks := map[string]string{t.Name + "_" + c.Name + "_values": c.Name + " IN ('" + strings.Join(c.Enums, "', '") + "')"}
		maps.Copy(checks, t.Annotation.Checks)
		t.Annotation.Checks = checks
	}
}

func tenantColumn(t *schema.Table) (*schema.Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c *schema.Column) bool { return c.Name == column })
	if i < 0 {
		return nil, false
	}
	return t.Columns[i], true
}
