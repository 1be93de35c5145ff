package templates

import (
	"context"
	"strings"
	"time"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a template, and its first version when there is content. Needs template:update. Faults: those of
// Draft.Validate, DUPLICATE for a code that is taken, LIMIT_REACHED.
func (s *Service) Create(ctx context.Context, d Draft) (made *ent.Template, err error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(s.Limits.Text); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.room(ctx, tx); err != nil {
			return err
		}
		made, err = tx.Template.Create().SetCode(d.Code).SetName(strings.TrimSpace(d.Name)).SetKind(d.Kind).
			SetNillableDescription(d.Description).Save(ctx)
		if err != nil {
			return taken(err, "template", d.Code)
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "template", ID: made.ID.UUID(), After: made}); err != nil {
			return err
		}
		if d.Content == nil {
			return nil
		}
		_, err := s.add(ctx, tx, made.ID, 1, "", *d.Content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// room refuses a template too many, under the tenant's lock so that two creates cannot both take the last place.
func (s *Service) room(ctx context.Context, tx *ent.Tx) error {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return err
	}
	n, err := tx.Template.Query().Where(template.ContractIDIsNil()).Count(ctx)
	if err != nil {
		return tenancy.Fault(err, "count templates")
	}
	if n >= s.Limits.Templates {
		return fault.New(fault.State, fault.LimitReached, "there are %d templates, which is as many as there may be", n)
	}
	return nil
}

// taken names the code behind a row that is there already.
func taken(err error, noun, code string) error {
	if _, dup := tenancy.UniqueViolation(err); dup {
		return fault.New(fault.Conflict, fault.Duplicate, "there is a %s %s already", noun, code).At("code")
	}
	return tenancy.Fault(err, "write a "+noun)
}

// Update changes a template's name or description. Needs template:update. Faults: those of Change.Validate, NOT_FOUND,
// VERSION_CONFLICT, then the template as it is now comes with the error.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.Template, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, Target{ch.ID, ch.ExpectedVersion}, "update", func(_ *ent.Template, m *ent.TemplateMutation) error {
		if ch.Name != nil {
			m.SetName(strings.TrimSpace(*ch.Name))
		}
		if ch.Description != nil {
			m.SetDescription(*ch.Description)
		}
		return nil
	})
}

// Archive takes a template out of use: contracts keep their text, new ones cannot begin with it. Needs template:update.
// Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE when it is archived already.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.Template, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore puts an archived template back into use. Needs template:update. Faults: as of Archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.Template, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.Template, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	return s.change(ctx, t, action, func(old *ent.Template, m *ent.TemplateMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the template: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// change locks a template, lets edit alter it, and writes it with its audit entry in one transaction.
func (s *Service) change(ctx context.Context, t Target, action string,
	edit func(old *ent.Template, m *ent.TemplateMutation) error,
) (now *ent.Template, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := load(ctx, tx, t.ID, "id")
		if err != nil {
			return err
		}
		if old.Version != t.ExpectedVersion {
			now = old
			return fault.Stale("template")
		}
		update := tx.Template.UpdateOne(old).AddVersion(1)
		if err := edit(old, update.Mutation()); err != nil {
			return err
		}
		after, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a template")
		}
		now = after
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "template", ID: t.ID.UUID(), Before: old, After: now})
	})
	return kept(now, err)
}

// load reads a template that is nobody's own and locks it. Its versions are written under this lock.
func load(ctx context.Context, tx *ent.Tx, id publicid.TemplateID, field string) (*ent.Template, error) {
	t, err := tx.Template.Query().Where(template.ID(id), template.ContractIDIsNil()).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("template", field)
	}
	return t, tenancy.Fault(err, "load a template")
}

// kept gives the row beside a version conflict, and nothing beside any other error.
func kept[T any](row *T, err error) (*T, error) {
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return row, err
}
