// Package catalog lists every table that ent knows with what ent/schema says of its data: which class it is of, what it
// refers to, and which of its columns are sealed. Archives and erasures of tenants walk it, so a new table is part of them
// by itself, and one that does not say its class is refused when this list is generated.
package catalog

import (
	"slices"
	"strings"
	"unicode"

	"heyue/tenancy/class"
)

// Table is a table of tenants.
type Table struct {
	Name   string
	Entity string // ent's name of a row
	Class  class.Class
	Refers []string // tables that it has foreign keys to
	Sealed []Sealed
	Bound  []string // columns that only this installation can read
}

// Sealed is a column that only the tenant's key opens.
type Sealed struct {
	Column string
	Blind  string // the column that stands in for it where equality is asked for; "" for none
	Form   class.Form
}

// Find returns the table of a name.
func Find(name string) (Table, bool) {
	all := Tables()
	i := slices.IndexFunc(all, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return all[i], true
}

// Key is the column that holds the tenant's number.
func (t Table) Key() string {
	if t.Name == "tenants" {
		return "id"
	}
	return "tenant_id"
}

// Object is what the audit trail calls a row: ent's name in small letters, with underscores.
func (t Table) Object() string {
	var b strings.Builder
	for i, r := range t.Entity {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
