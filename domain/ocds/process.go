package ocds

import (
	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"

	"heyue/platform/date"
)

// Process is one contracting process: all releases of one ocid, merged. A Process without OCID stands for a
// piece of input that belongs to no process; it carries only Problems.
type Process struct {
	OCID string
	// SourceHash is the SHA-256, in hex, of the merged input, of the options that shape the result and of the
	// version of this mapping. An import that finds the hash it stored last time has nothing to do.
	SourceHash  string
	Title       string // of the tender
	Description string // of the tender
	Language    string // of the release, as published
	PublishedOn date.Date
	Releases    int // how many releases went into it
	Parties     []Party
	Contracts   []Contract
	Problems    []Problem

	// Where its first release in the input is, in the terms of Problem.
	Line    int64 `json:"-"`
	Element int64 `json:"-"`
	Offset  int64 `json:"-"`
}

// Role is an entry of the OCDS party role codelist, or what the publisher wrote instead.
type Role string

// Roles that the mapping itself gives.
const (
	RoleBuyer           Role = "buyer"
	RoleProcuringEntity Role = "procuringEntity"
	RoleSupplier        Role = "supplier"
	RoleTenderer        Role = "tenderer"
	RolePayer           Role = "payer"
	RolePayee           Role = "payee"
)

// Party is an organisation or person that takes part in a process, with everything any mention of it says.
type Party struct {
	SourceID string // unique in the file, the same on every run
	// Key is the same for the same organisation in every process of a publisher: its first identifier, or its
	// normalised name, or SourceID when it has neither.
	Key         string
	Number      string // the publisher's id, often local to the process
	Name        string
	LegalName   string
	Names       []Translation // variants of Name in other languages
	Identifiers []Identifier  // the main one first
	Roles       []Role        // sorted, without repeats
	Address     Address
	Contacts    []Contact
	URL         string
}

// Has reports whether the party plays role anywhere in the process.
func (p Party) Has(role Role) bool {
	for _, r := range p.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// Translation is a text in another language; Lang is the suffix of the field it came from (title_fr gives fr).
type Translation struct{ Lang, Text string }

// Identifier names an organisation in a register. Scheme may be empty.
type Identifier struct{ Scheme, ID, URI string }

// Address is a postal address as published.
type Address struct{ Street, Locality, Region, PostalCode, Country string }

// Contact is a contact point. At least one of its fields other than URL is set.
type Contact struct {
	SourceID  string
	Name      string
	Emails    []string // each looks like an address: one @, something on both sides
	Telephone string
	Fax       string
	URL       string
}

// Status is the state of a contract by the OCDS contract status codelist; empty when unknown.
type Status string

// The whole codelist.
const (
	Pending    Status = "pending"
	Active     Status = "active"
	Cancelled  Status = "cancelled"
	Terminated Status = "terminated"
)

// Direction says which way the money goes, seen from the importing tenant.
type Direction uint8

// A Buyer's contracts are Payable, a Supplier's Receivable.
const (
	Payable Direction = iota
	Receivable
)

// Contract is one entry of contracts, completed from the award it names.
type Contract struct {
	SourceID       string
	Number         string // the publisher's id
	AwardID        string
	Title          string // often empty; Process.Title comes nearest then
	Description    string
	Titles         []Translation
	Status         Status
	Direction      Direction
	Value          *Money    // nil when unknown
	SignedOn       date.Date // zero when unknown, as all dates here
	StartsOn       date.Date
	EndsOn         date.Date  // never before StartsOn
	Parties        []PartyRef // each party and role once, in the order buyer, procuring entity, suppliers, payers, payees
	Counterparties []string   // Party.SourceID of the other side, the first one leading; empty when the source names none
	Lines          []Line
	Payments       []Payment
	Milestones     []Milestone
	Documents      []Document
	Changes        []Change
}

// PartyRef says that a party plays a role in a contract.
type PartyRef struct {
	Party string // Party.SourceID
	Role  Role
}

// Money is an exact amount. Currency is an ISO 4217 code. Amount may be negative.
type Money struct {
	Amount   decimal.Decimal
	Currency string
}

// Minor returns the amount in the currency's smallest unit, rounded half away from zero, and whether it was
// exact. ok is false when the amount does not fit into 64 bits.
func (m Money) Minor() (units int64, exact, ok bool) {
	digits, _ := currency.GetDigits(m.Currency)
	scaled := m.Amount.Shift(int32(digits))
	whole := scaled.Round(0)
	if !whole.BigInt().IsInt64() {
		return 0, false, false
	}
	return whole.IntPart(), whole.Equal(scaled), true
}

// Line is one item of a contract.
type Line struct {
	SourceID       string
	Number         string
	Description    string
	Descriptions   []Translation
	Classification Classification   // the main one
	Also           []Classification // additional ones
	Quantity       decimal.NullDecimal
	Unit           Unit
	UnitPrice      *Money
}

// Classification places an item in a catalogue such as UNSPSC or CPV.
type Classification struct{ Scheme, ID, Description, URI string }

// Unit is what a quantity counts.
type Unit struct{ Name, Scheme, ID string }

// Payment is one transaction of a contract's implementation. Its amount is never zero; a negative one is a
// repayment. PaidOn is zero when the source gives no date.
type Payment struct {
	SourceID string
	Number   string
	PaidOn   date.Date
	Value    Money
	Payer    string // Party.SourceID, or empty
	Payee    string // Party.SourceID, or empty
	URL      string
}

// MilestoneStatus is an entry of the OCDS milestone status codelist; empty when unknown.
type MilestoneStatus string

// The whole codelist.
const (
	Scheduled    MilestoneStatus = "scheduled"
	Met          MilestoneStatus = "met"
	NotMet       MilestoneStatus = "notMet"
	PartiallyMet MilestoneStatus = "partiallyMet"
)

// Milestone is a date to be kept in a contract.
type Milestone struct {
	SourceID    string
	Number      string
	Title       string
	Description string
	Type        string
	Code        string
	DueOn       date.Date
	MetOn       date.Date
	Status      MilestoneStatus
}

// Document is a reference to a document elsewhere. URL is absolute, http or https.
type Document struct {
	SourceID    string
	Number      string
	Title       string
	Description string
	Type        string // OCDS document type, or what the publisher wrote instead
	URL         string
	Format      string // media type as published
	Language    string
	PublishedOn date.Date
	ModifiedOn  date.Date
}

// Change is a recorded amendment of a contract.
type Change struct {
	SourceID        string
	Number          string
	On              date.Date
	Description     string
	Rationale       string
	ReleaseID       string
	AmendsReleaseID string
	Fields          []FieldChange // OCDS 1.0: what the amendment changed
}

// FieldChange is one property an amendment changed, and its value before, as JSON.
type FieldChange struct{ Property, Former string }
