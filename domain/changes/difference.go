package changes

import (
	"cmp"
	"context"
	"time"

	"heyue/domain/changes/terms"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/contractversion"
	"heyue/ent/predicate"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Point names the terms of a contract: those of a version, or those in force on a day as they were known at a moment.
type Point struct {
	VersionID  *publicid.ContractVersionID
	ContractID *publicid.ContractID
	AsOf       *date.Date // today unless given
	KnownAt    *time.Time // now unless given
}

// check says what is wrong with a point; queries have no user errors.
func (p Point) check(name string) error {
	switch {
	case (p.VersionID == nil) == (p.ContractID == nil):
		return fault.New(fault.BadRequest, fault.CodeBadRequest, "%s needs either versionId or contractId", name)
	case p.VersionID != nil && (p.AsOf != nil || p.KnownAt != nil):
		return fault.New(fault.BadRequest, fault.CodeBadRequest, "%s: asOf and knownAt go with contractId", name)
	}
	return nil
}

// Diff tells in what the terms of a contract differ between two points: words with the clauses they stand in, sums, and
// days. Nil when the caller does not see one of the points. Needs contract:read. BAD_REQUEST for points that are none, or of
// two contracts.
func (s *Service) Diff(ctx context.Context, a, b Point) (out *terms.Comparison, err error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(a.check("a"), b.check("b")); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		before, old, err := s.point(ctx, tx, access, a)
		if err != nil || before == nil {
			return err
		}
		after, now, err := s.point(ctx, tx, access, b)
		if err != nil || after == nil {
			return err
		}
		if before.ID != after.ID {
			return fault.New(fault.BadRequest, fault.CodeBadRequest, "a and b are of two contracts")
		}
		out, err = s.compare(ctx, tx, before, old, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) point(ctx context.Context, tx *ent.Tx, access policies.Access, p Point) (*ent.Contract, terms.Sheet, error) {
	if p.ContractID != nil {
		return s.then(ctx, tx, access, *p.ContractID, p.AsOf, p.KnownAt)
	}
	v, err := tx.ContractVersion.Query().Where(contractversion.ID(*p.VersionID), contractversion.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, terms.Sheet{}, nil
	}
	if err != nil {
		return nil, terms.Sheet{}, tenancy.Fault(err, "look up a version of a contract")
	}
	c, err := tx.Contract.Query().Where(contract.ID(v.ContractID)).Only(ctx)
	return c, v.Content, tenancy.Fault(err, "look up a contract")
}

// compare puts the differences of clauses behind those of the slots that made them.
func (s *Service) compare(ctx context.Context, tx *ent.Tx, c *ent.Contract, a, b terms.Sheet) (*terms.Comparison, error) {
	old, err := s.wording(ctx, tx, c, a)
	if err != nil {
		return nil, err
	}
	now, err := s.wording(ctx, tx, c, b)
	if err != nil {
		return nil, err
	}
	out := terms.Compare(a, b, func(slot string, v *text.Value) (string, string) {
		if now == nil {
			return slot, ""
		}
		return now.Content.Say(now.Document.Language, slot, v)
	})
	if old != nil && now != nil {
		out.Text = append(out.Text, clauses(old.Document, now.Document)...)
	}
	return &out, nil
}

func (s *Service) wording(ctx context.Context, tx *ent.Tx, c *ent.Contract, sheet terms.Sheet) (*Wording, error) {
	then, err := s.overlay(ctx, tx, c, sheet)
	if err != nil {
		return nil, err
	}
	return s.Texts.Render(ctx, tx.Client(), then)
}

// clauses are the passages that read differently, in the order of the text: those of the older one first.
func clauses(old, now text.Document) []*terms.WordsDiffer {
	var out []*terms.WordsDiffer
	before, after := map[string]*text.Passage{}, map[string]*text.Passage{}
	for _, p := range old.Clauses {
		before[p.Key] = p
	}
	for _, p := range now.Clauses {
		after[p.Key] = p
	}
	for _, p := range old.Clauses {
		words := p.Plain()
		d := &terms.WordsDiffer{Subject: terms.OfClause, Key: p.Key, Label: p.Heading, Before: &words}
		if q := after[p.Key]; q != nil {
			now := q.Plain()
			d.After = &now
		}
		if d.After == nil || *d.After != words {
			out = append(out, d)
		}
	}
	for _, p := range now.Clauses {
		if before[p.Key] == nil {
			words := p.Plain()
			out = append(out, &terms.WordsDiffer{Subject: terms.OfClause, Key: p.Key, Label: p.Heading, After: &words})
		}
	}
	return out
}
