package templates

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"
	"github.com/google/uuid"

	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/clause"
	"heyue/ent/template"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects templates. Without Archived, archived ones are left out.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	Code     *listing.Text    `column:"code"`
	Name     *listing.Text    `column:"name"`
	Kind     []lifecycle.Kind `column:"kind"`
	Archived *bool            `filter:"archived"`
}

// ClauseFilter selects clauses of the library. Without Archived, archived ones are left out.
type ClauseFilter struct {
	And []*ClauseFilter
	Or  []*ClauseFilter
	Not *ClauseFilter

	Code      *listing.Text `column:"code"`
	HeadingZh *listing.Text `column:"heading_zh"`
	HeadingEn *listing.Text `column:"heading_en"`
	TextZh    *listing.Text `column:"text_zh"`
	TextEn    *listing.Text `column:"text_en"`
	Archived  *bool         `filter:"archived"`
}

type (
	// Edge is one row of a page of templates.
	Edge = page.Edge[*ent.Template]
	// List is a page of templates.
	List = page.Connection[*ent.Template]
	// ClauseEdge is one row of a page of clauses.
	ClauseEdge = page.Edge[*ent.Clause]
	// ClauseList is a page of clauses.
	ClauseList = page.Connection[*ent.Clause]
)

// List reads a page of templates, newest first unless sorted; those that belong to a contract are not in it. Needs
// template:read.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	shared := func(sel *sql.Selector) { sel.Where(sql.IsNull(sel.C(template.FieldContractID))) }
	req, err := s.request(ctx, args, sort, listing.HideArchived(shared, filter != nil && filter.Archived != nil))
	if err != nil {
		return nil, err
	}
	req.Filter = filter
	list, err := listing.List(ctx, s.Lister, s.templates(), req)
	return list, tenancy.Fault(err, "list templates")
}

// Clauses reads a page of the library, newest first unless sorted; with a tag, only clauses that have it. Needs
// template:read.
func (s *Service) Clauses(ctx context.Context, args page.Args, tag *string, filter *ClauseFilter, sort []*listing.Sort) (*ClauseList, error) {
	tagged := func(sel *sql.Selector) {
		if tag != nil {
			sel.Where(sqljson.ValueContains(clause.FieldTags, *tag))
		}
	}
	req, err := s.request(ctx, args, sort, listing.HideArchived(tagged, filter != nil && filter.Archived != nil))
	if err != nil {
		return nil, err
	}
	req.Filter = filter
	list, err := listing.List(ctx, s.Lister, s.library(), req)
	return list, tenancy.Fault(err, "list clauses")
}

func (s *Service) request(ctx context.Context, args page.Args, sort []*listing.Sort, scope func(*sql.Selector)) (listing.Request, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	return listing.Request{Args: args, Sort: sort, Tenant: me.TenantID, Scope: scope}, err
}

func newest() []*listing.Sort {
	return []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}}
}

func (s *Service) templates() listing.Source[*ent.Template] {
	return listing.Source[*ent.Template]{
		Noun: "template", Default: newest(),
		Columns: map[listing.Field]listing.Column[*ent.Template]{
			"CODE":       {Name: template.FieldCode, Value: func(t *ent.Template) any { return t.Code }},
			"NAME":       {Name: template.FieldName, Value: func(t *ent.Template) any { return t.Name }},
			"CREATED_AT": {Name: template.FieldCreatedAt, Value: func(t *ent.Template) any { return t.CreatedAt }},
			"UPDATED_AT": {Name: template.FieldUpdatedAt, Value: func(t *ent.Template) any { return t.UpdatedAt }},
		},
		ID: func(t *ent.Template) uuid.UUID { return t.ID.UUID() },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Template, error) {
			return s.Client.Template.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Template.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count templates")
		},
	}
}

func (s *Service) library() listing.Source[*ent.Clause] {
	return listing.Source[*ent.Clause]{
		Noun: "clause", Default: newest(),
		Columns: map[listing.Field]listing.Column[*ent.Clause]{
			"CODE":       {Name: clause.FieldCode, Value: func(c *ent.Clause) any { return c.Code }},
			"CREATED_AT": {Name: clause.FieldCreatedAt, Value: func(c *ent.Clause) any { return c.CreatedAt }},
			"UPDATED_AT": {Name: clause.FieldUpdatedAt, Value: func(c *ent.Clause) any { return c.UpdatedAt }},
		},
		ID: func(c *ent.Clause) uuid.UUID { return c.ID.UUID() },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Clause, error) {
			return s.Client.Clause.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Clause.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count clauses")
		},
	}
}
