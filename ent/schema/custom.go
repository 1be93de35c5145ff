package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Customised is the mixin of what a tenant may give fields of its own (A12). The column holds the values as they are
// shown and audited; CustomValue holds them once more, for filters and sorts.
type Customised struct{ mixin.Schema }

// Fields of a customised table.
func (Customised) Fields() []ent.Field {
	return []ent.Field{
		field.JSON("custom", custom.Set{}).Default(func() custom.Set { return custom.Set{} }).Annotations(entsql.DefaultExpr("'{}'")),
	}
}

// CustomField is a field that a tenant has defined for one kind of record (A12). Its key, its type and what it refers
// to never change: values that are there already would turn into something else.
type CustomField struct{ ent.Schema }

// Mixin of CustomField.
func (CustomField) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of CustomField.
func (CustomField) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.CustomFieldID{}).Default(publicid.NewCustomFieldID),
		field.Enum("noun").GoType(custom.Noun("")).Immutable(),
		field.String("key").Immutable(),
		field.Enum("type").GoType(custom.Type("")).Immutable(),
		field.Enum("target").GoType(custom.Target("")).Optional().Nillable().Immutable().Comment("what a REFERENCE points at"),
		field.String("label_zh"),
		field.String("label_en"),
		field.Bool("required").Default(false),
		field.JSON("options", []custom.Option{}).Default([]custom.Option{}).Comment("what a CHOICE may be, in the order to show"),
		field.Int("position").Default(0),
	}
}

// Indexes of CustomField.
func (CustomField) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "noun", "key").Unique()}
}

// CustomValue is one value of one record in a column of its type, so that lists can be filtered and sorted by index:
// under row security PostgreSQL uses an index on an expression or on jsonb for nothing, because their operators are not
// leakproof. It is written with the record and holds nothing that the record does not.
type CustomValue struct{ ent.Schema }

// Mixin of CustomValue.
func (CustomValue) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of CustomValue.
func (CustomValue) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.CustomValueID{}).Default(publicid.NewCustomValueID),
		field.UUID("field_id", publicid.CustomFieldID{}).Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Comment("the record; which table it is in is the field's noun"),
		field.String("text").Optional().Nillable().Comment("TEXT, CHOICE, REFERENCE; the currency of MONEY"),
		field.Int64("number").Optional().Nillable().Comment("NUMBER in ten-thousandths, MONEY in the currency's smallest unit"),
		field.Other("day", date.Date{}).SchemaType(dateColumn).Optional().Nillable(),
	}
}

// Edges of CustomValue.
func (CustomValue) Edges() []ent.Edge {
	return []ent.Edge{edge.To("definition", CustomField.Type).Field("field_id").Unique().Required().Immutable()}
}

// Indexes of CustomValue.
func (CustomValue) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "subject_id", "field_id").Unique(),
		index.Fields("tenant_id", "field_id", "text", "subject_id"),
		index.Fields("tenant_id", "field_id", "number", "subject_id"),
		index.Fields("tenant_id", "field_id", "day", "subject_id"),
	}
}
