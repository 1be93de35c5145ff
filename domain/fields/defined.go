package fields

import (
	"context"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/listing"
)

// Defined finds the fields that filters and sorts of one list name, archived ones included: their values stay. One that is
// hidden from the caller is not there. It reads
// the fields of a noun when the first of them is asked for. It asks for no permission: the list has done so, also for
// nouns that its filter reaches into.
func (s *Service) Defined(ctx context.Context) listing.CustomFields {
	read := map[custom.Noun][]*ent.CustomField{}
	return func(noun custom.Noun, key string) (listing.CustomField, bool, error) {
		rows, ok := read[noun]
		if !ok {
			var err error
			if rows, err = s.of(ctx, s.Client.CustomField, noun, true); err != nil {
				return listing.CustomField{}, false, err
			}
			if rows, err = s.visible(ctx, noun, rows); err != nil {
				return listing.CustomField{}, false, err
			}
			read[noun] = rows
		}
		for _, f := range rows {
			if f.Key == key {
				return listing.CustomField{ID: f.ID.UUID(), Definition: definition(f)}, true, nil
			}
		}
		return listing.CustomField{}, false, nil
	}
}
