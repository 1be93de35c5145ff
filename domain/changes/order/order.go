// Package order is the way of a change order from its draft to its decision (G1): the states, the events that lead from
// one to the next, and nothing else. It is pure; a service reads the state, asks Next, and stores the answer.
//
//	DRAFT ─submit→ IN_REVIEW ─approve→ APPROVED
//	IN_REVIEW ─send back→ DRAFT, ─reject→ REJECTED;  DRAFT and IN_REVIEW ─withdraw→ WITHDRAWN
package order

import (
	"slices"

	"heyue/platform/enum"
	"heyue/platform/fault"
)

// State is where a change order stands. The same text is stored and shown.
type State string

// The states of a change order.
const (
	Draft     State = "DRAFT"     // being written
	InReview  State = "IN_REVIEW" // approvers are deciding
	Approved  State = "APPROVED"  // on record as a version of the contract; in force on its days
	Rejected  State = "REJECTED"  // approvers said no
	Withdrawn State = "WITHDRAWN" // taken back
)

// States returns all states.
func States() []State { return []State{Draft, InReview, Approved, Rejected, Withdrawn} }

// Values returns all states as text, for the entity schema.
func (State) Values() []string { return enum.Texts(States()) }

// Valid reports whether s is a known state.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// MayEdit reports whether what the change says may still be written.
func (s State) MayEdit() bool { return s == Draft }

// Decided reports whether somebody has said yes or no.
func (s State) Decided() bool { return s == Approved || s == Rejected }

// Event is what happens to a change order.
type Event string

// The events of a change order.
const (
	Submit   Event = "SUBMIT"
	Approve  Event = "APPROVE"
	Reject   Event = "REJECT"
	SendBack Event = "SEND_BACK"
	Withdraw Event = "WITHDRAW"
)

// Events returns all events.
func Events() []Event { return []Event{Submit, Approve, Reject, SendBack, Withdraw} }

// Next returns the state that an event leads to. It fails with State WRONG_STATE when the event is not possible.
func Next(s State, e Event) (State, error) {
	switch {
	case s == Draft && e == Submit:
		return InReview, nil
	case s == InReview && e == Approve:
		return Approved, nil
	case s == InReview && e == Reject:
		return Rejected, nil
	case s == InReview && e == SendBack:
		return Draft, nil
	case (s == Draft || s == InReview) && e == Withdraw:
		return Withdrawn, nil
	}
	return "", fault.New(fault.State, fault.WrongState, "a change that is %s cannot be moved by %s", s, e)
}
