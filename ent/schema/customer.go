package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"heyue/domain/customers/profile"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// Customer is a company (B1) or a person (B2) that the tenant deals with, as buyer or as supplier.
type Customer struct{ ent.Schema }

// Mixin of Customer.
func (Customer) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Personal}, Stamped{}, Versioned{}, Archivable{}, Owned{}, Customised{}}
}

// Fields of Customer. Codes such as source and industry are codes of the tenant's dictionary.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.CustomerID{}).Default(publicid.NewCustomerID),
		field.Enum("kind").GoType(profile.Kind("")).Default(string(profile.Company)),
		field.String("name"),
		field.String("code").Comment("unique within the tenant"),
		text("short_name", 100),
		text("region", 100),
		text("address", 500),
		text("source", 64),
		text("category", 64),
		text("sales_mode", 64),
		text("industry", 64),
		text("ownership", 64),
		text("description", 4000),
		field.String("credit_code").Optional().Nillable().Comment("unified social credit code, GB 32100-2015"),
		field.Enum("grade").GoType(profile.Grade("")).Default(string(profile.Ungraded)),
		text("phone", 40),
		text("email", 254),
		text("website", 300),
	}
}

// Edges of Customer.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("contacts", Contact.Type).Ref("customer"),
		edge.From("service_records", ServiceRecord.Type).Ref("customer"),
		edge.From("contracts", Contract.Type).Ref("customer"),
	}
}

// Indexes of Customer.
func (Customer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "code").Unique(),
		index.Fields("tenant_id", "credit_code").Unique(),
		index.Fields("tenant_id", "name"),
		index.Fields("tenant_id", "created_at"),
		index.Fields("tenant_id", "owner_id"),
		index.Fields("tenant_id", "department_id"),
	}
}

// Contact is a person at a customer (B3).
type Contact struct{ ent.Schema }

// Mixin of Contact.
func (Contact) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Personal}, Stamped{}, Versioned{}, Archivable{}, Customised{}}
}

// Fields of Contact. The requirement's fields 1 to 11 are lost; ours are name, gender, salutation, department,
// job title, primary, birthday, hobby, address, phone and fax. 12 to 18 follow as it names them.
// How to reach the person is sealed.
func (Contact) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ContactID{}).Default(publicid.NewContactID),
		field.UUID("customer_id", publicid.CustomerID{}),
		field.String("name"),
		field.Enum("gender").GoType(profile.Gender("")).Default(string(profile.Unstated)),
		text("salutation", 40),
		text("department", 100),
		text("job_title", 100),
		field.Bool("is_primary").Default(false),
		optionalDay("birthday"),
		text("hobby", 200),
		text("address", 500),
		sealed("phone", 40, class.Number),
		text("fax", 40),
		sealed("mobile", 40, class.Number),
		sealed("email", 254, class.Handle),
		sealed("qq", 40, class.Handle),
		sealed("msn", 254, class.Handle),
		sealed("wechat", 100, class.Handle),
		text("remark", 1000),
		text("remark1", 1000),
		text("remark2", 1000),
		blind("phone"),
		blind("mobile"),
		blind("email"),
		blind("qq"),
		blind("msn"),
		blind("wechat"),
	}
}

// Edges of Contact.
func (Contact) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Required(),
	}
}

// Indexes of Contact. (tenant_id, customer_id, id) is what a service record's contact refers to, so that a
// record cannot name a contact of another customer (HR1). A customer has one primary contact at most, whoever writes.
func (Contact) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "customer_id", "id").Unique(),
		index.Fields("tenant_id", "customer_id").Unique().StorageKey("contacts_one_primary").
			Annotations(entsql.IndexWhere("is_primary AND archived_at IS NULL")),
		index.Fields("tenant_id", "name"),
		index.Fields("tenant_id", "created_at"),
		index.Fields("tenant_id", "phone_blind").Annotations(entsql.IndexWhere("phone_blind <> ''")),
		index.Fields("tenant_id", "mobile_blind").Annotations(entsql.IndexWhere("mobile_blind <> ''")),
		index.Fields("tenant_id", "email_blind").Annotations(entsql.IndexWhere("email_blind <> ''")),
	}
}

// ServiceRecord is what was done for a customer on a day (D1). Customer, contact and date are picked from the
// system, never typed (HR1).
type ServiceRecord struct{ ent.Schema }

// Mixin of ServiceRecord.
func (ServiceRecord) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}, Owned{}, Customised{}}
}

// Fields of ServiceRecord.
func (ServiceRecord) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ServiceRecordID{}).Default(publicid.NewServiceRecordID),
		field.UUID("customer_id", publicid.CustomerID{}),
		field.UUID("contact_id", publicid.ContactID{}).Optional().Nillable(),
		field.UUID("contract_id", publicid.ContractID{}).Optional().Nillable(),
		field.String("service_type").Comment("code of the dictionary list service_type (D2)"),
		day("served_on"),
		field.String("content").SchemaType(map[string]string{"postgres": "text"}),
		field.Int("satisfaction").Optional().Nillable().Min(1).Max(5),
		text("feedback", 2000),
	}
}

// Edges of ServiceRecord.
func (ServiceRecord) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Required(),
		edge.To("contact", Contact.Type).Field("contact_id").Unique(),
		edge.To("contract", Contract.Type).Field("contract_id").Unique(),
	}
}

// Indexes of ServiceRecord.
func (ServiceRecord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "customer_id"),
		index.Fields("tenant_id", "contact_id"),
		index.Fields("tenant_id", "contract_id"),
		index.Fields("tenant_id", "served_on"),
		index.Fields("tenant_id", "owner_id"),
		index.Fields("tenant_id", "department_id"),
	}
}

// Annotations of ServiceRecord.
func (ServiceRecord) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"satisfaction_range": "satisfaction between 1 and 5"})}
}
