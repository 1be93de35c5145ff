package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/platform/publicid"
	"heyue/policies/decision"
	"heyue/policies/mask"
	"heyue/policies/share"
	"heyue/tenancy/class"
)

// RoleFieldRule keeps whoever has a role from a field of an object, beyond what the role's template does (A3).
type RoleFieldRule struct{ ent.Schema }

// Mixin of RoleFieldRule.
func (RoleFieldRule) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of RoleFieldRule.
func (RoleFieldRule) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RoleFieldRuleID{}).Default(publicid.NewRoleFieldRuleID),
		field.UUID("role_id", publicid.RoleID{}).Immutable(),
		field.String("object").Immutable(),
		field.String("field").Immutable().Comment("of the catalogue, or custom.KEY for a field of the tenant's own"),
		field.Enum("effect").GoType(mask.Effect("")).Immutable(),
	}
}

// Edges of RoleFieldRule.
func (RoleFieldRule) Edges() []ent.Edge {
	return []ent.Edge{edge.To("role", Role.Type).Field("role_id").Unique().Required().Immutable()}
}

// Indexes of RoleFieldRule.
func (RoleFieldRule) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "role_id", "object", "field").Unique()}
}

// RecordShare lets a user, or a department with all below it, reach one customer or one contract, until the end of a day
// where there is one (A3). One grantee has at most one share of a record.
type RecordShare struct{ ent.Schema }

// Mixin of RecordShare.
func (RecordShare) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of RecordShare.
func (RecordShare) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.RecordShareID{}).Default(publicid.NewRecordShareID),
		field.UUID("customer_id", publicid.CustomerID{}).Optional().Nillable().Immutable(),
		field.UUID("contract_id", publicid.ContractID{}).Optional().Nillable().Immutable(),
		field.UUID("user_id", publicid.UserID{}).Optional().Nillable().Immutable(),
		field.UUID("department_id", publicid.DepartmentID{}).Optional().Nillable().Immutable(),
		field.Enum("level").GoType(share.Level("")),
		optionalDay("ends_on"),
		field.UUID("shared_by_id", publicid.UserID{}),
	}
}

// Annotations of RecordShare: one record, and one grantee.
func (RecordShare) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"share_of_one_record": "num_nonnulls(customer_id, contract_id) = 1",
		"share_with_one":      "num_nonnulls(user_id, department_id) = 1",
	})}
}

// Edges of RecordShare.
func (RecordShare) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Immutable(),
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
		edge.To("department", Department.Type).Field("department_id").Unique().Immutable(),
		edge.To("shared_by", User.Type).Field("shared_by_id").Unique().Required(),
	}
}

// Indexes of RecordShare. A NULL equals nothing, so each unique one is about the rows that have all of its columns.
func (RecordShare) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "customer_id", "user_id").Unique(),
		index.Fields("tenant_id", "customer_id", "department_id").Unique(),
		index.Fields("tenant_id", "contract_id", "user_id").Unique(),
		index.Fields("tenant_id", "contract_id", "department_id").Unique(),
		index.Fields("tenant_id", "user_id", "ends_on"),
		index.Fields("tenant_id", "department_id", "ends_on"),
	}
}

// Decision is one line of the log of decisions: who was denied what, and who read what is about others. Rows are only
// added; those that are past their time may be removed (docs/ops.md).
type Decision struct{ ent.Schema }

// Mixin of Decision.
func (Decision) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Transient}} }

// Fields of Decision.
func (Decision) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DecisionID{}).Default(publicid.NewDecisionID),
		field.Enum("kind").GoType(decision.Kind("")).Immutable(),
		field.UUID("user_id", publicid.UserID{}).Immutable(),
		field.String("object").Immutable(),
		field.String("action").Immutable().Comment("of a permission; read or write of a field"),
		field.String("field").Default("").Immutable().Comment("the masked field that decided; empty for a permission"),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("whom or what was read about, where that is one"),
		field.String("operation").Default("").Immutable().Comment("the root field of the request"),
		field.Int64("policy_version").Immutable().Comment("of the tenant's permissions"),
		field.String("request_id").Default("").Immutable(),
		field.Time("occurred_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of Decision.
func (Decision) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable()}
}

// Indexes of Decision.
func (Decision) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "occurred_at"),
		index.Fields("tenant_id", "user_id", "occurred_at"),
	}
}
