package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Endpoint is where a tenant wants messages to go that are for no mailbox: a program that is called, the robot of a
// group, a gateway for text messages.
type Endpoint struct{ ent.Schema }

// Mixin of Endpoint.
func (Endpoint) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of Endpoint. What the worker writes down about its standing is no change that callers compare versions of.
func (Endpoint) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.EndpointID{}).Default(publicid.NewEndpointID),
		field.Enum("channel").GoType(channel.Channel("")).Immutable(),
		field.Enum("provider").GoType(posting.Provider("")).Default(string(posting.Plain)).Immutable(),
		field.String("name"),
		text("url", posting.MaxURL), // as it may be shown: without what lets in whoever knows it
		field.Bytes("credentials").Sensitive().Comment("address and secrets, encrypted"),
		field.JSON("options", map[string]string{}).Comment("what the provider wants to know beside them"),
		field.JSON("events", []string{}).Comment("kinds of events that go there"),
		field.JSON("shown_fields", []string{}).Comment("maskable fields that its messages may hold"),
		field.UUID("user_id", publicid.UserID{}).Optional().Nillable().Comment("whose eyes it has; NULL: the tenant's own"),
		field.Time("previous_until").Optional().Nillable().SchemaType(timestamptz).Comment("until when the secret before the last rotation signs too"),
		field.Bool("enabled").Default(true),
		field.Enum("disabled_reason").GoType(posting.Reason("")).Default(string(posting.NoReason)),
		field.Int64("cursor").Default(0).Comment("the last event that was looked at"),
		field.Int("failures").Default(0).NonNegative().Comment("in a row"),
		field.Time("failing_since").Optional().Nillable().SchemaType(timestamptz),
		field.Time("open_until").Optional().Nillable().SchemaType(timestamptz).Comment("nothing is tried before"),
		field.Time("free_at").Optional().Nillable().SchemaType(timestamptz).Comment("when the rate of its channel lets the next message pass"),
	}
}

// Edges of Endpoint.
func (Endpoint) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique()}
}

// Indexes of Endpoint.
func (Endpoint) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id")}
}

// Delivery is one message to one recipient by one channel, with where it stands on its way.
type Delivery struct{ ent.Schema }

// Mixin of Delivery.
func (Delivery) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Transient}, Stamped{}}
}

// Annotations of Delivery.
func (Delivery) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "deliveries"}}
}

// Fields of Delivery. It holds whom it is for and what it is about, and never what it says: that is written when it goes
// out, as things and permissions are then.
func (Delivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DeliveryID{}).Default(publicid.NewDeliveryID),
		field.UUID("source_id", uuid.UUID{}).Immutable().Comment("the alert or the event; together with kind the key by which receivers know a repetition"),
		field.String("kind").Immutable().Comment("of the event"),
		field.UUID("alert_id", publicid.AlertID{}).Optional().Nillable().Immutable(),
		field.JSON("payload", json.RawMessage{}).Optional().Immutable().Comment("the event's own, which holds names of things and no content"),
		field.Time("occurred_at").Immutable().SchemaType(timestamptz),
		field.Enum("channel").GoType(channel.Channel("")).Immutable(),
		field.String("target").Immutable().SchemaType(map[string]string{"postgres": "text"}).Comment("the user, the address or the endpoint: messages of one channel to one target are in order"),
		field.UUID("user_id", publicid.UserID{}).Optional().Nillable().Immutable(),
		field.UUID("endpoint_id", publicid.EndpointID{}).Optional().Nillable().Immutable(),
		fixedText("address", posting.MaxAddress),
		fixedText("name", posting.MaxName),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.Int64("position").Immutable().Comment("among the messages about its subject"),
		field.String("digest_key").Default("").Immutable(),
		field.String("locale").Default("").Immutable(),
		field.Enum("state").GoType(posting.State("")).Default(string(posting.Waiting)),
		field.Int("attempt").Default(0).NonNegative().Comment("tries begun; only the last one may say what became of it"),
		field.Time("next_at").Optional().Nillable().SchemaType(timestamptz).Comment("when it is tried next; NULL: never again"),
		field.Time("leased_until").Optional().Nillable().SchemaType(timestamptz).Comment("a try is under way, or its worker died"),
		field.Time("expires_at").SchemaType(timestamptz).Comment("no try is planned after"),
		field.Time("delivered_at").Optional().Nillable().SchemaType(timestamptz),
		field.Enum("reason").GoType(posting.Reason("")).Default(string(posting.NoReason)).Comment("why it was given up"),
		text("provider_id", posting.MaxProviderID), // what the other side calls it
	}
}

