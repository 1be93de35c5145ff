// Package fields keeps the fields that a tenant defines itself for its customers, contacts, contracts and service
// records (A12): their definitions, and for the owners of those records the values, which are written with the record
// and once more in a column of their type, so that lists can be filtered and sorted by them. What a field and a value
// are is in package custom below it.
package fields

import (
	"context"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customfield"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// DefaultLimit is how many fields a noun may have, archived ones included (HEYUE_CUSTOM_FIELDS).
const DefaultLimit = 50

// Service is the use cases of custom fields. It is the only writer of their definitions and values.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Clock    clock.Clock
	Limit    int // fields of one noun
}

// reading is the permission that lets somebody read the records of a noun, and with them what its fields are.
func reading(n custom.Noun) policies.Permission {
	switch n {
	case custom.Contact:
		return policies.ContactRead
	case custom.Contract:
		return policies.ContractRead
	case custom.ServiceRecord:
		return policies.ServiceRecordRead
	default:
		return policies.CustomerRead
	}
}

// List returns the fields of a noun in their order; archived ones only when asked for. Needs the permission to read the
// noun's records. Fails with UNKNOWN_VALUE for a noun that has no fields.
func (s *Service) List(ctx context.Context, noun custom.Noun, includeArchived bool) ([]*ent.CustomField, error) {
	if _, err := s.Policies.Require(ctx, reading(noun)); err != nil {
		return nil, err
	}
	var c fault.Check
	checkNoun(&c, noun)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s.of(ctx, s.Client.CustomField, noun, includeArchived)
}

// Lookup returns a field, archived or not; nil when there is none, or none of a noun that the caller may read.
func (s *Service) Lookup(ctx context.Context, id publicid.CustomFieldID) (*ent.CustomField, error) {
	if _, err := s.Policies.Caller(ctx); err != nil {
		return nil, err
	}
	f, err := s.Client.CustomField.Query().Where(customfield.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, tenancy.Fault(err, "look up a custom field")
	}
	if _, err := s.Policies.Require(ctx, reading(f.Noun)); err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	return f, nil
}

// of reads the fields of a noun in their order. It asks for no permission: whoever calls has done so, or holds a record.
func (s *Service) of(ctx context.Context, client *ent.CustomFieldClient, noun custom.Noun, includeArchived bool) ([]*ent.CustomField, error) {
	q := client.Query().Where(customfield.NounEQ(noun))
	if !includeArchived {
		q.Where(customfield.ArchivedAtIsNil())
	}
	rows, err := q.Order(ent.Asc(customfield.FieldPosition, customfield.FieldKey)).All(ctx)
	return rows, tenancy.Fault(err, "list custom fields")
}

// definition is what package custom must know of a field.
func definition(f *ent.CustomField) custom.Definition {
	return custom.Definition{
		Key: f.Key, Type: f.Type, Target: f.Target, LabelZh: f.LabelZh, LabelEn: f.LabelEn,
		Required: f.Required, Options: f.Options, Archived: f.ArchivedAt != nil,
	}
}

func definitions(rows []*ent.CustomField) []custom.Definition {
	out := make([]custom.Definition, len(rows))
	for i, f := range rows {
		out[i] = definition(f)
	}
	return out
}
