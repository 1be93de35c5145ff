// Package class says what kind of data a table holds: what happens to its rows when a tenant is taken out, brought in or
// erased, and which of its columns only the tenant's own key reads. ent/schema declares it with every table and column;
// tenancy/catalog lists what was declared.
package class

import "strings"

// Class is the kind of data that a table holds. Every table has one (tenancy.md 5).
type Class string

const (
	// Business is what the tenant does: contracts, money, rules, texts. It is taken along.
	Business Class = "BUSINESS"
	// Personal is about people: their names, how to reach them, what they signed. It is taken along.
	Personal Class = "PERSONAL"
	// Journal is what happened, in rows that are only added. It is taken along, and chained anew where it is brought in.
	Journal Class = "JOURNAL"
	// Credential lets somebody in, or opens something. It stays: people sign in anew, programs get new keys.
	Credential Class = "CREDENTIAL"
	// Transient is of this installation and this number of the tenant, or made anew from the rest. It stays.
	Transient Class = "TRANSIENT"
)

// Valid reports whether c is one of the classes.
func (c Class) Valid() bool {
	switch c {
	case Business, Personal, Journal, Credential, Transient:
		return true
	}
	return false
}

// Moves reports whether an archive holds the rows.
func (c Class) Moves() bool { return c == Business || c == Personal || c == Journal }

// Data is the annotation of a table.
type Data struct{ Class Class }

// Name is what ent keeps the annotation under.
func (Data) Name() string { return "HeyueData" }

// Sealed is the annotation of a text that is encrypted under the tenant's key before it reaches the database: SQL can
// neither show nor compare it, only tell whether it is empty.
type Sealed struct {
	// Form makes values alike that mean the same, before they are compared. "" for a column that nobody filters by.
	Form Form
}

// Name is what ent keeps the annotation under.
func (Sealed) Name() string { return "HeyueSealed" }

// Blind is the annotation of the column that stands in for a sealed one where equality is asked for: a MAC under a key of
// the tenant, empty where the value is.
type Blind struct{ Of string }

// Name is what ent keeps the annotation under.
func (Blind) Name() string { return "HeyueBlind" }

// Bound is the annotation of a column that is encrypted under a key of the installation: it is left out of an archive,
// because nobody else could read it.
type Bound struct{ Bound bool }

// Name is what ent keeps the annotation under.
func (Bound) Name() string { return "HeyueBound" }

// Form is a way to write values that mean the same alike.
type Form string

const (
	// Number is a telephone number or the like: only its digits count, and China's own country code does not.
	Number Form = "NUMBER"
	// Handle is an address or a name of an account: upper and lower case are alike.
	Handle Form = "HANDLE"
)

// Alike returns the one way to write all values that mean the same as v; "" for none.
func (f Form) Alike(v string) string {
	v = strings.ToLower(strings.TrimSpace(v))
	if f != Number {
		return v
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, v)
	if digits == "" {
		return v // a text such as "reception" means itself
	}
	// A Chinese mobile number has 11 digits and begins with 1; +86 and 0086 before it add nothing.
	if own, ok := strings.CutPrefix(strings.TrimPrefix(digits, "00"), "86"); ok && len(own) == 11 && own[0] == '1' {
		return own
	}
	return digits
}
