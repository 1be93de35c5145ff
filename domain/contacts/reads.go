package contacts

import (
	"context"

	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how contacts are read in compiled queries: by what Lookup, ByIDs and List read them by.
func (s *Service) Reads() reading.Set {
	return reading.Set{Types: []reading.Type{
		{Name: "Contact", One: "contact", Page: "contacts", Reach: s.seen, List: reading.ListOf(s.statement)},
	}}
}

func (s *Service) seen(ctx context.Context) (reading.Where, error) {
	reach, err := s.require(ctx, policies.ContactRead)
	return reach.where, err
}

func (s *Service) statement(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}
