package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement/plan"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Contract is an agreement with a customer or supplier, receivable or payable (E15). Its text, approval and
// versions are other tables' matter; this row is what it is about, what it is worth and where it stands.
type Contract struct{ ent.Schema }

// Mixin of Contract.
func (Contract) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}, Owned{}, Customised{}}
}

// Fields of Contract.
func (Contract) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractID{}).Default(publicid.NewContractID),
		field.String("number").Immutable().Comment("by the tenant's rule, without gaps within tenant, kind and period"),
		field.String("title"),
		field.Enum("kind").GoType(lifecycle.Kind("")),
		field.Enum("direction").GoType(lifecycle.Direction("")),
		field.Enum("status").GoType(lifecycle.Status("")).Default(string(lifecycle.Draft)),
		field.UUID("customer_id", publicid.CustomerID{}),
		field.Int64("amount_minor").Default(0).NonNegative().Comment("in the currency's smallest unit"),
		field.String("currency").GoType(money.Currency("")),
		field.Int64("settled_minor").Default(0).NonNegative().Comment("sum of payments, kept in their transactions"),
		field.Int64("allocated_minor").Default(0).NonNegative().Comment("the part of it that settles instalments; the rest is on account"),
		field.Int64("excess_minor").Default(0).NonNegative().Comment("how far beyond the amount money was let come, when it came"),
		field.Enum("payment_mode").GoType(plan.Mode("")).Optional().Nillable().Comment("how it is paid as a whole (H4)"),
		optionalDay("signed_on"),
		optionalDay("effective_on"),
		optionalDay("ends_on"),
		text("description", 10000),
		field.UUID("predecessor_id", publicid.ContractID{}).Optional().Nillable().Comment("the contract this one renews (E8)"),
		field.Enum("renewal").GoType(lifecycle.Renewal("")).Default(string(lifecycle.FixedTerm)).Comment("what happens at the end of the term"),
		field.Int("renewal_months").Default(0).NonNegative().Comment("how long each further term of an automatic renewal is"),
		field.Int("notice_days").Default(0).NonNegative().Comment("how long before its end a notice must come"),
		optionalDay("opted_out_on"),
		optionalDay("suspended_until"),
		optionalDay("ended_on"),
		field.Other("approved_print", content.Print{}).SchemaType(printColumn).Optional().Nillable().
			Comment("what the approvers approved; NULL when nobody has, or the contract was signed on paper"),
	}
}

// Edges of Contract.
func (Contract) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Required(),
		edge.To("successors", Contract.Type).From("predecessor").Field("predecessor_id").Unique(),
		edge.From("parties", ContractParty.Type).Ref("contract"),
		edge.From("lines", ContractLine.Type).Ref("contract"),
		edge.From("payment_plan", PaymentPlanLine.Type).Ref("contract"),
		edge.From("payments", Payment.Type).Ref("contract"),
		edge.From("milestones", Milestone.Type).Ref("contract"),
		edge.From("documents", DocumentReference.Type).Ref("contract"),
		edge.From("changes", ContractChange.Type).Ref("contract"),
		edge.From("texts", ContractText.Type).Ref("contract"),
		edge.From("service_records", ServiceRecord.Type).Ref("contract"),
		edge.From("obligations", Obligation.Type).Ref("contract"),
		edge.From("steps", ContractStep.Type).Ref("contract"),
		edge.From("signatures", Signature.Type).Ref("contract"),
		edge.From("incidents", Incident.Type).Ref("contract"),
	}
}

// Indexes of Contract.
func (Contract) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "number").Unique(),
		index.Fields("tenant_id", "customer_id"),
		index.Fields("tenant_id", "predecessor_id"),
		index.Fields("tenant_id", "signed_on"),
		index.Fields("tenant_id", "ends_on"),
		index.Fields("tenant_id", "status", "id"),
		index.Fields("tenant_id", "created_at"),
		index.Fields("tenant_id", "owner_id"),
		index.Fields("tenant_id", "department_id"),
	}
}

