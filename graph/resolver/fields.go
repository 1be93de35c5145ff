package resolver

import (
	"context"

	"heyue/domain/fields"
	"heyue/domain/fields/custom"
)

// customOf shows the values of each record. The definitions are read once for all kin, and not at all when none of them
// has a value.
func customOf[T any](ctx context.Context, s Services, noun custom.Noun, records []*T, set func(*T) custom.Set) ([][]*fields.Value, error) {
	reader, err := forKin(ctx, records, func(all []*T) (fields.Reader, error) {
		for _, record := range all {
			if len(set(record)) > 0 {
				return s.Fields.Reader(ctx, noun)
			}
		}
		return fields.Reader{}, nil
	})
	if err != nil {
		return nil, err
	}
	out := make([][]*fields.Value, len(records))
	for i, record := range records {
		out[i] = reader.Values(set(record))
	}
	return out, nil
}
