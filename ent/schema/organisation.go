package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/identity/account"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Department is a node of a tenant's organisation tree (A9).
type Department struct{ ent.Schema }

// Mixin of Department.
func (Department) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of Department.
func (Department) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DepartmentID{}).Default(publicid.NewDepartmentID),
		field.String("name"),
		field.String("code").Comment("unique within the tenant, for imports and rules"),
		field.Int("position").Default(0),
		field.UUID("parent_id", publicid.DepartmentID{}).Optional().Nillable(),
		field.UUID("head_id", publicid.UserID{}).Optional().Nillable().Comment("who answers for it, and approves for it"),
	}
}

// Edges of Department.
func (Department) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", Department.Type).From("parent").Field("parent_id").Unique(),
		edge.To("head", User.Type).Field("head_id").Unique(),
	}
}

// Indexes of Department.
func (Department) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "code").Unique(),
		index.Fields("tenant_id", "parent_id"),
		index.Fields("tenant_id", "head_id"),
	}
}

// User is a person of a tenant who can log in (A2). A person in two tenants has two users.
type User struct{ ent.Schema }

// Mixin of User.
func (User) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Personal}, Stamped{}, Versioned{}}
}

// Fields of User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.UserID{}).Default(publicid.NewUserID),
		field.String("email").Comment("lower case; the login name within the tenant"),
		field.String("name"),
		sealed("phone", 40, ""),
		text("title", 100),
		field.Enum("state").GoType(account.State("")).Default(string(account.Active)),
		field.String("password_hash").Default("").Sensitive().Comment("PHC string; empty: cannot log in with a password"),
		field.String("locale").Default("zh-CN"),
		field.UUID("department_id", publicid.DepartmentID{}).Optional().Nillable(),
		field.UUID("manager_id", publicid.UserID{}).Optional().Nillable().Comment("whom they report to"),
		field.Time("last_login_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of User.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("department", Department.Type).Field("department_id").Unique(),
		edge.To("reports", User.Type).From("manager").Field("manager_id").Unique(),
	}
}

// Indexes of User.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "email").Unique(),
		index.Fields("tenant_id", "department_id"),
		index.Fields("tenant_id", "manager_id"),
	}
}

// Session is a login of a user on one device. Refreshing rotates its tokens; revoking it ends them all.
type Session struct{ ent.Schema }

// Mixin of Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Credential}, Stamped{}} }

// Fields of Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.SessionID{}).Default(publicid.NewSessionID),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.String("user_agent").Default("").Immutable(),
		field.Bool("second_factor").Default(false).Comment("whether it was opened with a code beside the password"),
		field.Time("expires_at").SchemaType(timestamptz),
		field.Time("revoked_at").Optional().Nillable().SchemaType(timestamptz),
		field.String("revoked_reason").Default(""),
	}
}

// Edges of Session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of Session.
func (Session) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant_id", "user_id")} }

// RefreshToken is one link of a session's rotation chain. Used ones are kept until the session ends, so that a
// second use of any of them is noticed.
type RefreshToken struct{ ent.Schema }

// Mixin of RefreshToken.
func (RefreshToken) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Credential}} }

// Fields of RefreshToken.
func (RefreshToken) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RefreshTokenID{}).Default(publicid.NewRefreshTokenID),
		field.UUID("session_id", publicid.SessionID{}).Immutable(),
		field.String("token_hash").Immutable().Sensitive().Comment("SHA-256 in hex; the token itself is never stored"),
		field.Time("issued_at").Immutable().SchemaType(timestamptz),
		field.Time("used_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of RefreshToken.
func (RefreshToken) Edges() []ent.Edge {
	return []ent.Edge{edge.To("session", Session.Type).Field("session_id").Unique().Required().Immutable()}
}

// Indexes of RefreshToken.
func (RefreshToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "token_hash").Unique(),
		index.Fields("tenant_id", "session_id"),
	}
}
