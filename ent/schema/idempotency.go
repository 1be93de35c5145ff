package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// IdempotencyKey says that a mutation under a client's key has been carried out: the row is written in the transaction of
// the mutation's own write, so one is there exactly when the other is (graphql.md 4.9). Neither the key nor what was asked
// is kept in the clear.
type IdempotencyKey struct{ ent.Schema }

// Mixin of IdempotencyKey.
func (IdempotencyKey) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Transient}} }

// Fields of IdempotencyKey.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("a MAC of tenant, actor and key"),
		field.UUID("actor_id", publicid.UserID{}).Immutable(),
		field.String("mutation").Immutable().Comment("the field's name, for whoever looks into a complaint"),
		field.Bytes("request").Immutable().MaxLen(32).Comment("a MAC of document and variables"),
		field.JSON("made", []string{}).Default([]string{}).Comment("ids of what the mutation made, in order"),
		field.Bytes("answer").Optional().Nillable().Comment("sealed; NULL until it is formed, and when it is too large to keep"),
		field.Int64("authz_version").Default(0).Comment("of the tenant's permissions when the answer was formed"),
		field.Time("created_at").Immutable().SchemaType(timestamptz),
		field.Time("expires_at").Immutable().SchemaType(timestamptz),
	}
}

// Indexes of IdempotencyKey.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "expires_at")}
}
