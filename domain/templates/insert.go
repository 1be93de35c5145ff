package templates

import (
	"context"
	"encoding/hex"
	"slices"

	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clause"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// ClauseInsert puts a clause of the library into a draft.
type ClauseInsert struct {
	ID              publicid.TemplateVersionID
	ExpectedVersion int
	ClauseID        publicid.ClauseID
	Key             string  // by which the draft knows it
	After           *string // the key of the clause that it follows; "" for the beginning, the end unless given
	Optional        *bool
	Chosen          *bool
}

// Validate reports what is wrong with the request whatever the draft says.
func (in ClauseInsert) Validate() error {
	var c fault.Check
	c.Text("key", in.Key, 1, MaxCode)
	return c.Err()
}

// InsertClause copies a clause of the library into a draft (E5), in the draft's languages and with the clause's tags; what
// becomes of the library's clause later does not change the draft. Needs template:update. Faults: REQUIRED, TOO_LONG,
// MALFORMED and DUPLICATE at key; NOT_FOUND at id, clauseId and after; VERSION_CONFLICT, then the version as it is now
// comes with the error; WRONG_STATE for what was published and for an archived clause; whatever text.Content.Validate finds
// in the outcome, such as words that are missing in one of the draft's languages or slots that it does not have.
func (s *Service) InsertClause(ctx context.Context, in ClauseInsert) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.TemplateUpdate); err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	return s.changeVersion(ctx, VersionTarget{in.ID, in.ExpectedVersion}, "insert_clause", func(tx *ent.Tx, _ *ent.Template, old *ent.TemplateVersion) (*ent.TemplateVersion, error) {
		if old.Status != text.Draft {
			return nil, fault.New(fault.State, fault.WrongState, "version %d is %s; only a draft can be changed", old.Number, old.Status)
		}
		from, err := tx.Clause.Query().Where(clause.ID(in.ClauseID)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.NoSuch("clause", "clauseId")
		}
		if err != nil {
			return nil, tenancy.Fault(err, "load a clause")
		}
		if from.ArchivedAt != nil {
			return nil, fault.New(fault.State, fault.WrongState, "the clause is archived; restore it first")
		}
		content, err := in.into(old.Content, from)
		if err != nil {
			return nil, err
		}
		if err := fault.Under("content", content.Validate(s.Limits.Text)); err != nil {
			return nil, err
		}
		return s.replace(ctx, tx, old, old.Note, content)
	})
}

// into gives the content with the clause in its place.
func (in ClauseInsert) into(c text.Content, from *ent.Clause) (text.Content, error) {
	has := func(key string) int {
		return slices.IndexFunc(c.Clauses, func(cl *text.Clause) bool { return cl.Key == key })
	}
	if has(in.Key) >= 0 {
		return c, fault.New(fault.Conflict, fault.Duplicate, "the draft has a clause with the key %q", in.Key).At("key")
	}
	at := len(c.Clauses)
	if in.After != nil {
		at = has(*in.After) + 1
		if at == 0 && *in.After != "" {
			return c, fault.NoSuch("clause", "after")
		}
	}
	spoken := func(zh, en string) (out text.Words) {
		if slices.Contains(c.Languages, text.ZH) {
			out.ZH = zh
		}
		if slices.Contains(c.Languages, text.EN) {
			out.EN = en
		}
		return out
	}
	c.Clauses = slices.Insert(slices.Clone(c.Clauses), at, &text.Clause{
		Key: in.Key, Heading: spoken(from.HeadingZh, from.HeadingEn), Text: spoken(from.TextZh, from.TextEn), Optional: given.Or(in.Optional), Chosen: given.Or(in.Chosen), Tags: from.Tags,
	})
	return c, nil
}

// replace gives a draft other content. The database lets nobody change the content of a row, so the draft is replaced by
// a row of the same id.
func (s *Service) replace(ctx context.Context, tx *ent.Tx, old *ent.TemplateVersion, note string, content text.Content) (*ent.TemplateVersion, error) {
	if err := tx.TemplateVersion.DeleteOne(old).Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "replace a draft")
	}
	hash := content.Hash()
	now, err := tx.TemplateVersion.Create().SetID(old.ID).SetTemplateID(old.TemplateID).SetNumber(old.Number).SetNote(note).
		SetCreatedAt(old.CreatedAt).SetVersion(old.Version + 1).SetContent(content).SetContentHash(hex.EncodeToString(hash[:])).Save(ctx)
	return now, tenancy.Fault(err, "replace a draft")
}
