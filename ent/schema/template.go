package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/contracts/lifecycle"
	words "heyue/domain/templates/text"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Template is a model text for contracts of one kind (E1, E2). One that belongs to a contract is that contract's own
// and serves no other.
type Template struct{ ent.Schema }

// Mixin of Template.
func (Template) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of Template.
func (Template) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.TemplateID{}).Default(publicid.NewTemplateID),
		field.String("code").Immutable().Comment("unique within the tenant; shipped templates are known by it"),
		field.String("name"),
		field.Enum("kind").GoType(lifecycle.Kind("")).Immutable(),
		text("description", 2000),
		field.UUID("contract_id", publicid.ContractID{}).Optional().Nillable().Immutable().Comment("the one contract that this was written for (E1)"),
	}
}

// Edges of Template.
func (Template) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Immutable(),
		edge.From("versions", TemplateVersion.Type).Ref("template"),
	}
}

// Indexes of Template.
func (Template) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "code").Unique(),
		index.Fields("tenant_id", "contract_id").Unique(),
		index.Fields("tenant_id", "created_at"),
	}
}

// TemplateVersion is what a template says, by number. The app's role may not change the content of a row, and no change
// of a row makes a draft of it: a draft is edited by putting a new row in its place, and what was published stays
// (migrations: template_protect).
type TemplateVersion struct{ ent.Schema }

// Mixin of TemplateVersion.
func (TemplateVersion) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of TemplateVersion.
func (TemplateVersion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.TemplateVersionID{}).Default(publicid.NewTemplateVersionID),
		field.UUID("template_id", publicid.TemplateID{}).Immutable(),
		field.Int("number").Positive().Immutable().Comment("1, 2, 3 … within the template"),
		field.Enum("status").GoType(words.VersionStatus("")).Default(string(words.Draft)),
		field.JSON("content", words.Content{}).Immutable(),
		field.String("content_hash").Immutable().Comment("SHA-256 of the content's canonical form, in hex"),
		text("note", 500),
		field.Time("published_at").Optional().Nillable().SchemaType(timestamptz),
		field.UUID("published_by_id", publicid.UserID{}).Optional().Nillable(),
		field.Time("retired_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of TemplateVersion.
func (TemplateVersion) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("template", Template.Type).Field("template_id").Unique().Required().Immutable(),
		edge.To("published_by", User.Type).Field("published_by_id").Unique(),
	}
}

// Indexes of TemplateVersion: a template has one draft and one published version at most.
func (TemplateVersion) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "template_id", "number").Unique(),
		index.Fields("tenant_id", "template_id").Unique().StorageKey("template_versions_one_draft").Annotations(entsql.IndexWhere("status = 'DRAFT'")),
		index.Fields("tenant_id", "template_id", "status").Unique().StorageKey("template_versions_one_published").Annotations(entsql.IndexWhere("status = 'PUBLISHED'")),
	}
}

// Clause is a clause of the tenant's library, copied into templates when they are written (E2).
type Clause struct{ ent.Schema }

// Mixin of Clause.
func (Clause) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of Clause. Words are in Chinese and English; at least one of the two is given.
func (Clause) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ClauseID{}).Default(publicid.NewClauseID),
		field.String("code").Immutable(),
		field.JSON("tags", []string{}),
		text("heading_zh", 200), text("heading_en", 200),
		text("text_zh", 20000), text("text_en", 20000),
	}
}

// Indexes of Clause.
func (Clause) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "code").Unique(),
		index.Fields("tenant_id", "created_at"),
	}
}
