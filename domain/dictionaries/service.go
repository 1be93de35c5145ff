package dictionaries

import (
	"context"
	"slices"

	"heyue/audit"
	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// DefaultLimit is how many entries a list may have, archived ones included (HEYUE_DICTIONARY_ENTRIES).
const DefaultLimit = 500

// Service is the dictionaries' use cases. It is the only writer of their entries.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Clock    clock.Clock
	Limit    int // entries of one list
}

// Unusable returns the lists whose code may not be given to a record: it is unknown, or archived. It asks the database
// once for all of them. It serves other domains, which check permissions themselves and hand in only codes that are
// new to their record: a code that was archived later stays valid where it already is.
func (s *Service) Unusable(ctx context.Context, codes map[shipped.List]string) ([]shipped.List, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	var lists []shipped.List
	var values []string
	for l, code := range codes {
		lists, values = append(lists, l), append(values, code)
	}
	rows, err := s.Client.DictionaryEntry.Query().
		Where(dictionaryentry.ListIn(lists...), dictionaryentry.CodeIn(values...), dictionaryentry.ArchivedAtIsNil()).
		Select(dictionaryentry.FieldList, dictionaryentry.FieldCode).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "check dictionary codes")
	}
	usable := map[shipped.List]bool{}
	for _, r := range rows {
		usable[r.List] = usable[r.List] || codes[r.List] == r.Code
	}
	var bad []shipped.List
	for l := range codes {
		if !usable[l] {
			bad = append(bad, l)
		}
	}
	slices.Sort(bad)
	return bad, nil
}

// Check records an UNKNOWN_VALUE fault about field when code may not be given to a record; an empty code is nothing to
// check. For more than one code use Unusable. The error is the database's.
func (s *Service) Check(ctx context.Context, c *fault.Check, field string, list shipped.List, code string) error {
	if code == "" {
		return nil
	}
	bad, err := s.Unusable(ctx, map[shipped.List]string{list: code})
	c.That(len(bad) == 0, fault.UnknownValue, field, "%.40q is not a usable code of the dictionary %s", code, list)
	return err
}

// Codes returns the usable codes of a list, by position. It serves other domains, such as imports that check many rows.
func (s *Service) Codes(ctx context.Context, list shipped.List) ([]string, error) {
	codes, err := s.Client.DictionaryEntry.Query().
		Where(dictionaryentry.List(list), dictionaryentry.ArchivedAtIsNil()).
		Order(ent.Asc(dictionaryentry.FieldPosition, dictionaryentry.FieldCode)).
		Select(dictionaryentry.FieldCode).Strings(ctx)
	return codes, tenancy.Fault(err, "list dictionary codes")
}
