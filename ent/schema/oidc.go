package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// OIDCProvider is a sign-in provider that a tenant trusts (OpenID Connect Core 1.0). The tenant's providers are the
// issuers that it allows; there is no other way to name one.
type OIDCProvider struct{ ent.Schema }

// Mixin of OIDCProvider.
func (OIDCProvider) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Annotations of OIDCProvider.
func (OIDCProvider) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "oidc_providers"}}
}

// Fields of OIDCProvider.
func (OIDCProvider) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.OIDCProviderID{}).Default(publicid.NewOIDCProviderID),
		field.String("name"),
		field.String("issuer").Immutable().Comment("as it writes itself into its tokens, byte for byte"),
		field.String("client_id"),
		field.Bytes("client_secret").Optional().Nillable().Sensitive().Annotations(class.Bound{Bound: true}).Comment("encrypted; NULL for a public client"),
		field.JSON("domains", []string{}).Comment("of verified e-mail addresses that may sign in; none: any, or none at all"),
		field.Bool("enabled").Default(true),
	}
}

// Indexes of OIDCProvider.
func (OIDCProvider) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "issuer").Unique()}
}

// ExternalIdentity says that whoever a provider calls subject is a user. Nothing but the two together says so, and never
// an e-mail address.
type ExternalIdentity struct{ ent.Schema }

// Mixin of ExternalIdentity.
func (ExternalIdentity) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Personal}, Stamped{}}
}

// Annotations of ExternalIdentity.
func (ExternalIdentity) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "external_identities"}}
}

// Fields of ExternalIdentity.
func (ExternalIdentity) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ExternalIdentityID{}).Default(publicid.NewExternalIdentityID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.UUID("provider_id", publicid.OIDCProviderID{}).Immutable(),
		field.String("subject").Immutable().Comment("the provider's name for them, at most 255 characters"),
		field.Time("last_used_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of ExternalIdentity.
func (ExternalIdentity) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("provider", OIDCProvider.Type).Field("provider_id").Unique().Required().Immutable(),
	}
}

// Indexes of ExternalIdentity.
func (ExternalIdentity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "provider_id", "subject").Unique(),
		index.Fields("tenant_id", "user_id"),
	}
}

// OIDCAttempt is one way to a provider and back: begun by a browser, answered by the provider once, exchanged by the
// program that began it once.
type OIDCAttempt struct{ ent.Schema }

// Mixin of OIDCAttempt.
func (OIDCAttempt) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}}
}

// Annotations of OIDCAttempt.
func (OIDCAttempt) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "oidc_attempts"}}
}

// Fields of OIDCAttempt.
func (OIDCAttempt) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.OIDCAttemptID{}).Default(publicid.NewOIDCAttemptID),
		field.UUID("provider_id", publicid.OIDCProviderID{}).Immutable(),
		field.UUID("user_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("who wants to link what they prove; NULL: somebody who wants to sign in"),
		field.String("state_hash").Immutable().Sensitive().Comment("SHA-256 in hex of what goes to the provider and comes back"),
		field.String("browser_hash").Default("").Sensitive().Comment("SHA-256 in hex of the browser's cookie; empty: no browser has begun it"),
		field.String("challenge").Immutable().Sensitive().Comment("S256 of what the program must show that exchanges the code"),
		field.Bytes("sealed").Immutable().Sensitive().Comment("nonce and PKCE verifier, encrypted"),
		field.String("code_hash").Default("").Sensitive().Comment("SHA-256 in hex of the code for the program; empty until the provider has answered"),
		field.String("subject").Default("").Sensitive().Comment("whom the provider has named"),
		field.Time("expires_at").SchemaType(timestamptz).Comment("of what comes next: the provider's answer, then the exchange"),
		field.Time("answered_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("exchanged_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of OIDCAttempt.
func (OIDCAttempt) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("provider", OIDCProvider.Type).Field("provider_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
	}
}

// Indexes of OIDCAttempt.
func (OIDCAttempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "state_hash").Unique(),
		index.Fields("tenant_id", "code_hash").Unique().Annotations(entsql.IndexWhere("code_hash <> ''")),
		index.Fields("tenant_id", "expires_at"),
	}
}
