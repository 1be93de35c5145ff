package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/payout"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// BillEdit asks to change what stands recorded on a contract's bill: instalments of a plan that money was booked on, or
// an entry of its account (F8). It takes effect when somebody else agrees.
type BillEdit struct{ ent.Schema }

// Mixin of BillEdit.
func (BillEdit) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of BillEdit.
func (BillEdit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.BillEditID{}).Default(publicid.NewBillEditID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.UUID("payment_id", publicid.PaymentID{}).Optional().Nillable().Immutable().Comment("the entry to correct; none when instalments are"),
		field.Enum("state").GoType(billedit.State("")).Default(string(billedit.Pending)),
		field.String("reason").SchemaType(map[string]string{"postgres": "text"}).Immutable(),
		field.JSON("before", billedit.Content{}).Immutable(),
		field.JSON("after", billedit.Content{}).Immutable(),
		field.UUID("requested_by_id", publicid.UserID{}).Immutable(),
		field.UUID("decided_by_id", publicid.UserID{}).Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
		text("opinion", 2000),
	}
}

// Edges of BillEdit.
func (BillEdit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("payment", Payment.Type).Field("payment_id").Unique().Immutable(),
		edge.To("requested_by", User.Type).Field("requested_by_id").Unique().Required().Immutable(),
		edge.To("decided_by", User.Type).Field("decided_by_id").Unique(),
	}
}

// Indexes of BillEdit.
func (BillEdit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "payment_id"),
		index.Fields("tenant_id", "requested_by_id"),
		index.Fields("tenant_id", "decided_by_id"),
		index.Fields("tenant_id", "created_at"),
	}
}

// Annotations of BillEdit: nobody decides on their own request, whatever the code does.
func (BillEdit) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"bill_edit_second_person": "state NOT IN ('APPROVED', 'REJECTED') OR decided_by_id IS NOT NULL AND decided_by_id <> requested_by_id",
	})}
}

// PaymentRequest asks to pay money out under a contract (H3, F8). Somebody else agrees, and then it is paid; what open
// requests ask for is spoken for.
type PaymentRequest struct{ ent.Schema }

// Mixin of PaymentRequest.
func (PaymentRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of PaymentRequest.
func (PaymentRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.PaymentRequestID{}).Default(publicid.NewPaymentRequestID),
		field.UUID("contract_id", publicid.ContractID{}).Immutable(),
		field.Enum("state").GoType(payout.State("")).Default(string(payout.Pending)),
		field.JSON("content", payout.Content{}).Immutable(),
		field.UUID("requested_by_id", publicid.UserID{}).Immutable(),
		field.UUID("decided_by_id", publicid.UserID{}).Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
		text("opinion", 2000),
		field.UUID("payment_id", publicid.PaymentID{}).Optional().Nillable().Comment("the entry it was paid with"),
	}
}

// Edges of PaymentRequest.
func (PaymentRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Required().Immutable(),
		edge.To("payment", Payment.Type).Field("payment_id").Unique(),
		edge.To("requested_by", User.Type).Field("requested_by_id").Unique().Required().Immutable(),
		edge.To("decided_by", User.Type).Field("decided_by_id").Unique(),
	}
}

// Indexes of PaymentRequest.
func (PaymentRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "contract_id", "state"),
		index.Fields("tenant_id", "payment_id").Unique(),
		index.Fields("tenant_id", "requested_by_id"),
		index.Fields("tenant_id", "decided_by_id"),
		index.Fields("tenant_id", "created_at"),
	}
}

// Annotations of PaymentRequest: nobody agrees to their own request, and nothing is paid twice, whatever the code does.
func (PaymentRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"payment_request_second_person": "state NOT IN ('APPROVED', 'REJECTED', 'PAID') OR decided_by_id IS NOT NULL AND decided_by_id <> requested_by_id",
		"payment_request_paid":          "(state = 'PAID') = (payment_id IS NOT NULL)",
	})}
}
