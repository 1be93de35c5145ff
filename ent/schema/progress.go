package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/progress/work"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// ProgressLine is something to deliver, to serve or to accept under a contract: how much, by when, and how much of it is
// done (I1, I2, HR13).
type ProgressLine struct{ ent.Schema }

// Mixin of ProgressLine.
func (ProgressLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of ProgressLine.
func (ProgressLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ProgressLineID{}).Default(publicid.NewProgressLineID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Enum("kind").GoType(work.Kind("")).Immutable(),
		field.String("title"),
		day("planned_on"),
		field.Other("planned_quantity", money.Decimal{}).SchemaType(numeric),
		field.Other("actual_quantity", money.Decimal{}).SchemaType(numeric).Default(func() money.Decimal { return money.Whole(0) }).
			Comment("sum of the entries, kept in their transactions"),
		text("unit", 60),
		field.Int("weight").Default(1).Positive().Comment("share of the contract's progress"),
		field.Enum("state").GoType(work.State("")).Default(string(work.Planned)),
		optionalDay("done_on"),
	}
}

// Edges of ProgressLine.
func (ProgressLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.From("entries", ProgressEntry.Type).Ref("line"),
	}
}

// Indexes of ProgressLine.
func (ProgressLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "id").Unique(),
		index.Fields("tenant_id", "planned_on"),
	}
}

// Annotations of ProgressLine: what is done stays within the plan and the state follows it, whoever writes.
func (ProgressLine) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"progress_quantity": "planned_quantity > 0 AND actual_quantity >= 0 AND actual_quantity <= planned_quantity",
		"progress_weight":   "weight BETWEEN 1 AND 10000",
		"progress_state": "CASE state WHEN 'DONE' THEN actual_quantity = planned_quantity WHEN 'STARTED' THEN actual_quantity > 0 AND actual_quantity < planned_quantity " +
			"ELSE actual_quantity = 0 END",
		"progress_done": "(state = 'DONE') = (done_on IS NOT NULL)",
	})}
}

// ProgressEntry is work that was done on a progress line, or the reversal of such an entry. Rows are never changed.
type ProgressEntry struct{ ent.Schema }

// Mixin of ProgressEntry.
func (ProgressEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ProgressEntry.
func (ProgressEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ProgressEntryID{}).Default(publicid.NewProgressEntryID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("line_id", publicid.ProgressLineID{}).Immutable(),
		field.Other("quantity", money.Decimal{}).SchemaType(numeric).Immutable().Comment("negative for a reversal"),
		field.Other("happened_on", dateZero).SchemaType(dateColumn).Immutable(),
		field.String("reference").Default("").Immutable().Comment("number of the delivery note or the protocol"),
		field.String("note").Default("").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.UUID("reversal_of_id", publicid.ProgressEntryID{}).Optional().Nillable().Immutable(),
	}
}

// Edges of ProgressEntry.
func (ProgressEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("line", ProgressLine.Type).Field("line_id").Unique().Required().Immutable(),
		edge.To("reversal", ProgressEntry.Type).Unique().From("reversal_of").Field("reversal_of_id").Unique().Immutable(),
	}
}

// Indexes of ProgressEntry. An entry is reversed once.
func (ProgressEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "line_id"),
		index.Fields("tenant_id", "reversal_of_id").Unique(),
	}
}

// Annotations of ProgressEntry.
func (ProgressEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"progress_entry_sign": "CASE WHEN reversal_of_id IS NULL THEN quantity > 0 ELSE quantity < 0 END",
	})}
}
