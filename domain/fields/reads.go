package fields

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"heyue/domain/fields/custom"
	read "heyue/platform/reading"
)

// Reads declares how the values of records are shown in compiled queries: by the same Reader.
func (s *Service) Reads() read.Set {
	return read.Set{Values: []read.Value{
		s.shown("Customer", custom.Customer), s.shown("Contact", custom.Contact),
		s.shown("Contract", custom.Contract), s.shown("ServiceRecord", custom.ServiceRecord),
	}}
}

// shown shows the values of a noun's records. The definitions are read when the first record has any.
func (s *Service) shown(object string, noun custom.Noun) read.Value {
	return read.Value{
		Type: object, Field: "custom", Needs: []string{"custom"},
		Make: func(ctx context.Context) (func([][]byte) (any, error), error) {
			reader := sync.OnceValues(func() (Reader, error) { return s.Reader(ctx, noun) })
			return func(held [][]byte) (any, error) {
				var set custom.Set
				if err := json.Unmarshal(held[0], &set); err != nil {
					return nil, fmt.Errorf("the values of a record: %w", err)
				}
				if len(set) == 0 {
					return []*Value{}, nil
				}
				r, err := reader()
				return r.Values(set), err
			}, nil
		},
	}
}
