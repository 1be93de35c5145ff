package lifecycle

import (
	"slices"

	"heyue/platform/enum"
	"heyue/platform/fault"
)

// Kind is the sort of a contract. Approval flows, numbers and reminder ladders vary by it (HR3).
type Kind string

// The kinds of contract. Tenants refine them with their own dictionary entries; rules hang on these.
const (
	Sales           Kind = "SALES"           // we sell goods (E15)
	Purchase        Kind = "PURCHASE"        // we buy goods
	Service         Kind = "SERVICE"         // installation, training, support for a term (E7, D8)
	Vehicle         Kind = "VEHICLE"         // a car sold to its driver; HR5 and HR6 hold
	Lease           Kind = "LEASE"           // use of a thing for a term
	Engineering     Kind = "ENGINEERING"     // works and projects with milestones
	Confidentiality Kind = "CONFIDENTIALITY" // a promise of secrecy, no money (E9)
	Framework       Kind = "FRAMEWORK"       // terms for orders to come
	Other           Kind = "OTHER"
)

// Kinds returns all kinds in the order in which they are offered.
func Kinds() []Kind {
	return []Kind{Sales, Purchase, Service, Vehicle, Lease, Engineering, Confidentiality, Framework, Other}
}

// Values returns all kinds as text, for the entity schema.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Valid reports whether k is a known kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Code returns the two letters that stand for the kind in a contract number, unique among kinds.
func (k Kind) Code() string {
	switch k {
	case Sales:
		return "SA"
	case Purchase:
		return "PU"
	case Service:
		return "SV"
	case Vehicle:
		return "VE"
	case Lease:
		return "LE"
	case Engineering:
		return "EN"
	case Confidentiality:
		return "CF"
	case Framework:
		return "FW"
	default:
		return "OT"
	}
}

// Direction says which way the contract's money flows, seen from the tenant (E15).
type Direction string

// The directions of money.
const (
	Receivable Direction = "RECEIVABLE" // the counterparty pays us
	Payable    Direction = "PAYABLE"    // we pay the counterparty
	NoMoney    Direction = "NONE"       // secrecy and framework contracts without a sum of their own
)

// Directions returns all directions.
func Directions() []Direction { return []Direction{Receivable, Payable, NoMoney} }

// Values returns all directions as text, for the entity schema.
func (Direction) Values() []string { return enum.Texts(Directions()) }

// Valid reports whether d is a known direction.
func (d Direction) Valid() bool { return slices.Contains(Directions(), d) }

// UsualDirection is what a form offers first for a contract of kind k; the drafter may choose otherwise.
func (k Kind) UsualDirection() Direction {
	switch k {
	case Purchase:
		return Payable
	case Confidentiality, Framework:
		return NoMoney
	default:
		return Receivable
	}
}

// MaySubmit decides whether a draft of kind k may go to approval. A vehicle contract goes to the sales manager
// only after the customer has read it and raised no objection (HR5, E12); customerAgreed tells whether that is
// on record. It fails with State WRONG_STATE on the field customerAgreed.
func MaySubmit(k Kind, customerAgreed bool) error {
	if k == Vehicle && !customerAgreed {
		f := fault.New(fault.State, fault.WrongState,
			"a vehicle contract goes to approval only after the customer has read it and raised no objection")
		f.Field = []string{"customerAgreed"}
		return f
	}
	return nil
}

// MinParties is how many parties a contract has at least: two, Party A and Party B (E6).
const MinParties = 2

// Signing tells which event a new signature is: Sign while others are missing, SignLast when it makes all
// parties complete (E13, HR14). signed counts the parties that have signed, the new signature among them. It
// fails with Invalid OUT_OF_RANGE when there are fewer than two parties or signed is not in 1..parties.
func Signing(signed, parties int) (Event, error) {
	switch {
	case parties < MinParties:
		return "", fault.New(fault.Invalid, fault.OutOfRange, "a contract needs at least %d parties, this one has %d", MinParties, parties)
	case signed < 1 || signed > parties:
		return "", fault.New(fault.Invalid, fault.OutOfRange, "%d of %d parties cannot have signed", signed, parties)
	case signed < parties:
		return Sign, nil
	default:
		return SignLast, nil
	}
}
