package incidents

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	entincident "heyue/ent/incident"
	"heyue/ent/incidententry"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
)

// Reads declares how incidents are read in compiled queries: those of contracts within reach, and all of a contract's for whoever
// was given the contract.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{{Name: "Incident", One: "incident", Page: "incidents", Reach: s.reach, List: reading.ListOf(s.statement)}},
		Edges: []reading.Edge{
			{Type: "Contract", Field: "incidents", Order: oldest, Own: "id", Their: entincident.FieldContractID},
			{Type: "Incident", Field: "entries", Order: written},
			{Type: "IncidentEntry", Field: "document", Reach: everything},
		},
	}
}

func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	req, err := s.request(ctx, page.Args{}, nil, nil)
	return req.Scope, err
}

func (s *Service) statement(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}

// everything is the reach of the document of an entry: whoever sees the entry sees it.
func everything(context.Context) (reading.Where, error) { return func(*sql.Selector) {}, nil }

func oldest(s *sql.Selector) { ent.Asc(entincident.FieldHappenedOn, entincident.FieldID)(s) }

func written(s *sql.Selector) { ent.Asc(incidententry.FieldRecordedAt, incidententry.FieldID)(s) }
