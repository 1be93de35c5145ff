package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tenancy/class"
)

// APIKey lets a program act for the user who made it, within a list of permissions. It hangs from a session that cannot
// be renewed, so that whatever ends sessions ends keys and what is connected with them.
type APIKey struct{ ent.Schema }

// Mixin of APIKey.
func (APIKey) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}, Versioned{}}
}

// Annotations of APIKey.
func (APIKey) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "api_keys"}}
}

// Fields of APIKey.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.APIKeyID{}).Default(publicid.NewAPIKeyID),
		field.String("name"),
		field.UUID("user_id", publicid.UserID{}).Immutable().Comment("who made it, and whose permissions bound it"),
		field.UUID("session_id", publicid.SessionID{}).Comment("of whoever signs in with the present secret"),
		field.UUID("previous_session_id", publicid.SessionID{}).Optional().Nillable().Comment("of whoever signs in with the secret before; it ends when that does"),
		field.String("prefix").Immutable().Comment("what its text begins with, for whoever has to find out which key that was"),
		field.String("secret_hash").Sensitive().Comment("SHA-256 in hex"),
		field.String("previous_hash").Default("").Sensitive().Comment("of the secret before the last rotation"),
		field.Time("previous_until").Optional().Nillable().SchemaType(timestamptz).Comment("how long that one is good"),
		field.JSON("permissions", []grant.Line{}),
		field.JSON("networks", []string{}).Comment("CIDR; none: from anywhere"),
		field.Time("expires_at").SchemaType(timestamptz),
		field.Time("last_used_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("revoked_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of APIKey.
func (APIKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("session", Session.Type).Field("session_id").Unique().Required(),
		edge.To("previous_session", Session.Type).Field("previous_session_id").Unique(),
	}
}

// Indexes of APIKey.
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "prefix").Unique(),
		index.Fields("tenant_id", "user_id"),
		index.Fields("tenant_id", "session_id"),
	}
}
