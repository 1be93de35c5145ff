package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Obligation is one due date of anything (J4): what must happen by when, and who answers for it. Owner and
// department follow the subject's, so that scopes work as they do on the subject.
type Obligation struct{ ent.Schema }

// Mixin of Obligation.
func (Obligation) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Owned{}}
}

// Fields of Obligation. The subject is the row the date stands in, which may be of any table.
func (Obligation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ObligationID{}).Default(publicid.NewObligationID),
		field.Enum("kind").GoType(due.Kind("")).Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.UUID("contract_id", publicid.ContractID{}).Optional().Nillable().Immutable(),
		field.String("title"),
		day("due_on"),
		field.Int("date_version").Default(1).Positive().Comment("goes up with every change of due_on; reminders are per version"),
		field.Enum("state").GoType(due.State("")).Default(string(due.Open)),
		field.Int64("amount_minor").Optional().Nillable(),
		field.String("currency").GoType(money.Currency("")).Default(""),
	}
}

// Edges of Obligation.
func (Obligation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Immutable(),
		edge.From("reminders", Reminder.Type).Ref("obligation"),
		edge.From("alerts", Alert.Type).Ref("obligation"),
	}
}

// Indexes of Obligation.
func (Obligation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "kind", "subject_id").Unique(),
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "due_on"),
		index.Fields("tenant_id", "owner_id"),
		index.Fields("tenant_id", "department_id"),
	}
}

// Reminder is where an obligation stands on its ladder: the next step and the instant it fires. There is one row
// an obligation; next_at is NULL when nothing is left to fire.
type Reminder struct{ ent.Schema }

// Mixin of Reminder.
func (Reminder) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}} }

// Fields of Reminder.
func (Reminder) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ReminderID{}).Default(publicid.NewReminderID),
		field.UUID("obligation_id", publicid.ObligationID{}).Immutable(),
		field.Int("date_version").Positive(),
		field.String("step").Default("").Comment("key of the step that fires at next_at"),
		field.Time("next_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of Reminder.
func (Reminder) Edges() []ent.Edge {
	return []ent.Edge{edge.To("obligation", Obligation.Type).Field("obligation_id").Unique().Required().Immutable()}
}

// Indexes of Reminder. The scanner walks the one on next_at, so that its cost is the number of due rows.
func (Reminder) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "obligation_id").Unique(),
		index.Fields("next_at", "tenant_id").Annotations(entsql.IndexWhere("next_at IS NOT NULL")),
	}
}

// Alert is one fired step of an obligation's ladder.
type Alert struct{ ent.Schema }

// Mixin of Alert.
func (Alert) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}} }

// Fields of Alert. Title, due date and amount are kept as they were when the alert was raised.
func (Alert) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.AlertID{}).Default(publicid.NewAlertID),
		field.UUID("obligation_id", publicid.ObligationID{}).Immutable(),
		field.Enum("kind").GoType(due.Kind("")).Immutable(),
		field.Int("date_version").Immutable().Positive(),
		field.String("step").Immutable(),
		field.Int("days_left").Immutable().Comment("from the firing step to the due date; negative when overdue"),
		field.String("title").Immutable(),
		field.Other("due_on", dateZero).SchemaType(dateColumn).Immutable(),
		field.Int64("amount_minor").Optional().Nillable().Immutable(),
		field.String("currency").GoType(money.Currency("")).Default("").Immutable(),
		field.Time("raised_at").Immutable().SchemaType(timestamptz),
		field.Enum("state").GoType(due.AlertState("")).Default(string(due.Raised)),
		field.Time("withdrawn_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of Alert.
func (Alert) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("obligation", Obligation.Type).Field("obligation_id").Unique().Required().Immutable(),
		edge.From("recipients", AlertRecipient.Type).Ref("alert"),
	}
}

// Indexes of Alert. The unique one makes each (obligation, step, date version) fire once, whatever runs twice.
func (Alert) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "obligation_id", "date_version", "step").Unique(),
		index.Fields("tenant_id", "raised_at"),
	}
}

// AlertRecipient is an alert in a user's inbox.
type AlertRecipient struct{ ent.Schema }

// Mixin of AlertRecipient.
func (AlertRecipient) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of AlertRecipient.
func (AlertRecipient) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.AlertRecipientID{}).Default(publicid.NewAlertRecipientID),
		field.UUID("alert_id", publicid.AlertID{}).Immutable(),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.Time("read_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("acknowledged_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("snoozed_until").Optional().Nillable().SchemaType(timestamptz).Comment("the user does not want to see it before"),
		field.UUID("assigned_by_id", publicid.UserID{}).Optional().Nillable().Comment("who gave it to the user"),
		field.UUID("assigned_to_id", publicid.UserID{}).Optional().Nillable().Comment("whom the user gave it to"),
	}
}

// Edges of AlertRecipient.
func (AlertRecipient) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("alert", Alert.Type).Field("alert_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("assigned_by", User.Type).Field("assigned_by_id").Unique(),
		edge.To("assigned_to", User.Type).Field("assigned_to_id").Unique(),
	}
}

// Indexes of AlertRecipient. The waker walks the one on snoozed_until.
func (AlertRecipient) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "alert_id", "user_id").Unique(),
		index.Fields("tenant_id", "user_id", "created_at"),
		index.Fields("snoozed_until", "tenant_id").Annotations(entsql.IndexWhere("snoozed_until IS NOT NULL")),
	}
}
