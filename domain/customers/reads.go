package customers

import (
	"context"

	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how customers are read in compiled queries: by what Lookup, ByIDs and List read them by.
func (s *Service) Reads() reading.Set {
	return reading.Set{Types: []reading.Type{
		{Name: "Customer", One: "customer", Page: "customers", Reach: s.reach, List: reading.ListOf(s.statement)},
	}}
}

func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	return access.Where, err
}

func (s *Service) statement(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}
