package contacts

import (
	"context"
	"time"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Update changes a contact. Needs contact:update reaching its customer. Faults: those of Change.Validate; NOT_FOUND;
// VERSION_CONFLICT, then the contact as it is now comes with the error; WRONG_STATE for an archived contact.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.Contact, error) {
	reach, err := s.require(ctx, policies.ContactUpdate)
	if err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(today); err != nil {
		return nil, err
	}
	return s.change(ctx, reach, Target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.Contact, m *ent.ContactMutation) error {
		if old.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the contact is archived; restore it first")
		}
		ch.apply(m)
		if len(ch.Clear) > 0 {
			m.ClearBirthday()
		}
		keep, err := s.Fields.Settle(ctx, tx, custom.Contact, old.Custom, ch.Custom, false, m.SetCustom)
		if err != nil {
			return err
		}
		if err := keep(old.ID.UUID()); err != nil {
			return err
		}
		if !ch.primary() || old.IsPrimary {
			return nil
		}
		return s.demote(ctx, tx, old.CustomerID)
	})
}

// Archive puts a contact away: it stays readable and is left out of lists that do not ask for it. It is no longer its
// customer's primary contact, nor after Restore. Archiving an archived contact is WRONG_STATE. Needs contact:archive.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.Contact, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore takes a contact out of the archive. Needs contact:archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.Contact, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.Contact, error) {
	reach, err := s.require(ctx, policies.ContactArchive)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, reach, t, action, func(_ *ent.Tx, old *ent.Contact, m *ent.ContactMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the contact: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
			return nil
		}
		m.SetArchivedAt(*at)
		m.SetIsPrimary(false)
		return nil
	})
}

// change loads and locks a contact, lets edit alter it, and writes it with its audit entry in one transaction. On a
// version conflict it returns the contact as it is beside the error.
//
// It locks the customer first, as Create does, so that of two who choose a primary contact the second sees the first's.
func (s *Service) change(ctx context.Context, reach reach, t Target, action string,
	edit func(tx *ent.Tx, old *ent.Contact, m *ent.ContactMutation) error,
) (now *ent.Contact, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		of, err := customerOf(ctx, tx, reach, t.ID)
		if err != nil {
			return err
		}
		if _, err := lock(ctx, tx, of, reach.Access); fault.KindOf(err) == fault.NotFound { // moved out of reach just now
			return fault.NoSuch("contact", "id")
		} else if err != nil {
			return err
		}
		old, err := load(ctx, tx, reach, t)
		if err != nil {
			now = old
			return err
		}
		update := tx.Contact.UpdateOne(old).AddVersion(1)
		if err := edit(tx, old, update.Mutation()); err != nil {
			return err
		}
		if now, err = update.Save(ctx); err != nil {
			now = nil
			return tenancy.Fault(err, "write a contact")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "contact", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// customerOf tells whose contact it is; a contact never changes that.
func customerOf(ctx context.Context, tx *ent.Tx, reach reach, id publicid.ContactID) (publicid.CustomerID, error) {
	c, err := tx.Contact.Query().Where(contact.ID(id), reach.where).Only(ctx)
	if ent.IsNotFound(err) {
		return publicid.CustomerID{}, fault.NoSuch("contact", "id")
	}
	if err != nil {
		return publicid.CustomerID{}, tenancy.Fault(err, "load a contact")
	}
	return c.CustomerID, nil
}

// demote makes a customer's primary contact an ordinary one. The caller holds the customer's row.
func (s *Service) demote(ctx context.Context, tx *ent.Tx, of publicid.CustomerID) error {
	primaries, err := tx.Contact.Query().Where(contact.CustomerID(of), contact.IsPrimary(true)).ForUpdate().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "load the primary contact")
	}
	for _, old := range primaries {
		now, err := tx.Contact.UpdateOne(old).AddVersion(1).SetIsPrimary(false).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write the former primary contact")
		}
		entry := audit.Entry{Action: "update", Object: "contact", ID: old.ID.UUID(), Before: old, After: now}
		if err := s.Audit.Record(ctx, tx, entry); err != nil {
			return err
		}
	}
	return nil
}
