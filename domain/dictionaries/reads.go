package dictionaries

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/domain/dictionaries/shipped"
	"heyue/ent/dictionaryentry"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how entries are read in compiled queries, and which codes of which records stand for them: what ByCodes finds.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{{Name: "DictionaryEntry", One: "dictionaryEntry", Reach: s.reach}},
		Edges: []reading.Edge{
			label("Customer", "regionEntry", "region", shipped.Region),
			label("Customer", "sourceEntry", "source", shipped.CustomerSource),
			label("Customer", "categoryEntry", "category", shipped.CustomerCategory),
			label("Customer", "salesModeEntry", "sales_mode", shipped.SalesMode),
			label("Customer", "industryEntry", "industry", shipped.Industry),
			label("Customer", "ownershipEntry", "ownership", shipped.Ownership),
			label("ServiceRecord", "serviceTypeEntry", "service_type", shipped.ServiceType),
		},
	}
}

func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	_, err := s.Policies.Require(ctx, policies.DictionaryRead)
	return func(*sql.Selector) {}, err
}

// label leads from a code to the entry of a list that it stands for.
func label(object, field, code string, list shipped.List) reading.Edge {
	return reading.Edge{
		Type: object, Field: field, Own: code, Their: dictionaryentry.FieldCode,
		Where: func(q *sql.Selector) { q.Where(sql.EQ(q.C(dictionaryentry.FieldList), string(list))) },
	}
}
