package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/incidents/incident"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Incident is a breach or a case of force majeure under a contract (E10). Owner and department follow the contract's.
type Incident struct{ ent.Schema }

// Mixin of Incident.
func (Incident) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of Incident.
func (Incident) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.IncidentID{}).Default(publicid.NewIncidentID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Enum("kind").GoType(incident.Kind("")).Immutable(),
		field.Enum("side").GoType(incident.Side("")).Immutable(),
		field.Enum("state").GoType(incident.State("")).Default(string(incident.Open)),
		field.String("title"),
		text("description", 10000),
		field.Other("happened_on", dateZero).SchemaType(dateColumn).Immutable(),
		optionalDay("notice_by"),
		optionalDay("notified_on"),
		optionalDay("settle_by"),
		optionalDay("resolved_on"),
		field.UUID("reported_by_id", publicid.UserID{}).Immutable(),
	}
}

// Edges of Incident.
func (Incident) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("reported_by", User.Type).Field("reported_by_id").Unique().Required().Immutable(),
		edge.From("entries", IncidentEntry.Type).Ref("incident"),
	}
}

// Indexes of Incident.
func (Incident) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "happened_on"),
		index.Fields("tenant_id", "created_at"),
	}
}

// IncidentEntry is something put on an incident's record. Rows are only ever added.
type IncidentEntry struct{ ent.Schema }

// Mixin of IncidentEntry.
func (IncidentEntry) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}} }

// Fields of IncidentEntry.
func (IncidentEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.IncidentEntryID{}).Default(publicid.NewIncidentEntryID),
		field.UUID("incident_id", publicid.IncidentID{}).Immutable(),
		field.Enum("kind").GoType(incident.Entry("")).Immutable(),
		field.Other("happened_on", dateZero).SchemaType(dateColumn).Immutable(),
		text("told", 200),
		text("channel", 100),
		text("content", 10000),
		field.UUID("document_id", publicid.DocumentReferenceID{}).Optional().Nillable().Immutable(),
		field.UUID("recorded_by_id", publicid.UserID{}).Immutable(),
		field.Time("recorded_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of IncidentEntry.
func (IncidentEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("incident", Incident.Type).Field("incident_id").Unique().Required().Immutable(),
		edge.To("document", DocumentReference.Type).Field("document_id").Unique().Immutable(),
		edge.To("recorded_by", User.Type).Field("recorded_by_id").Unique().Required().Immutable(),
	}
}

// Indexes of IncidentEntry.
func (IncidentEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "incident_id", "recorded_at")}
}
