package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/dictionaries/shipped"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// DictionaryEntry is one value of a code list that a tenant maintains (A4): customer source, industry, service
// type … Other tables hold the code, which never changes; labels may.
type DictionaryEntry struct{ ent.Schema }

// Mixin of DictionaryEntry.
func (DictionaryEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of DictionaryEntry.
func (DictionaryEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DictionaryEntryID{}).Default(publicid.NewDictionaryEntryID),
		field.String("list").GoType(shipped.List("")).Immutable(),
		field.String("code").Immutable(),
		field.String("label_zh"),
		field.String("label_en"),
		field.Int("position").Default(0),
	}
}

// Indexes of DictionaryEntry.
func (DictionaryEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "list", "code").Unique()}
}
