package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/tenancy/catalog"
)

// auditTable is where the record of changes repeats values that are sealed where they stand.
const auditTable = "audit_entries"

// changes are those of an audit entry: a field's value before and after.
type changes map[string][2]json.RawMessage

// beforeAudit seals in an audit entry what is sealed in the row that it is about. The chain covers the entry as it is
// stored, so it can be verified without keys, and after they are gone.
func (v *Vault) beforeAudit(ctx context.Context, m *ent.AuditEntryMutation) error {
	object, _ := m.Object()
	if !m.Op().Is(ent.OpCreate) || len(sealedOf(v.tables, object)) == 0 {
		return nil
	}
	keys, err := v.keys(ctx, true)
	if err != nil {
		return err
	}
	raw, _ := m.Changes()
	id, _ := m.ID()
	sealed, err := keys.sealChanges(sealedOf(v.tables, object), id.UUID(), raw)
	if err == nil {
		m.SetChanges(sealed)
	}
	return err
}

// sealedOf lists the sealed columns of what the audit trail calls object.
func sealedOf(tables map[string]catalog.Table, object string) (columns []string) {
	for _, t := range tables {
		if t.Object() != object {
			continue
		}
		for _, s := range t.Sealed {
			columns = append(columns, s.Column)
		}
	}
	return columns
}

// SealChanges seals in the changes of an audit entry about object what is sealed in its row.
func (k *Keys) SealChanges(object string, entry uuid.UUID, raw json.RawMessage) (json.RawMessage, error) {
	return k.sealChanges(sealedOf(sealedTables(), object), entry, raw)
}

func (k *Keys) sealChanges(columns []string, entry uuid.UUID, raw json.RawMessage) (json.RawMessage, error) {
	var all changes
	if len(columns) == 0 || json.Unmarshal(raw, &all) != nil {
		return raw, nil // whoever writes an entry without fields has no value in it
	}
	touched := false
	for _, column := range columns {
		pair, ok := all[column]
		if !ok {
			continue
		}
		for i := range pair {
			var plain string
			if json.Unmarshal(pair[i], &plain) != nil || plain == "" {
				continue // null: there was no row
			}
			text, err := k.Seal(auditTable, "changes."+column, entry, plain)
			if err != nil {
				return nil, err
			}
			if pair[i], err = json.Marshal(text); err != nil {
				return nil, err
			}
			touched = true
		}
		all[column] = pair
	}
	if !touched {
		return raw, nil
	}
	return json.Marshal(all)
}

// openAudit opens what beforeAudit sealed.
func (v *Vault) openAudit(ctx context.Context, entries ...*ent.AuditEntry) error {
	for _, e := range entries {
		opened, err := Changes(e.Changes, func(column, text string) (string, error) {
			return v.openText(ctx, auditTable, "changes."+column, e.ID.UUID(), text)
		})
		if err != nil {
			return err
		}
		e.Changes = opened
	}
	return nil
}

// Changes returns the changes of an audit entry with every sealed text replaced by what open gives for it.
func Changes(raw json.RawMessage, open func(column, text string) (string, error)) (json.RawMessage, error) {
	if !bytes.Contains(raw, []byte(`"`+mark)) {
		return raw, nil
	}
	var all changes
	if err := json.Unmarshal(raw, &all); err != nil {
		return raw, nil //nolint:nilerr // it is not of the form in which something is sealed
	}
	for column, pair := range all {
		for i := range pair {
			var text string
			if json.Unmarshal(pair[i], &text) != nil || !strings.HasPrefix(text, mark) {
				continue
			}
			plain, err := open(column, text)
			if err != nil {
				return nil, err
			}
			if pair[i], err = json.Marshal(plain); err != nil {
				return nil, err
			}
		}
		all[column] = pair
	}
	return json.Marshal(all)
}
