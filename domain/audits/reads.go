package audits

import (
	"context"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/reading"
)

// Reads declares how the record is read in compiled queries: by what Lookup and List read it by, and what entries tell by the same
// functions. What changed is left to its resolver: parts of it are sealed.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{{Name: "AuditEntry", One: "auditEntry", Page: "auditEntries", Reach: s.seen, List: reading.ListOf(s.statement)}},
		Edges: []reading.Edge{{Type: "AuditEntry", Field: "actor", Own: auditentry.FieldActorID, Their: "id"}},
		Values: []reading.Value{
			{Type: "AuditEntry", Field: "isSystem", Needs: []string{auditentry.FieldActorID}, Make: told(func(held [][]byte) (any, error) {
				return string(held[0]) == "null", nil
			})},
			{Type: "AuditEntry", Field: "objectId", Needs: []string{auditentry.FieldObject, auditentry.FieldObjectID}, Make: told(func(held [][]byte) (any, error) {
				id, err := uuid.Parse(reading.Text(held[1]))
				return ObjectID(&ent.AuditEntry{Object: reading.Text(held[0]), ObjectID: id}), err
			})},
		},
	}
}

func told(value func([][]byte) (any, error)) func(context.Context) (func([][]byte) (any, error), error) {
	return func(context.Context) (func([][]byte) (any, error), error) { return value, nil }
}

func (s *Service) seen(ctx context.Context) (reading.Where, error) {
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
