package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tenancy/class"
)

// Role is a tenant's role: a shipped template plus the grants that the tenant added or denied (A3). A role
// without a template consists of its grants alone.
type Role struct{ ent.Schema }

// Mixin of Role.
func (Role) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of Role.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RoleID{}).Default(publicid.NewRoleID),
		field.String("code").Immutable(),
		field.String("name"),
		field.String("template").Default("").Immutable().Comment("name of the shipped template this role follows; empty: none"),
	}
}

// Indexes of Role.
func (Role) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant_id", "code").Unique()} }

// RoleGrant is one permission that a tenant's role gives or denies beyond its template.
type RoleGrant struct{ ent.Schema }

// Mixin of RoleGrant.
func (RoleGrant) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}} }

// Fields of RoleGrant.
func (RoleGrant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RoleGrantID{}).Default(publicid.NewRoleGrantID),
		field.UUID("role_id", publicid.RoleID{}).Immutable(),
		field.String("object"),
		field.String("action"),
		field.Enum("scope").GoType(grant.Scope("")),
		field.Enum("effect").GoType(grant.Effect("")).Default(string(grant.Allow)),
	}
}

// Edges of RoleGrant.
func (RoleGrant) Edges() []ent.Edge {
	return []ent.Edge{edge.To("role", Role.Type).Field("role_id").Unique().Required().Immutable()}
}

// Indexes of RoleGrant.
func (RoleGrant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "role_id", "object", "action", "effect").Unique()}
}

// UserRole makes a user a member of a role.
type UserRole struct{ ent.Schema }

// Mixin of UserRole.
func (UserRole) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}} }

// Fields of UserRole.
func (UserRole) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.UserRoleID{}).Default(publicid.NewUserRoleID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.UUID("role_id", publicid.RoleID{}).Immutable(),
	}
}

// Edges of UserRole.
func (UserRole) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("role", Role.Type).Field("role_id").Unique().Required().Immutable(),
	}
}

// Indexes of UserRole.
func (UserRole) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "user_id", "role_id").Unique(),
		index.Fields("tenant_id", "role_id"),
	}
}
