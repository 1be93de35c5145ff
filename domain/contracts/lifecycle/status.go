// Package lifecycle is the one place that knows how a contract moves from draft to its end (E8, E12–E16): the
// statuses, the events that lead from one to the next, and what a contract in each status still allows. It is
// pure: no clock, no database, no permissions. A service reads the status, asks Next, and stores the answer.
//
//	DRAFT ─submit→ IN_REVIEW ─approve→ APPROVED ─sign→ PARTLY_SIGNED ─sign last→ SIGNED ─activate→ ACTIVE
//	ACTIVE ⇄ SUSPENDED;  ACTIVE ─→ COMPLETED | EXPIRED | TERMINATED | RENEWED
//	IN_REVIEW ─→ REJECTED | WITHDRAWN, and from both a revision leads back to DRAFT
//
// Archiving is deliberately not a status. It hides a contract from daily work and can be undone, and it must not
// overwrite how the contract ended: reports tell completed from terminated contracts years later. A contract
// carries the instant of its archiving beside its status; MayArchive says when that is allowed.
package lifecycle

import (
	"slices"

	"heyue/platform/enum"
)

// Status is where a contract stands. The same upper-snake text is stored in the database and shown in the API.
type Status string

// The statuses of a contract.
const (
	Draft        Status = "DRAFT"         // being written; the only status in which the text may be edited
	InReview     Status = "IN_REVIEW"     // approvers are deciding (F1–F6)
	Approved     Status = "APPROVED"      // may be signed; any edit needs a revision and a new approval
	Rejected     Status = "REJECTED"      // approvers said no; can be revised
	Withdrawn    Status = "WITHDRAWN"     // taken back by our side before it bound anybody; can be revised
	PartlySigned Status = "PARTLY_SIGNED" // at least one party has signed, at least one has not
	Signed       Status = "SIGNED"        // every party has signed, the term has not begun (HR14)
	Active       Status = "ACTIVE"        // signed and within its term
	Suspended    Status = "SUSPENDED"     // paused by agreement or force majeure (E10); time still runs
	Completed    Status = "COMPLETED"     // every obligation is fulfilled
	Expired      Status = "EXPIRED"       // the term has ended, obligations may still be open (HR14)
	Terminated   Status = "TERMINATED"    // ended before its term
	Renewed      Status = "RENEWED"       // a successor contract has taken its place (HR14)
)

// Statuses returns all statuses in the order of a contract's life.
func Statuses() []Status {
	return []Status{
		Draft, InReview, Approved, Rejected, Withdrawn, PartlySigned, Signed,
		Active, Suspended, Completed, Expired, Terminated, Renewed,
	}
}

// Values returns all statuses as text, for the entity schema.
func (Status) Values() []string { return enum.Texts(Statuses()) }

// Valid reports whether s is a known status.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// MayEdit reports whether text, parties, lines, amounts and dates may be changed directly. In every other status
// a change goes through a revision (before signing) or an approved change request (after it, G1–G3).
func (s Status) MayEdit() bool { return s == Draft }

// MayAmend reports whether an approved change request may be applied (G1–G4). An expired contract may be amended
// because the amendment can move its end; a contract without all signatures has nothing to amend yet.
func (s Status) MayAmend() bool {
	return s == Signed || s == Active || s == Suspended || s == Expired
}

// IsBinding reports whether every party has signed and nothing has ended the contract. A customer with a binding
// contract cannot be archived.
func (s Status) IsBinding() bool { return s == Signed || s == Active || s == Suspended }

// IsRunning reports whether the contract is in force now: signed, and within its term.
func (s Status) IsRunning() bool { return s == Active || s == Suspended }

// OwesObligations reports whether the contract's obligations (payments, milestones, its own end date) stand and
// are reminded of (J1–J4). A signed contract owes its deposit before the term begins; an expired one still owes
// what is unpaid. While suspended nothing falls due; completion, termination and renewal close what is left.
func (s Status) OwesObligations() bool { return s == Signed || s == Active || s == Expired }

// IsEnded reports whether the contract was in force once and is no longer.
func (s Status) IsEnded() bool {
	return s == Completed || s == Expired || s == Terminated || s == Renewed
}

// IsFinal reports whether no event can happen any more.
func (s Status) IsFinal() bool { return len(Allowed(s)) == 0 }

// MayArchive reports whether the contract may be put away: it never bound anybody and nobody is working on it,
// or it has ended.
func (s Status) MayArchive() bool {
	return s == Draft || s == Rejected || s == Withdrawn || s.IsEnded()
}
