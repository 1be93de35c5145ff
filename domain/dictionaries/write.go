package dictionaries

import (
	"context"
	"strings"
	"time"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// step is the gap that a new entry leaves behind the last one, so that another fits between.
const step = 10

// Create adds an entry to a list. Needs dictionary:update. Faults: those of Draft.Validate, DUPLICATE for a code that
// the list has already, archived or not, LIMIT_REACHED for a full list.
func (s *Service) Create(ctx context.Context, d Draft) (made *ent.DictionaryEntry, err error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		position, err := s.room(ctx, tx, d)
		if err != nil {
			return err
		}
		made, err = tx.DictionaryEntry.Create().SetList(d.List).SetCode(d.Code).SetLabelZh(strings.TrimSpace(d.LabelZh)).
			SetLabelEn(strings.TrimSpace(d.LabelEn)).SetPosition(position).Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			f := fault.New(fault.Conflict, fault.Duplicate, "the dictionary %s has the code %s already", d.List, d.Code)
			return f.At("code")
		}
		if err != nil {
			return tenancy.Fault(err, "write a dictionary entry")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "dictionary", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// room finds the place of a new entry, under the tenant's lock so that two creates cannot both take the last one.
func (s *Service) room(ctx context.Context, tx *ent.Tx, d Draft) (position int, err error) {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return 0, err
	}
	positions, err := tx.DictionaryEntry.Query().Where(dictionaryentry.List(d.List)).Select(dictionaryentry.FieldPosition).Ints(ctx)
	if err != nil {
		return 0, tenancy.Fault(err, "count dictionary entries")
	}
	if len(positions) >= s.Limit {
		return 0, fault.New(fault.State, fault.LimitReached, "the dictionary %s has %d entries, which is as many as it may have", d.List, len(positions)).At("list")
	}
	if d.Position != nil {
		return *d.Position, nil
	}
	last := 0
	for _, p := range positions {
		last = max(last, p)
	}
	return min(last+step, MaxPosition), nil
}

// Update changes an entry's labels or position; its code stays. Needs dictionary:update. Faults: those of
// Change.Validate, NOT_FOUND, VERSION_CONFLICT, then the entry as it is now comes with the error.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.DictionaryEntry, error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, Target{ch.ID, ch.ExpectedVersion}, "update", func(_ *ent.DictionaryEntry, m *ent.DictionaryEntryMutation) error {
		if ch.LabelZh != nil {
			m.SetLabelZh(strings.TrimSpace(*ch.LabelZh))
		}
		if ch.LabelEn != nil {
			m.SetLabelEn(strings.TrimSpace(*ch.LabelEn))
		}
		if ch.Position != nil {
			m.SetPosition(*ch.Position)
		}
		return nil
	})
}

// Archive takes an entry out of use: records that have its code keep it, new values may not have it. Needs
// dictionary:update. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE when it is archived already.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.DictionaryEntry, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore puts an archived entry back into use. Needs dictionary:update. Faults: as of Archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.DictionaryEntry, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.DictionaryEntry, error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryUpdate); err != nil {
		return nil, err
	}
	return s.change(ctx, t, action, func(old *ent.DictionaryEntry, m *ent.DictionaryEntryMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the entry: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// change locks an entry, lets edit alter it, and writes it with its audit entry in one transaction.
func (s *Service) change(ctx context.Context, t Target, action string,
	edit func(old *ent.DictionaryEntry, m *ent.DictionaryEntryMutation) error,
) (now *ent.DictionaryEntry, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.DictionaryEntry.Query().Where(dictionaryentry.ID(t.ID)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("dictionary entry", "id")
		case err != nil:
			return tenancy.Fault(err, "load a dictionary entry")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("dictionary entry")
		}
		update := tx.DictionaryEntry.UpdateOne(old).AddVersion(1)
		if err := edit(old, update.Mutation()); err != nil {
			return err
		}
		after, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a dictionary entry")
		}
		now = after
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "dictionary", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
