package templates

import (
	"context"
	"encoding/hex"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/ent/templateversion"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// CreateVersion adds a draft to a template; there is one at most. Needs template:update. Faults: those of
// VersionDraft.Validate, NOT_FOUND, WRONG_STATE for an archived template or one that has a draft, REQUIRED for content
// when there is no version to begin with, LIMIT_REACHED.
func (s *Service) CreateVersion(ctx context.Context, d VersionDraft) (made *ent.TemplateVersion, err error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(s.Limits.Text); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		t, err := load(ctx, tx, d.TemplateID, "templateId")
		if err != nil {
			return err
		}
		if t.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the template is archived; restore it first")
		}
		last, err := tx.TemplateVersion.Query().Where(templateversion.TemplateID(t.ID)).Order(ent.Desc(templateversion.FieldNumber)).First(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return tenancy.Fault(err, "read the last version")
		}
		content, number, err := s.next(d, last)
		if err != nil {
			return err
		}
		made, err = s.add(ctx, tx, t.ID, number, given.Or(d.Note), content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// next is what the version after last says, and its number.
func (s *Service) next(d VersionDraft, last *ent.TemplateVersion) (text.Content, int, error) {
	switch {
	case last == nil && d.Content == nil:
		return text.Content{}, 0, fault.New(fault.Invalid, fault.Required, "the template has no version yet; content is required").At("content")
	case last == nil:
		return *d.Content, 1, nil
	case last.Status == text.Draft:
		return text.Content{}, 0, fault.New(fault.State, fault.WrongState, "version %d is a draft; change or publish that", last.Number)
	case last.Number >= s.Limits.Versions:
		return text.Content{}, 0, fault.New(fault.State, fault.LimitReached, "the template has %d versions, which is as many as it may have", last.Number)
	case d.Content == nil:
		return last.Content, last.Number + 1, nil
	}
	return *d.Content, last.Number + 1, nil
}

// add writes a draft.
func (s *Service) add(ctx context.Context, tx *ent.Tx, t publicid.TemplateID, number int, note string, content text.Content) (*ent.TemplateVersion, error) {
	hash := content.Hash()
	v, err := tx.TemplateVersion.Create().SetTemplateID(t).SetNumber(number).SetNote(note).SetContent(content).
		SetContentHash(hex.EncodeToString(hash[:])).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a template's version")
	}
	return v, s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "template_version", ID: v.ID.UUID(), After: v})
}

// UpdateVersion gives a draft other content. Needs template:update. Faults: those of VersionChange.Validate, NOT_FOUND,
// VERSION_CONFLICT, then the version as it is now comes with the error, WRONG_STATE for what was published.
func (s *Service) UpdateVersion(ctx context.Context, ch VersionChange) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(s.Limits.Text); err != nil {
		return nil, err
	}
	return s.changeVersion(ctx, VersionTarget{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, _ *ent.Template, old *ent.TemplateVersion) (*ent.TemplateVersion, error) {
		if old.Status != text.Draft {
			return nil, fault.New(fault.State, fault.WrongState, "version %d is %s; only a draft can be changed", old.Number, old.Status)
		}
		content, said := old.Content, old.Note
		if ch.Content != nil {
			content = *ch.Content
		}
		if ch.Note != nil {
			said = *ch.Note
		}
		return s.replace(ctx, tx, old, said, content)
	})
}

// Publish makes a draft the version that new contracts begin with, for good; the one before it is retired. Needs
// template:publish. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE for what is no draft and for an archived template.
func (s *Service) Publish(ctx context.Context, t VersionTarget) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplatePublish); err != nil {
		return nil, err
	}
	return s.changeVersion(ctx, t, "publish", func(tx *ent.Tx, of *ent.Template, old *ent.TemplateVersion) (*ent.TemplateVersion, error) {
		if of.ArchivedAt != nil {
			return nil, fault.New(fault.State, fault.WrongState, "the template is archived; restore it first")
		}
		if old.Status != text.Draft {
			return nil, fault.New(fault.State, fault.WrongState, "version %d is %s already", old.Number, old.Status)
		}
		if err := fault.Under("content", old.Content.Validate(s.Limits.Text)); err != nil { // the limits may have changed since
			return nil, err
		}
		return s.publish(ctx, tx, old)
	})
}

// publish retires what was published and publishes a draft.
func (s *Service) publish(ctx context.Context, tx *ent.Tx, draft *ent.TemplateVersion) (*ent.TemplateVersion, error) {
	at := s.Clock.Now()
	err := tx.TemplateVersion.Update().Where(templateversion.TemplateID(draft.TemplateID), templateversion.StatusEQ(text.Published)).
		SetStatus(text.Retired).SetRetiredAt(at).AddVersion(1).Exec(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "retire the version before")
	}
	publish := tx.TemplateVersion.UpdateOne(draft).SetStatus(text.Published).SetPublishedAt(at).AddVersion(1)
	if me, err := identity.From(ctx); err == nil {
		publish.SetPublishedByID(me.UserID)
	}
	now, err := publish.Save(ctx)
	return now, tenancy.Fault(err, "publish a version")
}

// Retire takes a published version out of use: contracts that have it keep it, new ones cannot begin with it. Needs
// template:publish. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE for what is not published.
func (s *Service) Retire(ctx context.Context, t VersionTarget) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplatePublish); err != nil {
		return nil, err
	}
	return s.changeVersion(ctx, t, "retire", func(tx *ent.Tx, _ *ent.Template, old *ent.TemplateVersion) (*ent.TemplateVersion, error) {
		if old.Status != text.Published {
			return nil, fault.New(fault.State, fault.WrongState, "version %d is %s; only a published one can be retired", old.Number, old.Status)
		}
		now, err := tx.TemplateVersion.UpdateOne(old).SetStatus(text.Retired).SetRetiredAt(s.Clock.Now()).AddVersion(1).Save(ctx)
		return now, tenancy.Fault(err, "retire a version")
	})
}

// changeVersion locks a version's template, lets edit write, and records old and new with the audit entry.
func (s *Service) changeVersion(ctx context.Context, t VersionTarget, action string,
	edit func(tx *ent.Tx, of *ent.Template, old *ent.TemplateVersion) (*ent.TemplateVersion, error),
) (now *ent.TemplateVersion, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		seen, err := tx.TemplateVersion.Query().Where(templateversion.ID(t.ID), templateversion.HasTemplateWith(template.ContractIDIsNil())).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("template version", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "find a template's version")
		}
		of, err := load(ctx, tx, seen.TemplateID, "id")
		if err != nil {
			return err
		}
		old, err := tx.TemplateVersion.Query().Where(templateversion.ID(t.ID)).Only(ctx) // again, now that nobody else writes it
		if err != nil {
			return tenancy.Fault(err, "load a template's version")
		}
		if old.Version != t.ExpectedVersion {
			now = old
			return fault.Stale("template version")
		}
		if now, err = edit(tx, of, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "template_version", ID: t.ID.UUID(), Before: old, After: now})
	})
	return kept(now, err)
}
