package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// PaymentPlanLine is one instalment of a contract: how much falls due when (H1).
type PaymentPlanLine struct{ ent.Schema }

// Mixin of PaymentPlanLine.
func (PaymentPlanLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

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
		field.Int64("excess_minor").Default(0).NonNegative().Comment("how far beyond the amount money was let come, when it came"),
		field.Enum("state").GoType(plan.LineState("")).Default(string(plan.Planned)),
		text("purpose", 200),
		field.UUID("milestone_id", publicid.MilestoneID{}).Optional().Nillable().Comment("the line falls due when this is reached"),
		field.Int("due_days").Default(0).NonNegative().Comment("days after the milestone"),
		field.Bool("awaiting").Default(false).Comment("the milestone is not reached: due_on is only expected"),
	}
}

// Edges of PaymentPlanLine.
func (PaymentPlanLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("milestone", Milestone.Type).Field("milestone_id").Unique(),
		edge.From("allocations", PaymentAllocation.Type).Ref("plan_line"),
	}
}

// Indexes of PaymentPlanLine. (tenant_id, contract_id, id) is what a payment's line refers to, so that money
// cannot be booked on another contract's instalment.
func (PaymentPlanLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "id").Unique(),
		index.Fields("tenant_id", "contract_id", "position").Unique(),
		index.Fields("tenant_id", "due_on"),
		index.Fields("tenant_id", "milestone_id"),
	}
}

// Annotations of PaymentPlanLine: what is settled stays within bounds and the state follows it, whoever writes (H1).
func (PaymentPlanLine) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"plan_line_amount":  "amount_minor > 0 AND excess_minor >= 0",
		"plan_line_settled": "settled_minor >= 0 AND settled_minor <= amount_minor + excess_minor",
		"plan_line_state": "CASE state WHEN 'PAID' THEN settled_minor >= amount_minor WHEN 'PARTLY_PAID' THEN settled_minor > 0 AND settled_minor < amount_minor " +
			"ELSE settled_minor = 0 END",
		"plan_line_milestone": "due_days >= 0 AND (milestone_id IS NOT NULL OR NOT awaiting)",
	})}
}

// Payment is an entry of the contract's account: money that moved, received when the contract is receivable, paid when
// it is payable; money that was given back; or the reversal of such an entry. Rows are never changed.
type Payment struct{ ent.Schema }

// Mixin of Payment.
func (Payment) Mixin() []ent.Mixin { return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}} }

// Fields of Payment.
func (Payment) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.PaymentID{}).Default(publicid.NewPaymentID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Enum("kind").GoType(plan.EntryKind("")).Default(string(plan.PaymentEntry)).Immutable(),
		field.Int64("amount_minor").Immutable().Comment("negative for a refund; a reversal has the other sign of what it reverses"),
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
		edge.From("allocations", PaymentAllocation.Type).Ref("payment"),
		edge.To("reversal", Payment.Type).Unique().From("reversal_of").Field("reversal_of_id").Unique().Immutable(),
	}
}

// Indexes of Payment. (tenant_id, contract_id, id) is what allocations refer to, so that they settle instalments of
// the same contract; an entry is reversed once.
func (Payment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "id").Unique(),
		index.Fields("tenant_id", "contract_id", "paid_on"),
		index.Fields("tenant_id", "reversal_of_id").Unique(),
	}
}

// Annotations of Payment.
func (Payment) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"payment_sign":     "CASE kind WHEN 'PAYMENT' THEN amount_minor > 0 WHEN 'REFUND' THEN amount_minor < 0 ELSE amount_minor <> 0 END",
		"payment_reversal": "(kind = 'REVERSAL') = (reversal_of_id IS NOT NULL)",
	})}
}

// PaymentAllocation is the part of an entry that settles one instalment; what no allocation takes is money on account.
// Rows are never changed; those of a reversal take back those of what it reverses.
type PaymentAllocation struct{ ent.Schema }

// Mixin of PaymentAllocation.
func (PaymentAllocation) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of PaymentAllocation.
func (PaymentAllocation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.PaymentAllocationID{}).Default(publicid.NewPaymentAllocationID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("payment_id", publicid.PaymentID{}).Immutable(),
		field.UUID("plan_line_id", publicid.PaymentPlanLineID{}).Immutable(),
		field.Int64("amount_minor").Immutable().Comment("with the sign of its entry"),
	}
}

// Edges of PaymentAllocation.
func (PaymentAllocation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("payment", Payment.Type).Field("payment_id").Unique().Required().Immutable(),
		edge.To("plan_line", PaymentPlanLine.Type).Field("plan_line_id").Unique().Required().Immutable(),
	}
}

// Indexes of PaymentAllocation: an entry settles a line once.
func (PaymentAllocation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "payment_id", "plan_line_id").Unique(),
		index.Fields("tenant_id", "plan_line_id"),
	}
}

// Annotations of PaymentAllocation.
func (PaymentAllocation) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"allocation_amount": "amount_minor <> 0"})}
}

// Milestone is a dated node of a contract's execution (I1, N6).
type Milestone struct{ ent.Schema }

// Mixin of Milestone.
func (Milestone) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

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

// Indexes of Milestone. (tenant_id, contract_id, id) is what an instalment that waits for it refers to.
func (Milestone) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "id").Unique(),
		index.Fields("tenant_id", "due_on"),
	}
}
