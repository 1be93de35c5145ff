package fields

import (
	"context"
	"time"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customfield"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// step is the gap between the positions of two fields.
const step = 10

// Define adds a field to the records of a noun. Records that are there already have no value of it, also when it is
// required: it is asked for in new ones. Needs custom_field:update. Faults: those of Draft.Validate, DUPLICATE for a key
// that the noun has already, archived or not, LIMIT_REACHED for a noun with as many fields as it may have.
func (s *Service) Define(ctx context.Context, d Draft) (made *ent.CustomField, err error) {
	if _, err := s.Policies.Require(ctx, policies.CustomFieldUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		position, err := s.room(ctx, tx, d.Noun)
		if err != nil {
			return err
		}
		def := d.definition()
		create := tx.CustomField.Create().SetNoun(d.Noun).SetKey(def.Key).SetType(def.Type).SetNillableTarget(def.Target).
			SetLabelZh(def.LabelZh).SetLabelEn(def.LabelEn).SetRequired(def.Required).SetPosition(position)
		if len(def.Options) > 0 {
			create.SetOptions(def.Options)
		}
		made, err = create.Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return fault.New(fault.Conflict, fault.Duplicate, "there is a custom field %s already", d.Key).At("key")
		}
		if err != nil {
			return tenancy.Fault(err, "write a custom field")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "custom_field", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// room finds the place of a new field, under the tenant's lock so that two cannot both take the last one.
func (s *Service) room(ctx context.Context, tx *ent.Tx, noun custom.Noun) (position int, err error) {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return 0, err
	}
	rows, err := s.of(ctx, tx.CustomField, noun, true)
	if err != nil {
		return 0, err
	}
	if len(rows) >= s.Limit {
		return 0, fault.New(fault.State, fault.LimitReached, "there are %d custom fields, which is as many as there may be", len(rows)).At("noun")
	}
	for _, f := range rows {
		position = max(position, f.Position)
	}
	return position + step, nil
}

// Update changes what a field is called, whether it is required and what a CHOICE may be. Needs custom_field:update.
// Faults: those of [custom.Definition.Check]; IN_USE for an option that was left out; NOT_FOUND; VERSION_CONFLICT, then
// the field as it is now comes with the error.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.CustomField, error) {
	if _, err := s.Policies.Require(ctx, policies.CustomFieldUpdate); err != nil {
		return nil, err
	}
	return s.change(ctx, Target{ch.ID, ch.ExpectedVersion}, "update", func(old *ent.CustomField, m *ent.CustomFieldMutation) error {
		var c fault.Check
		was := definition(old)
		now := ch.apply(was)
		now.Check(&c)
		if ch.Options != nil {
			was.Replace(&c, ch.Options)
			m.SetOptions(now.Options)
		}
		m.SetLabelZh(now.LabelZh)
		m.SetLabelEn(now.LabelEn)
		m.SetRequired(now.Required)
		return c.Err()
	})
}

// Archive takes a field out of use: the values that records have stay readable and nobody can write any more. Needs
// custom_field:update. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE when it is archived already.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.CustomField, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore puts an archived field back into use. Needs custom_field:update. Faults: as of Archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.CustomField, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.CustomField, error) {
	if _, err := s.Policies.Require(ctx, policies.CustomFieldUpdate); err != nil {
		return nil, err
	}
	return s.change(ctx, t, action, func(old *ent.CustomField, m *ent.CustomFieldMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the custom field: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// change locks a field, lets edit alter it, and writes it with its audit entry in one transaction.
func (s *Service) change(ctx context.Context, t Target, action string,
	edit func(old *ent.CustomField, m *ent.CustomFieldMutation) error,
) (now *ent.CustomField, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.CustomField.Query().Where(customfield.ID(t.ID)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("custom field", "id")
		case err != nil:
			return tenancy.Fault(err, "load a custom field")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("custom field")
		}
		update := tx.CustomField.UpdateOne(old).AddVersion(1)
		if err := edit(old, update.Mutation()); err != nil {
			return err
		}
		if now, err = update.Save(ctx); err != nil {
			now = nil
			return tenancy.Fault(err, "write a custom field")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "custom_field", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
