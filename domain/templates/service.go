// Package templates keeps the model texts of a tenant: templates with their numbered versions, and the library of
// clauses that they are written from (E1–E3, E7). It is the only writer of the three. Whoever may write templates is not
// whoever fills them: contracts get their text from package drafting, and only from published versions.
package templates

import (
	"context"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clause"
	"heyue/ent/template"
	"heyue/ent/templateversion"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Limits of a tenant's templates, archived ones included.
type Limits struct {
	Templates int // those that belong to one contract are not counted
	Versions  int // of one template
	Clauses   int // of the library
	Text      text.Limits
}

// DefaultLimits are in force unless the installation says otherwise.
func DefaultLimits() Limits {
	return Limits{Templates: 500, Versions: 200, Clauses: 2000, Text: text.DefaultLimits()}
}

// Service is the templates' use cases.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Lister   listing.Lister
	Clock    clock.Clock
	Limits   Limits
}

// Target is a template at the version that the caller has seen.
type Target struct {
	ID              publicid.TemplateID
	ExpectedVersion int
}

// Lookup returns a template, archived or not; nil when there is none, and for one that belongs to a contract, which is
// read through it. Needs template:read.
func (s *Service) Lookup(ctx context.Context, id publicid.TemplateID) (*ent.Template, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		return nil, err
	}
	t, err := s.Client.Template.Query().Where(template.ID(id), template.ContractIDIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return t, tenancy.Fault(err, "look up a template")
}

// ByIDs returns those of the given templates that are nobody's own, in no order; none for a caller without
// template:read, so that an edge is empty and its list survives.
func (s *Service) ByIDs(ctx context.Context, ids []publicid.TemplateID) ([]*ent.Template, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	rows, err := s.Client.Template.Query().Where(listing.AnyOf(template.FieldID, ids), template.ContractIDIsNil()).All(ctx)
	return rows, tenancy.Fault(err, "look up templates")
}

// Version returns a version of a template; nil when there is none, as of Lookup. Needs template:read.
func (s *Service) Version(ctx context.Context, id publicid.TemplateVersionID) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		return nil, err
	}
	v, err := s.Client.TemplateVersion.Query().
		Where(templateversion.ID(id), templateversion.HasTemplateWith(template.ContractIDIsNil())).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return v, tenancy.Fault(err, "look up a template's version")
}

// VersionsOf returns all versions of the given templates, newest first. Callers pass templates that they were given by
// this service.
func (s *Service) VersionsOf(ctx context.Context, ids []publicid.TemplateID) ([]*ent.TemplateVersion, error) {
	rows, err := s.Client.TemplateVersion.Query().Where(templateversion.TemplateIDIn(ids...)).
		Order(ent.Desc(templateversion.FieldNumber)).All(ctx)
	return rows, tenancy.Fault(err, "read versions of templates")
}

// PublishedOf returns the published version of each of the given templates that has one.
func (s *Service) PublishedOf(ctx context.Context, ids []publicid.TemplateID) ([]*ent.TemplateVersion, error) {
	rows, err := s.Client.TemplateVersion.Query().
		Where(templateversion.TemplateIDIn(ids...), templateversion.StatusEQ(text.Published)).All(ctx)
	return rows, tenancy.Fault(err, "read published versions of templates")
}

// LookupClause returns a clause of the library, archived or not; nil when there is none. Needs template:read.
func (s *Service) LookupClause(ctx context.Context, id publicid.ClauseID) (*ent.Clause, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		return nil, err
	}
	c, err := s.Client.Clause.Query().Where(clause.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return c, tenancy.Fault(err, "look up a clause")
}
