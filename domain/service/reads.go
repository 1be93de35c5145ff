package service

import (
	"context"

	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how service records are read in compiled queries: by what Lookup, ByIDs and List read them by.
func (s *Service) Reads() reading.Set {
	return reading.Set{Types: []reading.Type{
		{Name: "ServiceRecord", One: "serviceRecord", Page: "serviceRecords", Reach: s.reach, List: reading.ListOf(s.statement)},
	}}
}

func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordRead)
	return access.Where, err
}

func (s *Service) statement(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}
