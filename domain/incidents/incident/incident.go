// Package incident knows how a breach or a case of force majeure is handled (E10, J8): it is reported, the other party is
// told in time, and it is settled. It is pure.
package incident

import (
	"slices"

	"heyue/platform/enum"
	"heyue/platform/fault"
)

// Kind is what happened.
type Kind string

// Kinds of incidents.
const (
	Breach       Kind = "BREACH"        // a party did not do what it owes
	ForceMajeure Kind = "FORCE_MAJEURE" // what nobody could foresee, avoid or overcome (Civil Code 180, 590)
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Breach, ForceMajeure} }

// Values returns all kinds as text, for the entity schema.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Valid reports whether k is a known kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Side is whose incident it is.
type Side string

// The sides, seen from the tenant.
const (
	Ours   Side = "OURS"   // we are in breach or prevented; we owe the notice
	Theirs Side = "THEIRS" // the counterparty is
)

// Values returns both sides as text, for the entity schema.
func (Side) Values() []string { return []string{string(Ours), string(Theirs)} }

// Valid reports whether s is a known side.
func (s Side) Valid() bool { return s == Ours || s == Theirs }

// State is how far the handling has come.
type State string

// The states. A notice can be given again in NOTIFIED; nothing follows RESOLVED.
const (
	Open     State = "OPEN"     // reported, the counterparty has not been told
	Notified State = "NOTIFIED" // the counterparty has been told
	Resolved State = "RESOLVED" // settled between the parties
)

// States returns all states in their order.
func States() []State { return []State{Open, Notified, Resolved} }

// Values returns all states as text, for the entity schema.
func (State) Values() []string { return enum.Texts(States()) }

// Entry is what was put on an incident's record.
type Entry string

// Entries, which are never changed.
const (
	Notice     Entry = "NOTICE"     // the counterparty was told
	Proof      Entry = "PROOF"      // evidence came in
	Talk       Entry = "TALK"       // the parties negotiated (E11)
	Resolution Entry = "RESOLUTION" // how it was settled
)

// Entries returns all kinds of entries.
func Entries() []Entry { return []Entry{Notice, Proof, Talk, Resolution} }

// Values returns all kinds as text, for the entity schema.
func (Entry) Values() []string { return enum.Texts(Entries()) }

// Valid reports whether e is a known kind of entry.
func (e Entry) Valid() bool { return slices.Contains(Entries(), e) }

// After returns the state that an entry leads to from s. It fails with State WRONG_STATE once the incident is settled,
// and with Invalid UNKNOWN_VALUE for what is not an entry.
func After(s State, e Entry) (State, error) {
	switch {
	case !e.Valid():
		return "", fault.New(fault.Invalid, fault.UnknownValue, "%.20q is not a kind of entry", string(e))
	case s == Resolved:
		return "", fault.New(fault.State, fault.WrongState, "the incident is settled; nothing more can be put on its record")
	case e == Resolution:
		return Resolved, nil
	case e == Notice:
		return Notified, nil
	default:
		return s, nil
	}
}
