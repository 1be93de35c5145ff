// Package schema is the shape of every table: fields, their limits, edges and indexes. It holds no hooks, no
// privacy rules and no import of generated code (architecture.md 3): rules live in domain packages, isolation
// in tenancy. Primary and foreign keys are written here as ent wants them and become (tenant_id, …) keys when
// migrations are made (tenancy.Compose).
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Tenanted is the mixin of every table that belongs to a tenant. The value is stamped by the guard in package
// tenancy and compared by the row policy; no caller ever sets it. Class says what kind of data the table holds, and so
// what an archive of the tenant takes along; tables without one are refused when code is generated (tenancy/catalog).
type Tenanted struct {
	mixin.Schema
	Class class.Class
}

// Annotations of a tenanted table.
func (t Tenanted) Annotations() []schema.Annotation {
	return []schema.Annotation{class.Data{Class: t.Class}}
}

// Fields of a tenanted table.
func (Tenanted) Fields() []ent.Field {
	return []ent.Field{field.Int64("tenant_id").Immutable()}
}

// Versioned is the mixin of every aggregate root that callers change: version goes up by one with each write and
// is compared by updates (graphql.md 4.8).
type Versioned struct{ mixin.Schema }

// Fields of a versioned table.
func (Versioned) Fields() []ent.Field {
	return []ent.Field{field.Int("version").Default(1).Positive()}
}

// Stamped is the mixin of every table that tells when a row was made and last changed.
type Stamped struct{ mixin.Schema }

// Fields of a stamped table.
func (Stamped) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Immutable().Default(now).SchemaType(timestamptz),
		field.Time("updated_at").Default(now).UpdateDefault(now).SchemaType(timestamptz),
	}
}

// Archivable is the mixin of what users put away instead of deleting it.
type Archivable struct{ mixin.Schema }

// Fields of an archivable table.
func (Archivable) Fields() []ent.Field {
	return []ent.Field{field.Time("archived_at").Optional().Nillable().SchemaType(timestamptz)}
}

// Owned is the mixin of what a user and a department answer for: the two columns that data scopes are made of
// (tenancy.md 4.3). Both may be empty: a customer in the public pool has no owner.
type Owned struct{ mixin.Schema }

// Fields of an owned table.
func (Owned) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", publicid.UserID{}).Optional().Nillable(),
		field.UUID("department_id", publicid.DepartmentID{}).Optional().Nillable(),
	}
}

// Edges of an owned table.
func (Owned) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("owner", User.Type).Field("owner_id").Unique(),
		edge.To("department", Department.Type).Field("department_id").Unique(),
	}
}

var (
	timestamptz = map[string]string{"postgres": "timestamptz"}
	dateColumn  = map[string]string{"postgres": "date"}
	numeric     = map[string]string{"postgres": "numeric(24,4)"}
)

func now() time.Time { return clock.System{}.Now() }

// day is a date column.
func day(name string) ent.Field {
	return field.Other(name, date.Date{}).SchemaType(dateColumn)
}

// optionalDay is a date column that may be empty: nil then.
func optionalDay(name string) ent.Field {
	return field.Other(name, date.Date{}).SchemaType(dateColumn).Optional().Nillable()
}

// text is a column of at most limit characters, "" when empty: one empty value, so that filters need no null case.
func text(name string, limit int) ent.Field {
	return field.String(name).Default("").MaxLen(limit * utf8Max).SchemaType(map[string]string{"postgres": "text"})
}

// sealed is a text of at most limit characters that only the tenant's key opens (tenancy/vault): "" when empty, as every
// text. Lists neither sort by it nor search in it; a blind column beside it is what they compare.
func sealed(name string, limit int, form class.Form) ent.Field {
	const overhead = 64 // mark, key, nonce and tag
	return field.String(name).Default("").MaxLen((limit*utf8Max + overhead) * 4 / 3).SchemaType(map[string]string{"postgres": "text"}).
		Annotations(class.Sealed{Form: form})
}

// blind is the column name_blind that is compared where a filter asks for equality of a sealed text.
func blind(name string) ent.Field {
	return field.String(name + "_blind").Default("").MaxLen(64).Sensitive().SchemaType(map[string]string{"postgres": "text"}).
		Annotations(class.Blind{Of: name}).Comment("stands in for " + name + " where equality is asked for")
}

// fixedText is text that never changes.
func fixedText(name string, limit int) ent.Field {
	return field.String(name).Default("").MaxLen(limit * utf8Max).SchemaType(map[string]string{"postgres": "text"}).Immutable()
}

// utf8Max: ent counts bytes, users count characters; the exact limit is the use case's (Validate).
const utf8Max = 4

// dateZero is the Go type of an immutable date column.
var dateZero date.Date

func checks(c map[string]string) schema.Annotation { return &entsql.Annotation{Checks: c} }