// Annotations of Contract.
func (Contract) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"currency_code":  "currency ~ '^[A-Z]{3}$'",
		"term_in_order":  "ends_on >= effective_on",
		"amount_present": "amount_minor >= 0",
		// A contract without an amount takes any sum: it is not priced as a whole.
		"contract_settled": "settled_minor >= 0 AND excess_minor >= 0 AND allocated_minor >= 0 AND allocated_minor <= settled_minor " +
			"AND (amount_minor = 0 OR settled_minor <= amount_minor + excess_minor)",
		"vehicle_modes": "kind <> 'VEHICLE' OR payment_mode IN ('DEPOSIT_BALANCE', 'SINGLE', 'LOAN')", // HR6
	})}
}

// ContractParty is a party of a contract in the order they are named (E6). Its name is kept as signed, whatever
// the customer is called later.
type ContractParty struct{ ent.Schema }

// Mixin of ContractParty.
func (ContractParty) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Personal}, Stamped{}}
}

// Fields of ContractParty.
func (ContractParty) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractPartyID{}).Default(publicid.NewContractPartyID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Int("position").NonNegative(),
		text("role", 100),
		field.String("name"),
		text("credit_code", 40),
		text("representative", 100),
		field.UUID("customer_id", publicid.CustomerID{}).Optional().Nillable(),
	}
}

// Edges of ContractParty.
func (ContractParty) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("customer", Customer.Type).Field("customer_id").Unique(),
	}
}

// Indexes of ContractParty.
func (ContractParty) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "position").Unique(),
		index.Fields("tenant_id", "customer_id"),
	}
}

// ContractLine is one item of the contract's goods and services list (M4).
type ContractLine struct{ ent.Schema }

// Mixin of ContractLine.
func (ContractLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ContractLine.
func (ContractLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractLineID{}).Default(publicid.NewContractLineID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Int("position").NonNegative(),
		field.String("description").SchemaType(map[string]string{"postgres": "text"}),
		text("model", 200),
		text("specification", 500),
		field.Other("quantity", money.Decimal{}).SchemaType(numeric),
		text("unit", 60),
		field.Other("unit_price", money.Decimal{}).SchemaType(numeric).Comment("in the contract's currency, major units"),
		field.Int64("amount_minor").NonNegative(),
		optionalDay("delivery_on"),
	}
}

// Edges of ContractLine.
func (ContractLine) Edges() []ent.Edge {
	return []ent.Edge{edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable()}
}

// Indexes of ContractLine.
func (ContractLine) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "contract_id", "position").Unique()}
}

// ContractChange records an amendment: what changed when and why (G3). Change orders with deltas build on it.
type ContractChange struct{ ent.Schema }

// Mixin of ContractChange.
func (ContractChange) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ContractChange.
func (ContractChange) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContractChangeID{}).Default(publicid.NewContractChangeID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		optionalDay("changed_on"),
		field.String("reason").Default("").SchemaType(map[string]string{"postgres": "text"}),
		field.String("description").Default("").SchemaType(map[string]string{"postgres": "text"}),
	}
}

// Edges of ContractChange.
func (ContractChange) Edges() []ent.Edge {
	return []ent.Edge{edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable()}
}

// Indexes of ContractChange.
func (ContractChange) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "contract_id")}
}

// DocumentReference points to a file of a contract that is kept elsewhere (L1).
type DocumentReference struct{ ent.Schema }

// Mixin of DocumentReference.
func (DocumentReference) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of DocumentReference.
func (DocumentReference) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.DocumentReferenceID{}).Default(publicid.NewDocumentReferenceID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.String("title"),
		text("url", 2000),
		text("document_type", 100),
		text("format", 100),
		text("language", 40),
		optionalDay("published_on"),
		field.Bool("evidence").Default(false).Immutable().Comment("proves a signature, a declaration or an incident, and stays whatever else is replaced"),
	}
}

// Edges of DocumentReference.
func (DocumentReference) Edges() []ent.Edge {
	return []ent.Edge{edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable()}
}

// Indexes of DocumentReference.
func (DocumentReference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "contract_id")}
}
