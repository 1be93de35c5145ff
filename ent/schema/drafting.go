package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	words "heyue/domain/templates/text"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// ContractText is what a contract's text is made of: a version of a template, the values of its slots and the optional
// clauses that are in. The text itself is nowhere stored.
type ContractText struct{ ent.Schema }

// Mixin of ContractText.
func (ContractText) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ContractText.
func (ContractText) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractTextID{}).Default(publicid.NewContractTextID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("template_version_id", publicid.TemplateVersionID{}),
		field.UUID("contact_id", publicid.ContactID{}).Optional().Nillable(),
		field.Enum("language").GoType(words.Language("")),
		field.JSON("slots", words.Values{}).Comment("values by the slot's key"),
		field.JSON("optional", []string{}).Comment("keys of the optional clauses that are in"),
	}
}

// Edges of ContractText.
func (ContractText) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("template_version", TemplateVersion.Type).Field("template_version_id").Unique().Required(),
		edge.To("contact", Contact.Type).Field("contact_id").Unique(),
	}
}

// Indexes of ContractText: a contract has one text.
func (ContractText) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id").Unique(),
		index.Fields("tenant_id", "template_version_id"),
		index.Fields("tenant_id", "contact_id"),
	}
}

// ClauseException is a wish to word one clause of one contract otherwise, and what became of it (HR2). Only an accepted
// one changes the contract's text. The app's role may add to what was said, never change it (migrations:
// template_protect).
type ClauseException struct{ ent.Schema }

// Mixin of ClauseException.
func (ClauseException) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of ClauseException.
func (ClauseException) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ClauseExceptionID{}).Default(publicid.NewClauseExceptionID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.String("clause_key").Immutable(),
		field.String("old_text").Immutable().SchemaType(map[string]string{"postgres": "text"}).Comment("the clause as it stood, slots as {{key}}"),
		field.String("new_text").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.String("reason").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.Enum("status").GoType(words.ExceptionStatus("")).Default(string(words.Proposed)),
		field.UUID("proposed_by_id", publicid.UserID{}).Immutable(),
		field.UUID("decided_by_id", publicid.UserID{}).Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
		text("opinion", 2000),
	}
}

// Edges of ClauseException.
func (ClauseException) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("proposed_by", User.Type).Field("proposed_by_id").Unique().Required().Immutable(),
		edge.To("decided_by", User.Type).Field("decided_by_id").Unique(),
	}
}

// Indexes of ClauseException: one proposal a clause is open at a time.
func (ClauseException) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "clause_key").Unique().StorageKey("clause_exceptions_one_open").Annotations(entsql.IndexWhere("status = 'PROPOSED'")),
		index.Fields("tenant_id", "contract_id", "id"),
	}
}

// Annotations of ClauseException: nobody decides on their own proposal.
func (ClauseException) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"decided_by_another": "decided_by_id <> proposed_by_id",
		"decided_when_said":  "(decided_at IS NULL) = (status IN ('PROPOSED', 'WITHDRAWN'))",
	})}
}
