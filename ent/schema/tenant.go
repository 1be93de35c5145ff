package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"heyue/domain/tenants/settings"
	"heyue/domain/tenants/standing"
)

// Tenant is a company that uses the service (A1). Its row policy compares id, so a tenant sees only itself; the
// list of all tenants lives in tenant_directory, which only the system role reads.
type Tenant struct{ ent.Schema }

// Mixin of Tenant.
func (Tenant) Mixin() []ent.Mixin { return []ent.Mixin{Stamped{}, Versioned{}} }

// Annotations of Tenant.
func (Tenant) Annotations() []schema.Annotation {
	given := false
	return []schema.Annotation{entsql.Annotation{Incremental: &given}} // tenant_directory gives the id
}

// Fields of Tenant.
func (Tenant) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable(),
		field.String("slug").Immutable(),
		field.String("name"),
		field.Enum("standing").GoType(standing.Standing("")).Default(string(standing.Active)),
		field.JSON("settings", settings.Settings{}),
		field.Bool("second_factor_required").Default(false).Comment("whoever has no authenticator may do nothing but set one up"),
		field.Int64("authz_version").Default(1).Comment("goes up in the transaction of every change to roles, grants, memberships or departments"),
	}
}
