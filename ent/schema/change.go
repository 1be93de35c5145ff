package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/changes/order"
	"heyue/domain/changes/terms"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// ChangeOrder is a wish to change a contract that binds: what, from when to when, why, and what became of it (G1, G3).
type ChangeOrder struct{ ent.Schema }

// Mixin of ChangeOrder.
func (ChangeOrder) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of ChangeOrder.
func (ChangeOrder) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ChangeOrderID{}).Default(publicid.NewChangeOrderID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Int("number").Positive().Immutable().Comment("1, 2, 3 … within the contract"),
		field.Enum("state").GoType(order.State("")).Default(string(order.Draft)),
		field.String("reason").SchemaType(map[string]string{"postgres": "text"}),
		text("impact", 4000),
		optionalDay("effective_on"),
		optionalDay("until"),
		field.JSON("delta", terms.Delta{}),
		field.UUID("requested_by_id", publicid.UserID{}).Immutable(),
		field.UUID("submitted_by_id", publicid.UserID{}).Optional().Nillable(),
		field.Time("submitted_at").Optional().Nillable().SchemaType(timestamptz),
		field.UUID("decided_by_id", publicid.UserID{}).Optional().Nillable().Comment("NULL while open, and where an approval flow decided alone"),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
		text("opinion", 2000),
	}
}

// Edges of ChangeOrder.
func (ChangeOrder) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("requested_by", User.Type).Field("requested_by_id").Unique().Required().Immutable(),
		edge.To("submitted_by", User.Type).Field("submitted_by_id").Unique(),
		edge.To("decided_by", User.Type).Field("decided_by_id").Unique(),
		edge.From("evidence", ChangeEvidence.Type).Ref("change_order"),
	}
}

// Indexes of ChangeOrder.
func (ChangeOrder) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "number").Unique(),
		index.Fields("tenant_id", "requested_by_id"),
		index.Fields("tenant_id", "submitted_by_id"),
		index.Fields("tenant_id", "decided_by_id"),
	}
}

// Annotations of ChangeOrder: nobody decides on what they submitted, and a change ends after it begins.
func (ChangeOrder) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"change_second_person": "decided_by_id <> submitted_by_id",
		"change_decided":       "(decided_at IS NULL) = (state NOT IN ('APPROVED', 'REJECTED'))",
		"change_in_order":      "until >= effective_on",
	})}
}

// ChangeEvidence is a document that a change order rests on (HR9). Rows are only ever added.
type ChangeEvidence struct{ ent.Schema }

// Mixin of ChangeEvidence.
func (ChangeEvidence) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of ChangeEvidence.
func (ChangeEvidence) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ChangeEvidenceID{}).Default(publicid.NewChangeEvidenceID),
		field.UUID("change_order_id", publicid.ChangeOrderID{}).Immutable(),
		field.UUID("document_id", publicid.DocumentReferenceID{}).Immutable(),
	}
}

// Edges of ChangeEvidence.
func (ChangeEvidence) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("change_order", ChangeOrder.Type).Field("change_order_id").Unique().Required().Immutable(),
		edge.To("document", DocumentReference.Type).Field("document_id").Unique().Required().Immutable(),
	}
}

// Indexes of ChangeEvidence.
func (ChangeEvidence) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "change_order_id", "document_id").Unique(),
		index.Fields("tenant_id", "document_id"),
	}
}

// ContractVersion is an entry in the record of a contract's terms (G2, HR8): the first one is what was agreed, every
// other one what a change made of it. Which terms are in force on a day follows from these rows alone. Rows are only ever
// added.
type ContractVersion struct{ ent.Schema }

// Mixin of ContractVersion.
func (ContractVersion) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of ContractVersion.
func (ContractVersion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractVersionID{}).Default(publicid.NewContractVersionID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Int("number").Positive().Immutable().Comment("1 for what was agreed; the order in which changes are applied"),
		field.Enum("source").GoType(terms.Source("")).Immutable(),
		field.UUID("change_order_id", publicid.ChangeOrderID{}).Optional().Nillable().Immutable(),
		field.UUID("record_id", publicid.ContractChangeID{}).Optional().Nillable().Immutable().Comment("the entry among the contract's changes"),
		field.Other("effective_on", dateZero).SchemaType(dateColumn).Optional().Nillable().Immutable().Comment("the first day; NULL for the first version"),
		field.Other("until", dateZero).SchemaType(dateColumn).Optional().Nillable().Immutable().Comment("the last day of a temporary change"),
		field.Time("recorded_at").Immutable().SchemaType(timestamptz).Comment("rises with the number"),
		field.UUID("recorded_by_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("NULL: the calendar"),
		field.JSON("delta", terms.Delta{}).Immutable(),
		field.JSON("content", terms.Sheet{}).Immutable().Comment("the terms on the first day of this version, as known then"),
		field.String("digest").Immutable().Comment("SHA-256 of content's canonical form, in hexadecimal"),
	}
}

// Edges of ContractVersion.
func (ContractVersion) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("change_order", ChangeOrder.Type).Field("change_order_id").Unique().Immutable(),
		edge.To("record", ContractChange.Type).Field("record_id").Unique().Immutable(),
		edge.To("recorded_by", User.Type).Field("recorded_by_id").Unique().Immutable(),
	}
}

// Indexes of ContractVersion: a change is put on record once.
func (ContractVersion) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "number").Unique(),
		index.Fields("tenant_id", "change_order_id").Unique(),
		index.Fields("tenant_id", "record_id"),
		index.Fields("tenant_id", "recorded_by_id"),
	}
}

// Annotations of ContractVersion.
func (ContractVersion) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"version_first":    "(source = 'CONTRACT') = (number = 1) AND (source = 'CONTRACT') = (effective_on IS NULL)",
		"version_order":    "(source = 'CHANGE') = (change_order_id IS NOT NULL)",
		"version_in_order": "until >= effective_on",
	})}
}

// TermsSchedule says for which day a contract's rows hold its terms, and when these change by themselves next. The
// calendar finds its work here.
type TermsSchedule struct{ ent.Schema }

// Mixin of TermsSchedule.
func (TermsSchedule) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of TermsSchedule.
func (TermsSchedule) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.TermsScheduleID{}).Default(publicid.NewTermsScheduleID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		day("applied_on"),
		optionalDay("next_on"),
	}
}

// Edges of TermsSchedule.
func (TermsSchedule) Edges() []ent.Edge {
	return []ent.Edge{edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable()}
}

// Indexes of TermsSchedule.
func (TermsSchedule) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id").Unique(),
		index.Fields("tenant_id", "next_on"),
	}
}
