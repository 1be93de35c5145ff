package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// PaymentPlanLine is one instalment of a contract: how much falls due when (H1).
type PaymentPlanLine struct{ ent.Schema }

// Mixin of PaymentPlanLine.
func (PaymentPlanLine) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{}, Stamped{}, Versioned{}} }

// Fields of PaymentPlanLine. Amounts are in the contract's currency.
func (PaymentPlanLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.PaymentPlanLineID{}).Default(publicid.NewPaymentPlanLineID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Int("position").NonNegative(),
		day("due_on"),
		field.Int64("amount_minor").Positive(),
		field.String("currency").GoType(money.Currency("")).Comment("the contract's"),
		field.Int64("settled_minor").Default(0).NonNegative().Comment("sum of payments on this line, kept in their transactions"),
		field.Enum("state").GoType(plan.LineState("")).Default(string(plan.Planned)),
		text("purpose", 200),
	}
}

// Edges of PaymentPlanLine.
func (PaymentPlanLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.From("payments", Payment.Type).Ref("plan_line"),
	}
}

// Indexes of PaymentPlanLine. (tenant_id, contract_id, id) is what a payment's line refers to, so that money
// cannot be booked on another contract's instalment.
func (PaymentPlanLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "id").Unique(),
		index.Fields("tenant_id", "contract_id", "position").Unique(),
		index.Fields("tenant_id", "due_on"),
	}
}

// Payment is money that moved under a contract: received when it is receivable, paid when it is payable. Rows
// are never changed; a mistake is reversed by another row with the opposite sign.
type Payment struct{ ent.Schema }

// Mixin of Payment.
func (Payment) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{}, Stamped{}} }

// Fields of Payment.
func (Payment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.PaymentID{}).Default(publicid.NewPaymentID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("plan_line_id", publicid.PaymentPlanLineID{}).Optional().Nillable().Immutable(),
		field.Int64("amount_minor").Immutable().Comment("negative for a reversal"),
		field.String("currency").GoType(money.Currency("")).Immutable().Comment("the contract's when it was booked"),
		field.Other("paid_on", dateZero).SchemaType(dateColumn).Immutable(),
		field.Enum("method").GoType(plan.Method("")).Immutable(),
		field.String("reference").Default("").Immutable().Comment("bank or receipt number"),
		field.String("note").Default("").Immutable(),
		field.UUID("reversal_of_id", publicid.PaymentID{}).Optional().Nillable().Immutable(),
	}
}

// Edges of Payment.
func (Payment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("plan_line", PaymentPlanLine.Type).Field("plan_line_id").Unique().Immutable(),
		edge.To("reversal", Payment.Type).Unique().From("reversal_of").Field("reversal_of_id").Unique().Immutable(),
	}
}

// Indexes of Payment.
func (Payment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "paid_on"),
		index.Fields("tenant_id", "plan_line_id"),
		index.Fields("tenant_id", "reversal_of_id").Unique(),
	}
}

// Milestone is a dated node of a contract's execution (I1, N6).
type Milestone struct{ ent.Schema }

// Mixin of Milestone.
func (Milestone) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{}, Stamped{}, Versioned{}} }

// Fields of Milestone.
func (Milestone) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.MilestoneID{}).Default(publicid.NewMilestoneID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.String("title"),
		text("description", 4000),
		field.Enum("kind").GoType(milestone.Kind("")).Default(string(milestone.Other)),
		field.Enum("state").GoType(milestone.State("")).Default(string(milestone.Open)),
		optionalDay("due_on"),
		optionalDay("done_on"),
	}
}

// Edges of Milestone.
func (Milestone) Edges() []ent.Edge {
	return []ent.Edge{edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable()}
}

// Indexes of Milestone.
func (Milestone) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "due_on"),
	}
}
