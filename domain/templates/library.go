package templates

import (
	"context"
	"strings"
	"time"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clause"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// CreateClause adds a clause to the library. Needs template:update. Faults: those of ClauseDraft.Validate, DUPLICATE for
// a code that is taken, LIMIT_REACHED.
func (s *Service) CreateClause(ctx context.Context, d ClauseDraft) (made *ent.Clause, err error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(s.Limits.Text); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		n, err := tx.Clause.Query().Count(ctx)
		if err != nil {
			return tenancy.Fault(err, "count clauses")
		}
		if n >= s.Limits.Clauses {
			return fault.New(fault.State, fault.LimitReached, "the library has %d clauses, which is as many as it may have", n)
		}
		made, err = tx.Clause.Create().SetCode(d.Code).SetTags(tags(d.Tags)).SetHeadingZh(d.Heading.ZH).SetHeadingEn(d.Heading.EN).
			SetTextZh(d.Text.ZH).SetTextEn(d.Text.EN).Save(ctx)
		if err != nil {
			return taken(err, "clause", d.Code)
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "clause", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// tags are never null in the database.
func tags(given []string) []string {
	out := make([]string, len(given))
	for i, t := range given {
		out[i] = strings.TrimSpace(t)
	}
	return out
}

// UpdateClause changes a clause of the library. Needs template:update. Faults: as of CreateClause, NOT_FOUND,
// VERSION_CONFLICT, then the clause as it is now comes with the error.
func (s *Service) UpdateClause(ctx context.Context, ch ClauseChange) (*ent.Clause, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	return s.changeClause(ctx, ClauseTarget{ch.ID, ch.ExpectedVersion}, "update", func(old *ent.Clause, m *ent.ClauseMutation) error {
		heading, words, given := text.Words{ZH: old.HeadingZh, EN: old.HeadingEn}, text.Words{ZH: old.TextZh, EN: old.TextEn}, old.Tags
		if ch.Heading != nil {
			heading = *ch.Heading
		}
		if ch.Text != nil {
			words = *ch.Text
		}
		if ch.Tags != nil {
			given = ch.Tags
		}
		var c fault.Check
		text.CheckLibrary(&c, heading, words, given, s.Limits.Text)
		if err := c.Err(); err != nil {
			return err
		}
		m.SetTags(tags(given))
		m.SetHeadingZh(heading.ZH)
		m.SetHeadingEn(heading.EN)
		m.SetTextZh(words.ZH)
		m.SetTextEn(words.EN)
		return nil
	})
}

// ArchiveClause takes a clause out of use; templates that were written from it stay as they are. Needs template:update.
// Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE when it is archived already.
func (s *Service) ArchiveClause(ctx context.Context, t ClauseTarget) (*ent.Clause, error) {
	at := s.Clock.Now()
	return s.fileClause(ctx, t, "archive", &at)
}

// RestoreClause puts an archived clause back into use. Needs template:update. Faults: as of ArchiveClause.
func (s *Service) RestoreClause(ctx context.Context, t ClauseTarget) (*ent.Clause, error) {
	return s.fileClause(ctx, t, "restore", nil)
}

func (s *Service) fileClause(ctx context.Context, t ClauseTarget, action string, at *time.Time) (*ent.Clause, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	return s.changeClause(ctx, t, action, func(old *ent.Clause, m *ent.ClauseMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the clause: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// changeClause locks a clause, lets edit alter it, and writes it with its audit entry in one transaction.
func (s *Service) changeClause(ctx context.Context, t ClauseTarget, action string,
	edit func(old *ent.Clause, m *ent.ClauseMutation) error,
) (now *ent.Clause, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.Clause.Query().Where(clause.ID(t.ID)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("clause", "id")
		case err != nil:
			return tenancy.Fault(err, "load a clause")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("clause")
		}
		update := tx.Clause.UpdateOne(old).AddVersion(1)
		if err := edit(old, update.Mutation()); err != nil {
			return err
		}
		after, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a clause")
		}
		now = after
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "clause", ID: t.ID.UUID(), Before: old, After: now})
	})
	return kept(now, err)
}
