// Package content takes the fingerprint of what a contract says, so that a decision can be bound to it: an approval
// holds for exactly the text, amount, plan, term and parties that the approvers saw (F1, HR3), and whoever signs signs
// the same. It is pure: whoever loads the contract fills Parts.
//
//	print := parts.Print()          // one hash a part; kept with the approval
//	print.Digest()                  // 32 bytes for the whole
//	print.Changed(parts.Print())    // which parts an edit changed: TEXT, AMOUNT, PLAN, TERM, PARTIES
package content

import (
	"heyue/platform/date"
	"heyue/platform/money"
)

// Part names what of a contract an edit can change.
type Part string

// The parts, in the order in which they stand in a Print.
const (
	Text    Part = "TEXT"    // wording: rendered text, title, description, goods and services
	Amount  Part = "AMOUNT"  // how much, in which currency, to whom
	Plan    Part = "PLAN"    // what falls due when
	Term    Part = "TERM"    // from when to when, and how it goes on
	Parties Part = "PARTIES" // who is bound
)

// All returns the parts in their order.
func All() []Part { return []Part{Text, Amount, Plan, Term, Parties} }

// Values returns the parts as text, for entity schemas.
func (Part) Values() []string {
	out := make([]string, 0, len(All()))
	for _, p := range All() {
		out = append(out, string(p))
	}
	return out
}

// Parts are what a contract says, as values. Order counts in every list. Nil and zero dates are alike: not given.
type Parts struct {
	Text    Wording
	Amount  Sum
	Plan    []Instalment
	Term    Span
	Parties []Party
}

// Wording is what there is to read.
type Wording struct {
	Kind        string
	Rendered    [32]byte // hash of the rendered text's canonical form; zero for a contract without a template
	Title       string
	Description string
	Lines       []Line
}

// Line is an item of goods or services.
type Line struct {
	Description, Model, Specification, Unit string
	Quantity, UnitPrice                     money.Decimal
	DeliveryOn                              *date.Date
}

// Sum is what the contract is worth and which way the money flows.
type Sum struct {
	Value     money.Money
	Direction string
}

// Instalment is one line of the payment plan.
type Instalment struct {
	DueOn   date.Date
	Amount  money.Money
	Purpose string
}

// Span is the term and how it goes on after its end.
type Span struct {
	EffectiveOn, EndsOn *date.Date
	Renewal             string // kind of renewal, "" for none agreed
	RenewalMonths       int
	NoticeDays          int
}

// Party is one side. Customer is its public id, "" for a party that is no customer.
type Party struct{ Role, Name, CreditCode, Representative, Customer string }

// Digest is the fingerprint of the whole: Parts.Print().Digest().
func Digest(p Parts) [32]byte { return p.Print().Digest() }
