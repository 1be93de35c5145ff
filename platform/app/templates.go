package app

import (
	"context"
	"errors"
	"fmt"

	"heyue/domain/drafting"
	"heyue/domain/templates"
	"heyue/domain/templates/text"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/platform/config"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// templates is the model texts, and the texts of contracts that are made of them.
func (s *Services) templates() {
	f := s.foundation
	limits := TextLimits(f.cfg)
	s.Templates = &templates.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Lister: f.lister, Clock: f.clock,
		Limits: templates.Limits{
			Templates: f.cfg.Tenant.Templates, Versions: f.cfg.Tenant.TemplateVersions, Clauses: f.cfg.Tenant.LibraryClauses, Text: limits,
		},
	}
	s.Drafting = &drafting.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Contracts: s.Contracts, Templates: s.Templates, Clock: f.clock,
		Limits: drafting.Limits{Exceptions: f.cfg.Tenant.ClauseExceptions, Text: limits},
	}
	s.Contracts.Texts, s.Contracts.Wordings = s.Drafting, wording{s.Drafting}
}

// TextLimits are the bounds of templates and texts as the settings give them.
func TextLimits(c config.Config) text.Limits {
	t := c.Tenant
	return text.Limits{
		Clauses: t.TemplateClauses, Slots: t.TemplateSlots, ClauseText: t.ClauseText, ContentText: t.TemplateText,
		ValueText: t.SlotText, Rows: t.SlotRows,
	}
}

// install runs InstallTemplates once. What fails is tried again by the next start.
func (s *Services) install(ctx context.Context) {
	if err := s.InstallTemplates(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "install the shipped templates", "error", err)
	}
}

// InstallTemplates gives every active tenant the shipped templates that it lacks: a release that ships another one
// reaches tenants that were there before. Doing it again changes nothing. The error has a line for each tenant that it
// failed for; the others have theirs.
func (s *Services) InstallTemplates(ctx context.Context) error {
	all, err := s.directory.List(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range all {
		if l.Standing != standing.Active {
			continue
		}
		if err := s.installFor(tenancy.With(ctx, l.TenantID)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", l.Slug, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Services) installFor(ctx context.Context) error {
	return tenancy.Write(ctx, s.client, func(tx *ent.Tx) error {
		t, err := tenancy.Lock(ctx, tx)
		if err != nil {
			return err
		}
		return templates.Seed{Clock: s.clock}.Run(ctx, tx, t.Settings.Locale)
	})
}

// wording tells the contracts' service which text a contract has.
type wording struct{ drafting *drafting.Service }

// TextHashes implements contracts.Wordings.
func (w wording) TextHashes(ctx context.Context, tx *ent.Tx, ids []publicid.ContractID) (map[publicid.ContractID][32]byte, error) {
	return w.drafting.Hashes(ctx, tx.Client(), ids)
}
