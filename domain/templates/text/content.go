// Package text is the model of a contract's words: what a template holds (locked clauses with typed slots), what a
// contract adds to it (values of slots, optional clauses, accepted exceptions), and how the two become a structured
// document with a fingerprint. It is pure and the only place that makes contract text: what is not in here cannot get
// into a clause (E3, HR2).
//
// A clause's words are written once, by whoever may write templates. A drafter gives values, and a value never becomes
// part of a clause's own words: the document keeps both apart, run by run.
package text

import (
	"slices"

	"heyue/platform/enum"
	"heyue/platform/money"
)

// Language is a language that templates are written in. The same text is stored and shown.
type Language string

// The languages of templates.
const (
	ZH Language = "ZH"
	EN Language = "EN"
)

// Languages returns all languages in the order in which they are offered.
func Languages() []Language { return []Language{ZH, EN} }

// Values returns all languages as text, for the entity schema.
func (Language) Values() []string { return enum.Texts(Languages()) }

// Valid reports whether l is a known language.
func (l Language) Valid() bool { return slices.Contains(Languages(), l) }

// Words are the same words in each language of a template; those of a language that it does not have are empty.
type Words struct {
	ZH string `json:"zh,omitempty"`
	EN string `json:"en,omitempty"`
}

// In returns the words in a language.
func (w Words) In(l Language) string {
	if l == EN {
		return w.EN
	}
	return w.ZH
}

// Content is everything a version of a template says.
type Content struct {
	Languages []Language `json:"languages"`         // at least one; every word is given in each
	Title     Words      `json:"title"`             // heads the document
	Parties   []*Party   `json:"parties,omitempty"` // who is named and signs, in order (E6)
	Slots     []*Slot    `json:"slots,omitempty"`
	Clauses   []*Clause  `json:"clauses"`
}

// Side says whose party it is.
type Side string

// The sides of a contract.
const (
	Us           Side = "US"           // the tenant
	Counterparty Side = "COUNTERPARTY" // the customer or supplier
)

// Values returns both sides as text.
func (Side) Values() []string { return []string{string(Us), string(Counterparty)} }

// Party is a role that the template knows, such as 甲方 for the tenant.
type Party struct {
	Side Side  `json:"side"`
	Role Words `json:"role"`
}

// Clause is a unit of fixed words. Text is paragraphs, one a line; {{key}} in it is the place of a slot and
// {{key:capitals}} that of a sum in Chinese capitals. A slot that is a table stands alone on its line. In its place in
// the document a clause with a heading is numbered; one without is a preamble or a closing.
type Clause struct {
	Key      string     `json:"key"` // unique in the content: small letters, digits and _
	Heading  Words      `json:"heading"`
	Text     Words      `json:"text"`
	Optional bool       `json:"optional,omitempty"` // the drafter may leave it out
	Chosen   bool       `json:"chosen,omitempty"`   // an optional clause that is in unless left out
	When     *Condition `json:"when,omitempty"`     // in only when a choice was made
	Tags     []string   `json:"tags,omitempty"`
}

// Condition holds when the slot, a choice, has the value.
type Condition struct {
	Slot   string `json:"slot"`
	Choice string `json:"choice"`
}

// Type is the type of a slot's values.
type Type string

// The types of slots.
const (
	Text   Type = "TEXT"   // words in one line, or in several where the slot allows
	Number Type = "NUMBER" // an exact decimal
	Money  Type = "MONEY"  // a sum in a currency
	Day    Type = "DATE"   // a day
	Period Type = "PERIOD" // from a day to a day
	Choice Type = "CHOICE" // one of the slot's choices
	Field  Type = "FIELD"  // taken over from the customer, the contact or the tenant; never typed
	Table  Type = "TABLE"  // rows of cells, such as goods
)

// Types returns all types of slots.
func Types() []Type { return []Type{Text, Number, Money, Day, Period, Choice, Field, Table} }

// Values returns all types as text.
func (Type) Values() []string { return enum.Texts(Types()) }

// Slot is a blank that a drafter fills, or that is filled from the source.
type Slot struct {
	Key       string         `json:"key"` // unique in the content: small letters, digits and _
	Type      Type           `json:"type"`
	Label     Words          `json:"label"`
	Hint      Words          `json:"hint"`
	Required  bool           `json:"required,omitempty"` // a contract is complete only with a value, if the slot's clause is in
	Source    Source         `json:"source,omitempty"`
	Default   *Value         `json:"default,omitempty"`
	Multiline bool           `json:"multiline,omitempty"` // TEXT of several paragraphs
	MaxLength int            `json:"maxLength,omitempty"` // characters of TEXT; 0 for the product's limit
	Min       *money.Decimal `json:"min,omitempty"`       // of NUMBER and of MONEY's amount
	Max       *money.Decimal `json:"max,omitempty"`
	Choices   []*Option      `json:"choices,omitempty"` // of CHOICE
	Columns   []*Column      `json:"columns,omitempty"` // of TABLE
}

// From is the slot's source, nil when it is filled by hand alone.
func (s *Slot) From() *Source {
	if s.Source == "" {
		return nil
	}
	return &s.Source
}

// Option is one value of a choice.
type Option struct {
	Key   string `json:"key"` // capital letters, digits and _
	Label Words  `json:"label"`
}

// Column is one column of a table.
type Column struct {
	Key   string `json:"key"`
	Label Words  `json:"label"`
}

// Value is what stands in a slot: exactly the field of the slot's type is set; TEXT and FIELD use Text.
type Value struct {
	Text   *string        `json:"text,omitempty"`
	Number *money.Decimal `json:"number,omitempty"`
	Money  *money.Input   `json:"money,omitempty"`
	Date   *Date          `json:"date,omitempty"`
	Period *Span          `json:"period,omitempty"`
	Choice *string        `json:"choice,omitempty"`
	Rows   [][]string     `json:"rows,omitempty"`
}

// Span is from a day to a day, both of them inside; without an end it goes on.
type Span struct {
	From  Date  `json:"from"`
	Until *Date `json:"until,omitempty"`
}

// Values are the values of slots by their keys.
type Values map[string]*Value
