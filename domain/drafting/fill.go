package drafting

import (
	"context"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/ent/contact"
	"heyue/ent/contracttext"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filling changes what a draft contract's text is filled with. What is nil stays; a fill without a value empties its
// slot. Content gives other words to a contract that was written from scratch, and to no other.
type Filling struct {
	ID              publicid.ContractID
	ExpectedVersion int
	Fill            []*text.Fill
	Optional        []string
	Language        *text.Language
	ContactID       *publicid.ContactID
	Content         *text.Content
}

// Fill gives values to the slots of a draft contract and chooses its optional clauses; slots that are taken over from
// the customer and the contact are read anew. No fill reaches a clause's own words (HR2). Needs contract:update reaching
// the contract, and contract:compose for content. Faults: NOT_FOUND; VERSION_CONFLICT, then the contract as it is now
// comes with the error; WRONG_STATE for a contract that is no draft, has no text, or has a template's text and is given
// content; those of text.Wish.Check.
func (s *Service) Fill(ctx context.Context, f Filling) (now *ent.Contract, err error) {
	if _, err := s.Policies.Require(ctx, policies.ContractUpdate); err != nil { // Contracts.Edit applies its reach
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := s.Contracts.Edit(ctx, tx, f.ID, f.ExpectedVersion)
		if err != nil {
			now = c
			return err
		}
		row, err := tx.ContractText.Query().Where(contracttext.ContractID(c.ID)).WithTemplateVersion(func(q *ent.TemplateVersionQuery) { q.WithTemplate() }).Only(ctx)
		if ent.IsNotFound(err) {
			return noText()
		}
		if err != nil {
			return tenancy.Fault(err, "load a contract's text")
		}
		after, err := s.fill(ctx, tx, c, row, f)
		if err != nil {
			return err
		}
		now = c
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "fill", Object: "contract_text", ID: c.ID.UUID(), Before: row, After: after})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

func (s *Service) fill(ctx context.Context, tx *ent.Tx, c *ent.Contract, row *ent.ContractText, f Filling) (*ent.ContractText, error) {
	version, err := s.reworded(ctx, tx, c, row.Edges.TemplateVersion, f.Content)
	if err != nil {
		return nil, err
	}
	content := version.Content
	wish := text.Wish{Language: f.Language, Fill: f.Fill, Optional: f.Optional}
	if err := wish.Check(content, s.Limits.Text); err != nil {
		return nil, err
	}
	if f.Language != nil && *f.Language != row.Language {
		if err := s.mayTranslate(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	named, err := s.namedContact(ctx, tx, c, row, f.ContactID)
	if err != nil {
		return nil, err
	}
	taken, err := s.taken(ctx, tx, c, named)
	if err != nil {
		return nil, err
	}
	update := tx.ContractText.UpdateOne(row).SetTemplateVersionID(version.ID).
		SetSlots(content.Fitting(content.Refresh(content.Apply(row.Slots, f.Fill), taken, s.Limits.Text), s.Limits.Text))
	switch {
	case f.Optional != nil:
		update.SetOptional(f.Optional)
	case f.Content != nil:
		update.SetOptional(content.Still(row.Optional))
	}
	if f.Language != nil {
		update.SetLanguage(*f.Language)
	} else if !content.Speaks(row.Language) {
		update.SetLanguage(content.Languages[0])
	}
	if named != nil {
		update.SetContactID(named.ID)
	}
	after, err := update.Save(ctx)
	return after, tenancy.Fault(err, "write a contract's text")
}

// mayTranslate refuses another language once an exception was proposed or accepted: its words are in one language only.
func (s *Service) mayTranslate(ctx context.Context, tx *ent.Tx, c *ent.Contract) error {
	worded, err := tx.ClauseException.Query().
		Where(clauseexception.ContractID(c.ID), clauseexception.StatusIn(text.Proposed, text.Accepted)).Exist(ctx)
	if err != nil {
		return tenancy.Fault(err, "read clause exceptions")
	}
	if worded {
		return fault.New(fault.State, fault.WrongState, "the contract has clause exceptions in its language").At("language")
	}
	return nil
}

// reworded publishes other words for a contract of its own words, and returns the version that the text now has.
func (s *Service) reworded(ctx context.Context, tx *ent.Tx, c *ent.Contract, old *ent.TemplateVersion, content *text.Content) (*ent.TemplateVersion, error) {
	if content == nil {
		return old, nil
	}
	if old.Edges.Template.ContractID == nil {
		return nil, fault.New(fault.State, fault.WrongState,
			"the contract has the text of the template %s, whose clauses are not changed; propose a clause exception", old.Edges.Template.Code).At("content")
	}
	v, err := s.Templates.Own(ctx, tx, c, *content)
	if err != nil {
		return nil, fault.Under("content", err)
	}
	// With everything that Own wrote, as the database has it.
	v, err = tx.TemplateVersion.Query().Where(templateversion.ID(v.ID)).Only(ctx)
	return v, tenancy.Fault(err, "read a contract's own version")
}

// namedContact is the contact that the text names from now on.
func (s *Service) namedContact(ctx context.Context, tx *ent.Tx, c *ent.Contract, row *ent.ContractText, wished *publicid.ContactID) (*ent.Contact, error) {
	if wished != nil || row.ContactID == nil {
		return s.contact(ctx, tx, c, wished)
	}
	// The contact of before stays, archived or not, as long as the customer is the same.
	found, err := tx.Contact.Query().Where(contact.ID(*row.ContactID), contact.CustomerID(c.CustomerID)).Only(ctx)
	if ent.IsNotFound(err) {
		return s.contact(ctx, tx, c, nil)
	}
	return found, tenancy.Fault(err, "read the contact")
}
