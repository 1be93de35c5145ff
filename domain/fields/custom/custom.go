// Package custom is what the fields that a tenant defines for itself are made of (A12): the nouns that may have them,
// their types, the check and the canonical form of their values. It is pure; where definitions and values are kept is
// the business of package fields.
package custom

import (
	"encoding/json"
	"slices"

	"heyue/platform/enum"
)

// Noun is a kind of record that may have custom fields.
type Noun string

// Nouns.
const (
	Customer      Noun = "CUSTOMER"
	Contact       Noun = "CONTACT"
	Contract      Noun = "CONTRACT"
	ServiceRecord Noun = "SERVICE_RECORD"
)

// Nouns lists all of them.
func Nouns() []Noun { return []Noun{Customer, Contact, Contract, ServiceRecord} }

// Values lists the nouns as ent wants an enum's values.
func (Noun) Values() []string { return enum.Texts(Nouns()) }

// Valid reports whether n is one of the nouns.
func (n Noun) Valid() bool { return slices.Contains(Nouns(), n) }

// Type is what the values of a custom field are.
type Type string

// Types. A NUMBER is an exact decimal with at most 4 decimals, written as text; MONEY is {"amount", "currency"}; a DATE
// is a day, YYYY-MM-DD; a CHOICE is the key of one of the field's options; a REFERENCE is the id of another record.
const (
	Text      Type = "TEXT"
	Number    Type = "NUMBER"
	Money     Type = "MONEY"
	Date      Type = "DATE"
	Choice    Type = "CHOICE"
	Reference Type = "REFERENCE"
)

// Types lists all of them.
func Types() []Type { return []Type{Text, Number, Money, Date, Choice, Reference} }

// Values lists the types as ent wants an enum's values.
func (Type) Values() []string { return enum.Texts(Types()) }

// Valid reports whether t is one of the types.
func (t Type) Valid() bool { return slices.Contains(Types(), t) }

// Target is the kind of record that a REFERENCE points at.
type Target string

// Targets.
const (
	ToCustomer Target = "CUSTOMER"
	ToContact  Target = "CONTACT"
	ToContract Target = "CONTRACT"
	ToUser     Target = "USER"
)

// Targets lists all of them.
func Targets() []Target { return []Target{ToCustomer, ToContact, ToContract, ToUser} }

// Values lists the targets as ent wants an enum's values.
func (Target) Values() []string { return enum.Texts(Targets()) }

// Valid reports whether t is one of the targets.
func (t Target) Valid() bool { return slices.Contains(Targets(), t) }

// Option is one value that a CHOICE may have. Its key never changes; labels may.
type Option struct {
	Key      string `json:"key"`
	LabelZh  string `json:"labelZh"`
	LabelEn  string `json:"labelEn"`
	Archived bool   `json:"archived,omitempty"` // records keep it, nobody can choose it any more
}

// Set is the values of one record by the keys of their fields, in canonical form. A field without a value is absent.
type Set map[string]json.RawMessage
