package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/identity/account"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// OneTimeToken lets whoever holds its text do one thing once: choose a password, or finish a sign-in. Rows are kept
// until they expire, so that a second use is told from a made-up text.
type OneTimeToken struct{ ent.Schema }

// Mixin of OneTimeToken.
func (OneTimeToken) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}}
}

// Fields of OneTimeToken.
func (OneTimeToken) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.OneTimeTokenID{}).Default(publicid.NewOneTimeTokenID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.Enum("purpose").GoType(account.Purpose("")).Immutable(),
		field.String("token_hash").Immutable().Sensitive().Comment("SHA-256 in hex; the token itself is never stored"),
		field.Int("tries").Default(0).NonNegative().Comment("wrong codes given with it"),
		field.Time("expires_at").SchemaType(timestamptz),
		field.Time("used_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("revoked_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of OneTimeToken.
func (OneTimeToken) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of OneTimeToken.
func (OneTimeToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "token_hash").Unique(),
		index.Fields("tenant_id", "user_id", "purpose"),
		index.Fields("tenant_id", "expires_at"),
	}
}

// Mail is a message that waits to be sent, or was. It is written in the transaction of its cause and sent after the
// commit, at least once.
type Mail struct{ ent.Schema }

// Mixin of Mail.
func (Mail) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Transient}, Stamped{}} }

// Annotations of Mail.
func (Mail) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "mails"}}
}

// Fields of Mail.
func (Mail) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.MailID{}).Default(publicid.NewMailID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.String("kind").Immutable().Comment("which template it is written from"),
		field.Bytes("sealed").Optional().Nillable().Sensitive().Comment("what it says, encrypted; NULL once it is sent or dead"),
		field.Enum("state").GoType(account.MailState("")).Default(string(account.MailWaiting)),
		field.Int("tries").Default(0).NonNegative(),
		field.Time("next_at").Optional().Nillable().SchemaType(timestamptz).Comment("when it is tried next; NULL: never again"),
		field.Time("sent_at").Optional().Nillable().SchemaType(timestamptz),
		field.String("trouble").Default("").SchemaType(map[string]string{"postgres": "text"}).Comment("what the last try came to; no address and no content"),
	}
}

// Edges of Mail.
func (Mail) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of Mail. The sender walks the one on next_at, so that its cost is the number of mails that wait.
func (Mail) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "user_id", "created_at"),
		index.Fields("next_at", "tenant_id").Annotations(entsql.IndexWhere("next_at IS NOT NULL")),
	}
}

// Authenticator is the app that makes a user's codes (TOTP, RFC 6238). A user has at most one.
type Authenticator struct{ ent.Schema }

// Mixin of Authenticator.
func (Authenticator) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}}
}

// Fields of Authenticator.
func (Authenticator) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.AuthenticatorID{}).Default(publicid.NewAuthenticatorID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.Bytes("secret").Sensitive().Comment("encrypted"),
		field.Int64("last_step").Default(0).Comment("of the last code that was taken; none up to it is taken again"),
		field.Time("confirmed_at").Optional().Nillable().SchemaType(timestamptz).Comment("NULL: enrolled, and asked for from then on"),
	}
}

// Edges of Authenticator.
func (Authenticator) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of Authenticator.
func (Authenticator) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id").Unique()}
}

// RecoveryCode stands in for an authenticator's code once.
type RecoveryCode struct{ ent.Schema }

// Mixin of RecoveryCode.
func (RecoveryCode) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}}
}

// Fields of RecoveryCode.
func (RecoveryCode) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RecoveryCodeID{}).Default(publicid.NewRecoveryCodeID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.String("code_hash").Immutable().Sensitive().Comment("HMAC-SHA-256 in hex; the code itself is never stored"),
		field.Time("used_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of RecoveryCode.
func (RecoveryCode) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of RecoveryCode.
func (RecoveryCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "user_id", "code_hash").Unique()}
}
