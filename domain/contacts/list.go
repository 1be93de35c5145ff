package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/customers/criteria"
	"heyue/domain/customers/profile"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/customer"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects contacts by every key of K4 and K5, those of their customer among them. Without Archived, archived
// contacts are left out.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	CustomerID []publicid.CustomerID `column:"customer_id"`
	Customer   *criteria.Filter      `relation:"customers,customer_id,id"`
	Name       *listing.Text         `column:"name"`
	Gender     []profile.Gender      `column:"gender"`
	Salutation *listing.Text         `column:"salutation"`
	Department *listing.Text         `column:"department"`
	JobTitle   *listing.Text         `column:"job_title"`
	IsPrimary  *bool                 `column:"is_primary"`
	Birthday   *listing.Dates        `column:"birthday"`
	Hobby      *listing.Text         `column:"hobby"`
	Address    *listing.Text         `column:"address"`
	Phone      *listing.Exact        `blind:"contacts.phone"`
	Fax        *listing.Text         `column:"fax"`
	Mobile     *listing.Exact        `blind:"contacts.mobile"`
	Email      *listing.Exact        `blind:"contacts.email"`
	Qq         *listing.Exact        `blind:"contacts.qq"`
	Msn        *listing.Exact        `blind:"contacts.msn"`
	Wechat     *listing.Exact        `blind:"contacts.wechat"`
	Remark     *listing.Text         `column:"remark"`
	Remark1    *listing.Text         `column:"remark1"`
	Remark2    *listing.Text         `column:"remark2"`
	Archived   *bool                 `filter:"archived"`
	Custom     []*listing.Custom     `custom:"CONTACT"`
}

// Edge is a contact in a page.
type Edge = page.Edge[*ent.Contact]

// List is a page of contacts.
type List = page.Connection[*ent.Contact]

var sortable = map[listing.Field]listing.Column[*ent.Contact]{
	"NAME":       {Name: contact.FieldName, Value: func(c *ent.Contact) any { return c.Name }},
	"GENDER":     {Name: contact.FieldGender, Value: func(c *ent.Contact) any { return string(c.Gender) }},
	"DEPARTMENT": {Name: contact.FieldDepartment, Value: func(c *ent.Contact) any { return c.Department }},
	"JOB_TITLE":  {Name: contact.FieldJobTitle, Value: func(c *ent.Contact) any { return c.JobTitle }},
	"IS_PRIMARY": {Name: contact.FieldIsPrimary, Value: func(c *ent.Contact) any { return c.IsPrimary }},
	"BIRTHDAY":   {Name: contact.FieldBirthday, Nullable: true, Value: func(c *ent.Contact) any { return c.Birthday }},
	"CREATED_AT": {Name: contact.FieldCreatedAt, Value: func(c *ent.Contact) any { return c.CreatedAt }},
	"UPDATED_AT": {Name: contact.FieldUpdatedAt, Value: func(c *ent.Contact) any { return c.UpdatedAt }},
}

// List reads a page of the contacts the caller may see, newest first unless sorted. Needs contact:read, and
// customer:read for a filter by customer.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list contacts")
}

// Of reads the same page of the contacts of each of the given customers, in their order. What the caller may not see is
// not in them. Needs contact:read.
func (s *Service) Of(ctx context.Context, customers []publicid.CustomerID, args page.Args, filter *Filter, sort []*listing.Sort) ([]*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	lists, err := listing.Each(ctx, s.Lister, s.source(), req, listing.Parents[*ent.Contact, publicid.CustomerID]{
		Column: contact.FieldCustomerID, IDs: customers,
		Of: func(c *ent.Contact) publicid.CustomerID { return c.CustomerID },
		Count: func(ctx context.Context, where func(*sql.Selector)) (map[publicid.CustomerID]int, error) {
			var rows []struct {
				CustomerID publicid.CustomerID `sql:"customer_id"`
				Count      int
			}
			err := s.Client.Contact.Query().Where(where).GroupBy(contact.FieldCustomerID).Aggregate(ent.Count()).Scan(ctx, &rows)
			totals := map[publicid.CustomerID]int{}
			for _, r := range rows {
				totals[r.CustomerID] = r.Count
			}
			return totals, tenancy.Fault(err, "count contacts")
		},
	})
	return lists, tenancy.Fault(err, "list contacts of customers")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	reach, err := s.require(ctx, policies.ContactRead)
	if err != nil {
		return listing.Request{}, err
	}
	related := map[string]func(*sql.Selector){}
	switch sees, err := s.Policies.Require(ctx, policies.CustomerRead); {
	case err == nil:
		related[customer.Table] = sees.Where
	case fault.KindOf(err) != fault.Denied:
		return listing.Request{}, err
	}
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: reach.tenant, Custom: s.Fields.Defined(ctx), Related: related, Blind: s.Lister.Blind(ctx),
		Scope: listing.HideArchived(reach.where, filter != nil && filter.Archived != nil),
	}, nil
}

func (s *Service) source() listing.Source[*ent.Contact] {
	return listing.Source[*ent.Contact]{
		Noun: "contact", Columns: sortable,
		ID:         func(c *ent.Contact) uuid.UUID { return c.ID.UUID() },
		Default:    []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		CustomNoun: custom.Contact, Custom: func(c *ent.Contact) custom.Set { return c.Custom },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Contact, error) {
			return s.Client.Contact.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Contact.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count contacts")
		},
	}
}
