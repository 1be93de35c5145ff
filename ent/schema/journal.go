package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// OutboxEvent is something that happened, written in the transaction that made it happen. The relay numbers
// events per tenant after commit; seq is NULL until then.
type OutboxEvent struct{ ent.Schema }

// Mixin of OutboxEvent.
func (OutboxEvent) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Journal}} }

// Fields of OutboxEvent.
func (OutboxEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.OutboxEventID{}).Default(publicid.NewOutboxEventID),
		field.Int64("seq").Optional().Nillable().Comment("gap-free within the tenant, in commit order"),
		field.String("kind").Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.JSON("payload", json.RawMessage{}).Immutable(),
		field.Time("occurred_at").Immutable().SchemaType(timestamptz),
	}
}

// Indexes of OutboxEvent. The relay finds unnumbered rows by the partial one.
func (OutboxEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "seq").Unique(),
		index.Fields("tenant_id", "id").Annotations(entsql.IndexWhere("seq IS NULL")),
	}
}

// AuditEntry tells who changed what, when and from what to what. Rows are only ever added: the app's role has
// no right to change or delete them.
type AuditEntry struct{ ent.Schema }

// Mixin of AuditEntry.
func (AuditEntry) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Journal}} }

// Fields of AuditEntry.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.AuditEntryID{}).Default(publicid.NewAuditEntryID),
		field.UUID("actor_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("NULL: the system itself"),
		field.UUID("api_key_id", publicid.APIKeyID{}).Optional().Nillable().Immutable().Comment("the key with which the actor's program acted"),
		field.String("action").Immutable(),
		field.String("object").Immutable(),
		field.UUID("object_id", uuid.UUID{}).Immutable(),
		field.JSON("changes", json.RawMessage{}).Immutable(),
		field.String("request_id").Default("").Immutable(),
		field.Time("occurred_at").Immutable().SchemaType(timestamptz),
	}
}

// Indexes of AuditEntry.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "object_id"),
		index.Fields("tenant_id", "occurred_at"),
	}
}

// AuditSeal chains audit entries: the hash of each covers the entry and the hash before it, per tenant. Seals are
// made after commit by the relay, so that writers do not queue for the chain's head.
type AuditSeal struct{ ent.Schema }

// Mixin of AuditSeal.
func (AuditSeal) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Transient}} }

// Fields of AuditSeal.
func (AuditSeal) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.AuditSealID{}).Default(publicid.NewAuditSealID),
		field.UUID("entry_id", publicid.AuditEntryID{}).Immutable(),
		field.Int64("seq").Immutable().Positive(),
		field.Bytes("hash").Immutable().MaxLen(32),
		field.Time("sealed_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of AuditSeal.
func (AuditSeal) Edges() []ent.Edge {
	return []ent.Edge{edge.To("entry", AuditEntry.Type).Field("entry_id").Unique().Required().Immutable()}
}

// Indexes of AuditSeal.
func (AuditSeal) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "seq").Unique(),
		index.Fields("tenant_id", "entry_id").Unique(),
	}
}

// AuditQueue names the entries that have no seal yet. A row is added with its entry and deleted with its seal.
type AuditQueue struct{ ent.Schema }

// Mixin of AuditQueue.
func (AuditQueue) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Transient}} }

// Annotations of AuditQueue.
func (AuditQueue) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "audit_queue"}}
}

// Fields of AuditQueue; id is the entry's.
func (AuditQueue) Fields() []ent.Field {
	return []ent.Field{field.UUID("id", publicid.AuditEntryID{}).Immutable()}
}

// NumberCounter holds the last number given out per kind and period. Its row is locked until the transaction that
// took a number commits, which is what leaves no gaps.
type NumberCounter struct{ ent.Schema }

// Mixin of NumberCounter.
func (NumberCounter) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of NumberCounter.
func (NumberCounter) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.NumberCounterID{}).Default(publicid.NewNumberCounterID),
		field.String("kind").Immutable(),
		field.String("period").Default("").Immutable(),
		field.Int64("last").NonNegative(),
	}
}

// Indexes of NumberCounter.
func (NumberCounter) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "kind", "period").Unique()}
}

// ImportSource remembers which row an imported object became, so that a second import finds it again.
type ImportSource struct{ ent.Schema }

// Mixin of ImportSource.
func (ImportSource) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ImportSource.
func (ImportSource) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ImportSourceID{}).Default(publicid.NewImportSourceID),
		field.String("system").Immutable().Comment("where it came from, such as ocds"),
		field.String("object").Immutable(),
		field.String("source_id").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.UUID("object_id", uuid.UUID{}).Immutable(),
		field.String("hash").Comment("of the source's content when it was last taken over"),
	}
}

// Indexes of ImportSource.
func (ImportSource) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "system", "object", "source_id").Unique(),
		index.Fields("tenant_id", "object_id"),
	}
}