// Edges of Delivery.
func (Delivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("alert", Alert.Type).Field("alert_id").Unique().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
		edge.To("endpoint", Endpoint.Type).Field("endpoint_id").Unique().Immutable(),
		edge.From("attempts", DeliveryAttempt.Type).Ref("delivery"),
	}
}

// Indexes of Delivery. Workers walk those on next_at, so that their cost is the number of messages that are due.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "source_id", "kind", "channel", "target").Unique(),
		index.Fields("next_at", "tenant_id").Annotations(entsql.IndexWhere("next_at IS NOT NULL")),
		index.Fields("tenant_id", "endpoint_id", "next_at").Annotations(entsql.IndexWhere("next_at IS NOT NULL")),
		index.Fields("tenant_id", "channel", "target", "subject_id", "position").Annotations(entsql.IndexWhere("state = 'WAITING'")),
		index.Fields("tenant_id", "leased_until").Annotations(entsql.IndexWhere("leased_until IS NOT NULL")),
		index.Fields("tenant_id", "created_at"),
		index.Fields("tenant_id", "alert_id"),
		index.Fields("tenant_id", "user_id"),
	}
}

// DeliveryAttempt is one try to deliver and what the other side said.
type DeliveryAttempt struct{ ent.Schema }

// Mixin of DeliveryAttempt.
func (DeliveryAttempt) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Transient}}
}

// Fields of DeliveryAttempt.
func (DeliveryAttempt) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DeliveryAttemptID{}).Default(publicid.NewDeliveryAttemptID),
		field.UUID("delivery_id", publicid.DeliveryID{}).Immutable(),
		field.Int("number").Immutable().Positive(),
		field.Time("began_at").Immutable().SchemaType(timestamptz),
		field.Int("latency_ms").Immutable().NonNegative(),
		field.Enum("result").GoType(posting.Result("")).Immutable(),
		field.Int("status").Default(0).Immutable().Comment("the answer's number; 0: there was none"),
		fixedText("trouble", posting.MaxTrouble),
		fixedText("response_head", posting.MaxHead),
	}
}

// Edges of DeliveryAttempt.
func (DeliveryAttempt) Edges() []ent.Edge {
	return []ent.Edge{edge.To("delivery", Delivery.Type).Field("delivery_id").Unique().Required().Immutable()}
}

// Indexes of DeliveryAttempt.
func (DeliveryAttempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "delivery_id", "number").Unique(),
		index.Fields("tenant_id", "began_at"),
	}
}

// MessageTemplate is a tenant's own words for one kind of message by one channel in one language.
type MessageTemplate struct{ ent.Schema }

// Mixin of MessageTemplate.
func (MessageTemplate) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of MessageTemplate.
func (MessageTemplate) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.MessageTemplateID{}).Default(publicid.NewMessageTemplateID),
		field.Enum("kind").GoType(posting.MessageKind("")).Immutable(),
		field.Enum("channel").GoType(channel.Channel("")).Immutable(),
		field.String("locale").Immutable(),
		text("subject", posting.MaxSubject),
		text("body", posting.MaxBody),
	}
}

// Indexes of MessageTemplate.
func (MessageTemplate) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "kind", "channel", "locale").Unique()}
}
