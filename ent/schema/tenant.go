package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/tenants/settings"
	"heyue/domain/tenants/standing"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Tenant is a company that uses the service (A1). Its row policy compares id, so a tenant sees only itself; the
// list of all tenants lives in tenant_directory, which only the system role reads.
type Tenant struct{ ent.Schema }

// Mixin of Tenant.
func (Tenant) Mixin() []ent.Mixin { return []ent.Mixin{Stamped{}, Versioned{}} }

// Annotations of Tenant.
func (Tenant) Annotations() []schema.Annotation {
	given := false
	return []schema.Annotation{entsql.Annotation{Incremental: &given}, class.Data{Class: class.Business}} // tenant_directory gives the id
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

// TenantKey is what opens a tenant's sealed texts: a set of keys, and the key of its blind columns, each wrapped by a key
// that is kept outside the database. A tenant has at most one; who deletes it has erased every text that was sealed.
type TenantKey struct{ ent.Schema }

// Mixin of TenantKey.
func (TenantKey) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}}
}

// Fields of TenantKey.
func (TenantKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.TenantKeyID{}).Default(publicid.NewTenantKeyID),
		field.Bytes("keyset").Sensitive().Comment("the newest key seals, all of them open"),
		field.Bytes("blind").Sensitive().Comment("what the MACs of blind columns are made with; it stays when the keys change"),
		field.String("wrapped_by").Comment("which outer key wraps the two"),
		field.Int64("newest").Comment("number of the key that seals"),
		field.Bool("stale").Default(true).Comment("whether rows may be left that this key has not sealed"),
		field.String("scheme").Default("").Comment("which columns were sealed when it last was not"),
	}
}

// Indexes of TenantKey.
func (TenantKey) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant_id").Unique()} }
