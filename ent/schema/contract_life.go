package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/signature"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

var printColumn = map[string]string{"postgres": "bytea"}

// ContractStep is an event in a contract's life: what happened, when, why, and who put it on record. Rows are only ever
// added; the contract's status is where its last step led.
type ContractStep struct{ ent.Schema }

// Mixin of ContractStep.
func (ContractStep) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of ContractStep.
func (ContractStep) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractStepID{}).Default(publicid.NewContractStepID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Enum("event").GoType(lifecycle.Event("")).Immutable(),
		field.Enum("from_status").GoType(lifecycle.Status("")).Immutable(),
		field.Enum("to_status").GoType(lifecycle.Status("")).Immutable(),
		field.Other("happened_on", dateZero).SchemaType(dateColumn).Immutable(),
		field.Other("until", dateZero).SchemaType(dateColumn).Optional().Nillable().Immutable().Comment("last day of a suspension, or of the term that follows"),
		text("reason", 2000),
		text("declared_by", 200),
		field.Other("print", content.Print{}).SchemaType(printColumn).Optional().Nillable().Immutable().Comment("what the contract said"),
		field.UUID("document_id", publicid.DocumentReferenceID{}).Optional().Nillable().Immutable(),
		field.UUID("actor_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("NULL: the calendar"),
		field.Time("occurred_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of ContractStep.
func (ContractStep) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("document", DocumentReference.Type).Field("document_id").Unique().Immutable(),
		edge.To("actor", User.Type).Field("actor_id").Unique().Immutable(),
	}
}

// Indexes of ContractStep.
func (ContractStep) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "contract_id", "event")}
}

// Signature is a party's signature as it was put on record (E13). Rows are only ever added; one that turns out void has
// a SignatureVoid.
type Signature struct{ ent.Schema }

// Mixin of Signature.
func (Signature) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Personal}} }

// Fields of Signature.
func (Signature) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.SignatureID{}).Default(publicid.NewSignatureID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("party_id", publicid.ContractPartyID{}).Immutable(),
		field.String("party_name").Immutable().Comment("as it was when signed"),
		field.String("signatory").Immutable().Comment("the person who signed"),
		text("capacity", 100),
		field.Enum("method").GoType(signature.Method("")).Immutable(),
		text("seal", 200),
		field.Other("signed_on", dateZero).SchemaType(dateColumn).Immutable(),
		field.Int("originals").Default(0).NonNegative().Immutable().Comment("signed originals that the party holds"),
		field.Bool("understood").Immutable().Comment("the party declared that it read and understood the contract"),
		field.Other("print", content.Print{}).SchemaType(printColumn).Immutable().Comment("what was signed"),
		field.UUID("document_id", publicid.DocumentReferenceID{}).Optional().Nillable().Immutable(),
		field.UUID("recorded_by_id", publicid.UserID{}).Immutable(),
		field.Time("recorded_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of Signature.
func (Signature) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("party", ContractParty.Type).Field("party_id").Unique().Required().Immutable(),
		edge.To("document", DocumentReference.Type).Field("document_id").Unique().Immutable(),
		edge.To("recorded_by", User.Type).Field("recorded_by_id").Unique().Required().Immutable(),
		edge.From("voids", SignatureVoid.Type).Ref("signature"),
	}
}

// Indexes of Signature.
func (Signature) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "party_id"),
	}
}

// SignatureVoid takes a signature back, for a reason.
type SignatureVoid struct{ ent.Schema }

// Mixin of SignatureVoid.
func (SignatureVoid) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Personal}} }

// Fields of SignatureVoid.
func (SignatureVoid) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.SignatureVoidID{}).Default(publicid.NewSignatureVoidID),
		field.UUID("signature_id", publicid.SignatureID{}).Immutable(),
		field.String("reason").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.UUID("voided_by_id", publicid.UserID{}).Optional().Nillable().Immutable(),
		field.Time("voided_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of SignatureVoid.
func (SignatureVoid) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("signature", Signature.Type).Field("signature_id").Unique().Required().Immutable(),
		edge.To("voided_by", User.Type).Field("voided_by_id").Unique().Immutable(),
	}
}

// Indexes of SignatureVoid.
func (SignatureVoid) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "signature_id").Unique()}
}
