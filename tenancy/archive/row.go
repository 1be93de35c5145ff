package archive

import (
	"encoding/json"

	"github.com/google/uuid"

	"heyue/platform/fault"
	"heyue/tenancy/catalog"
	"heyue/tenancy/vault"
)

// row is a row of a table as JSON has it.
type row map[string]json.RawMessage

// auditTable repeats values of sealed columns in its changes.
const auditTable = "audit_entries"

// plain reports whether rows of a table can be taken as PostgreSQL writes them.
func plain(t catalog.Table) bool {
	return len(t.Sealed) == 0 && len(t.Bound) == 0 && t.Name != auditTable
}

// opened makes of a row as it is stored one that means the same anywhere. Keys are nil for a tenant without any.
func opened(t catalog.Table, keys *vault.Keys, line []byte) ([]byte, error) {
	if plain(t) {
		return line, nil
	}
	r, id, err := parse(line)
	if err != nil {
		return nil, err
	}
	for _, column := range t.Bound {
		r[column] = json.RawMessage("null")
	}
	for _, s := range t.Sealed {
		if err := r.replace(s.Column, func(text string) (string, error) { return open(keys, t.Name, s.Column, id, text) }); err != nil {
			return nil, err
		}
		if s.Blind != "" {
			r[s.Blind] = json.RawMessage(`""`)
		}
	}
	if t.Name == auditTable {
		r["changes"], err = vault.Changes(r["changes"], func(column, text string) (string, error) {
			return open(keys, auditTable, "changes."+column, id, text)
		})
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(r)
}

func open(keys *vault.Keys, table, column string, id uuid.UUID, text string) (string, error) {
	if keys == nil {
		return text, nil // nothing was ever sealed
	}
	return keys.Open(table, column, id, text)
}

// sealed is the way back, under the keys of the tenant that the row becomes one of.
func sealed(t catalog.Table, keys *vault.Keys, line []byte) ([]byte, error) {
	if plain(t) {
		return line, nil
	}
	r, id, err := parse(line)
	if err != nil {
		return nil, err
	}
	for _, s := range t.Sealed {
		var text string
		if err := r.replace(s.Column, func(given string) (sealed string, err error) {
			text = given
			return keys.Seal(t.Name, s.Column, id, given)
		}); err != nil {
			return nil, err
		}
		if s.Blind != "" {
			if r[s.Blind], err = json.Marshal(keys.Blind(t.Name, s.Column, s.Form, text)); err != nil {
				return nil, err
			}
		}
	}
	if t.Name == auditTable {
		var object string
		if err := json.Unmarshal(r["object"], &object); err != nil {
			return nil, malformed("%s: an entry does not say what it is about", t.Name)
		}
		if r["changes"], err = keys.SealChanges(object, id, r["changes"]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(r)
}

func parse(line []byte) (r row, id uuid.UUID, err error) {
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, id, fault.Wrap(err, "read a row")
	}
	if err := json.Unmarshal(r["id"], &id); err != nil {
		return nil, id, malformed("a row has no id")
	}
	return r, id, nil
}

// replace puts what f makes of a text in its place.
func (r row) replace(column string, f func(string) (string, error)) error {
	var text string
	if err := json.Unmarshal(r[column], &text); err != nil {
		return malformed("%s of a row is no text", column)
	}
	made, err := f(text)
	if err != nil {
		return err
	}
	r[column], err = json.Marshal(made)
	return err
}
