// Package work holds the rules of what is delivered, served and accepted under a contract (I1, I2, HR13): lines with a
// planned and an actual quantity. It is pure; the progress service locks the rows, asks here, and the database repeats
// the bounds as checks.
package work

import (
	"slices"

	"heyue/domain/alerts/due"
	"heyue/platform/enum"
)

// Kind says what a progress line is about.
type Kind string

// The kinds of progress (I1; goods receipt and acceptance are scanned node kinds of HR10).
const (
	Delivery   Kind = "DELIVERY"
	Service    Kind = "SERVICE"
	Acceptance Kind = "ACCEPTANCE"
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Delivery, Service, Acceptance} }

// Values returns all kinds as text, for the entity schema.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Valid reports whether k is a known kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Due is the obligation that an open line of the kind is (I1, J4).
func (k Kind) Due() due.Kind {
	switch k {
	case Service:
		return due.ServiceDue
	case Acceptance:
		return due.AcceptanceDue
	case Delivery:
	}
	return due.DeliveryDue
}

// State is how far a progress line is done. Overdue is not a state: it is asked, never stored.
type State string

// The states of a progress line.
const (
	Planned   State = "PLANNED"   // nothing done yet
	Started   State = "STARTED"   // some of it
	Done      State = "DONE"      // all of it
	Cancelled State = "CANCELLED" // will not be done
)

// States returns all states.
func States() []State { return []State{Planned, Started, Done, Cancelled} }

// Open returns the states in which there is still something to do.
func Open() []State { return []State{Planned, Started} }

// Values returns all states as text, for the entity schema.
func (State) Values() []string { return enum.Texts(States()) }

// Valid reports whether s is a known state.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// IsOpen reports whether there is still something to do, so that it is reminded of.
func (s State) IsOpen() bool { return slices.Contains(Open(), s) }

// Title is how an open line is called in reminders: its contract's title and its own.
func Title(contract, line string) string { return contract + " · " + line }
