package audits

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/mask"
)

// Change is one field that an entry tells of. Nothing before or after is a JSON null.
type Change struct {
	Field  string // as the API names fields
	Before json.RawMessage
	After  json.RawMessage
}

// Changes takes an entry's changes apart, in alphabetical order of the fields. What tells a field that is hidden from
// the caller is there without its values, and so is everything that nobody has looked at for what it tells.
func (s *Service) Changes(ctx context.Context, e *ent.AuditEntry) ([]*Change, error) {
	changes, err := Changes(e)
	if err != nil {
		return nil, err
	}
	grants, err := s.Policies.Caller(ctx)
	if err != nil || !grants.Masked() {
		return changes, err
	}
	var stored map[string]json.RawMessage
	if err := json.Unmarshal(e.Changes, &stored); err != nil {
		return nil, fault.Wrap(err, "read an audit entry's changes")
	}
	for i, column := range slices.Sorted(maps.Keys(stored)) { // the order of Changes
		if fields, known := mask.Tells(e.Object, column); !known || grants.Hides(fields...) {
			changes[i].Before, changes[i].After = json.RawMessage("null"), json.RawMessage("null")
		}
	}
	return changes, nil
}

// Changes takes an entry's changes apart, in alphabetical order of the fields, whoever asks.
func Changes(e *ent.AuditEntry) ([]*Change, error) {
	var stored map[string][2]json.RawMessage
	if err := json.Unmarshal(e.Changes, &stored); err != nil {
		return nil, fault.Wrap(err, "read an audit entry's changes")
	}
	out := make([]*Change, 0, len(stored))
	for _, column := range slices.Sorted(maps.Keys(stored)) {
		out = append(out, &Change{camel(column), stored[column][0], stored[column][1]})
	}
	return out, nil
}

// camel turns a column's name into the one that the API has for it: department_id into departmentId.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// ObjectID gives the public id of what an entry is about; nil for the tenant itself, which has none.
func ObjectID(e *ent.AuditEntry) *string {
	prefix := prefixOf(e.Object)
	if prefix == "" {
		return nil
	}
	id := publicid.Format(prefix, e.ObjectID)
	return &id
}

func prefixOf(object string) string {
	switch object {
	case "customer":
		return publicid.PrefixCustomerID
	case "contact":
		return publicid.PrefixContactID
	case "service_record":
		return publicid.PrefixServiceRecordID
	case "contract":
		return publicid.PrefixContractID
	case "payment":
		return publicid.PrefixPaymentID
	case "milestone":
		return publicid.PrefixMilestoneID
	case "progress_line":
		return publicid.PrefixProgressLineID
	case "progress_entry":
		return publicid.PrefixProgressEntryID
	case "dictionary":
		return publicid.PrefixDictionaryEntryID
	case "custom_field":
		return publicid.PrefixCustomFieldID
	case "department":
		return publicid.PrefixDepartmentID
	case "user":
		return publicid.PrefixUserID
	case "role":
		return publicid.PrefixRoleID
	case "session":
		return publicid.PrefixSessionID
	}
	return ""
}
