package drafting

import (
	"context"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Prepare finds the published version of the template that a wish names, or takes the wish's own words, and checks the
// wish against them. Needs template:read. Faults: NOT_FOUND at templateId; WRONG_STATE for a template without a published
// version or an archived one; those of text.Wish.Check, which name the slot: fill.fee.money.amount.
func (s *Service) Prepare(ctx context.Context, tx *ent.Tx, w text.Wish) (text.Model, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateRead); err != nil {
		return text.Model{}, err
	}
	if w.Content != nil {
		if _, err := s.Policies.Require(ctx, policies.ContractCompose); err != nil {
			return text.Model{}, err
		}
		if err := w.Content.Validate(s.Limits.Text); err != nil {
			return text.Model{}, fault.Under("content", err)
		}
		return text.Model{Wish: w, Content: *w.Content}, w.Check(*w.Content, s.Limits.Text)
	}
	t, err := tx.Template.Query().Where(template.ID(*w.TemplateID), template.ContractIDIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return text.Model{}, fault.NoSuch("template", "templateId")
	}
	if err != nil {
		return text.Model{}, tenancy.Fault(err, "find the template")
	}
	// The version is locked against being retired while the contract is made.
	v, err := tx.TemplateVersion.Query().Where(templateversion.TemplateID(t.ID), templateversion.StatusEQ(text.Published)).ForShare().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return text.Model{}, tenancy.Fault(err, "find the template's published version")
	}
	if t.ArchivedAt != nil || v == nil {
		return text.Model{}, fault.New(fault.State, fault.WrongState, "the template %s has no published version in use", t.Code).At("templateId")
	}
	return text.Model{Wish: w, VersionID: v.ID, Template: t.ID, Kind: t.Kind, Content: v.Content}, w.Check(v.Content, s.Limits.Text)
}

// Begin writes the text of a contract that was made in tx: values taken over from the customer, its contact, the tenant
// and the customer's last contract under the template (E4), over them what the wish gives. Faults: NOT_FOUND at
// contactId; those of templates.Service.Own at content.
func (s *Service) Begin(ctx context.Context, tx *ent.Tx, c *ent.Contract, m text.Model) error {
	version := m.VersionID
	if m.Wish.Content != nil {
		v, err := s.Templates.Own(ctx, tx, c, *m.Wish.Content)
		if err != nil {
			return fault.Under("content", err)
		}
		version = v.ID
	}
	contact, err := s.contact(ctx, tx, c, m.Wish.ContactID)
	if err != nil {
		return err
	}
	taken, err := s.taken(ctx, tx, c, contact)
	if err != nil {
		return err
	}
	last, err := s.last(ctx, tx, c, m)
	if err != nil {
		return err
	}
	language, optional := m.Content.Languages[0], m.Content.Usual()
	if m.Wish.Language != nil {
		language = *m.Wish.Language
	}
	if m.Wish.Optional != nil {
		optional = m.Wish.Optional
	}
	create := tx.ContractText.Create().SetContractID(c.ID).SetTemplateVersionID(version).SetLanguage(language).SetOptional(optional).
		SetSlots(m.Content.Apply(m.Content.Start(taken, last, s.Limits.Text), m.Wish.Fill))
	if contact != nil {
		create.SetContactID(contact.ID)
	}
	row, err := create.Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write a contract's text")
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "contract_text", ID: c.ID.UUID(), After: row})
}
