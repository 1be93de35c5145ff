package dictionaries

import (
	"context"

	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// List returns the entries of a list by position, then code. Needs dictionary:read. Fails with UNKNOWN_VALUE for a
// list that does not exist.
func (s *Service) List(ctx context.Context, list shipped.List, includeArchived bool) ([]*ent.DictionaryEntry, error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryRead); err != nil {
		return nil, err
	}
	var c fault.Check
	checkList(&c, list)
	if err := c.Err(); err != nil {
		return nil, err
	}
	q := s.Client.DictionaryEntry.Query().Where(dictionaryentry.List(list))
	if !includeArchived {
		q.Where(dictionaryentry.ArchivedAtIsNil())
	}
	rows, err := q.Order(ent.Asc(dictionaryentry.FieldPosition, dictionaryentry.FieldCode)).All(ctx)
	return rows, tenancy.Fault(err, "list dictionary entries")
}

// Lookup returns an entry, archived or not; nil when there is none. Needs dictionary:read.
func (s *Service) Lookup(ctx context.Context, id publicid.DictionaryEntryID) (*ent.DictionaryEntry, error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryRead); err != nil {
		return nil, err
	}
	e, err := s.Client.DictionaryEntry.Query().Where(dictionaryentry.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return e, tenancy.Fault(err, "look up a dictionary entry")
}

// ByCodes returns the entries of a list that have one of the codes, archived ones too, in no order. It serves edges
// inside lists; a caller without dictionary:read gets none, so that the edge is empty and the list survives.
func (s *Service) ByCodes(ctx context.Context, list shipped.List, codes []string) ([]*ent.DictionaryEntry, error) {
	if _, err := s.Policies.Require(ctx, policies.DictionaryRead); err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	rows, err := s.Client.DictionaryEntry.Query().
		Where(dictionaryentry.List(list), dictionaryentry.CodeIn(codes...)).All(ctx)
	return rows, tenancy.Fault(err, "look up dictionary entries")
}
