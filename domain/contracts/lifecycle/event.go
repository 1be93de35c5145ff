package lifecycle

import (
	"slices"
	"strings"

	"heyue/platform/enum"
	"heyue/platform/fault"
)

// Event is something that happens to a contract and may move it to another status.
type Event string

// The events in a contract's life. Who may cause each is a matter of permissions, not of this package.
const (
	Submit    Event = "SUBMIT"    // the drafter asks for approval
	SendBack  Event = "SEND_BACK" // an approver returns it for changes without refusing it (F3)
	Withdraw  Event = "WITHDRAW"  // our side takes it back before all have signed
	Approve   Event = "APPROVE"   // the last approver agreed
	Reject    Event = "REJECT"    // an approver refused
	Revise    Event = "REVISE"    // reopened for editing; an approval given before is void
	Sign      Event = "SIGN"      // one party signed and another has not yet
	SignLast  Event = "SIGN_LAST" // the last missing party signed (HR14)
	Activate  Event = "ACTIVATE"  // the term began
	Suspend   Event = "SUSPEND"
	Resume    Event = "RESUME"
	Complete  Event = "COMPLETE"  // everything owed is done, within the term or after it
	Expire    Event = "EXPIRE"    // the term ended
	Reinstate Event = "REINSTATE" // an approved change moved the end of an expired contract into the future
	Terminate Event = "TERMINATE" // ended early by agreement, notice or breach (E10)
	Renew     Event = "RENEW"     // a successor took effect (HR14)

	// Declarations move nothing by themselves; what comes later asks whether they were made.
	NoObjection  Event = "NO_OBJECTION"  // the customer has read the draft and objects to nothing (HR5, E12)
	AgreeRenewal Event = "AGREE_RENEWAL" // the parties agreed to go on after the term (HR14)
	OptOut       Event = "OPT_OUT"       // notice that the contract shall not go on by itself
	Extend       Event = "EXTEND"        // it went on by itself for another term

	// A signature that turns out void leaves others standing, or none.
	Void     Event = "VOID"
	VoidOnly Event = "VOID_ONLY"
)

// Events returns all events in the order of a contract's life.
func Events() []Event {
	return []Event{
		Submit, SendBack, Withdraw, Approve, Reject, Revise, Sign, SignLast, Activate,
		Suspend, Resume, Complete, Expire, Reinstate, Terminate, Renew,
		NoObjection, AgreeRenewal, OptOut, Extend, Void, VoidOnly,
	}
}

// Values returns all events as text, for the entity schema of the history.
func (Event) Values() []string { return enum.Texts(Events()) }

// Valid reports whether e is a known event.
func (e Event) Valid() bool { return slices.Contains(Events(), e) }

type move struct {
	event Event
	to    Status
}

// moves is the whole state machine: what may happen in each status and where it leads.
func moves(s Status) []move {
	switch s {
	case Draft:
		return []move{{Submit, InReview}, {Withdraw, Withdrawn}, {NoObjection, Draft}}
	case InReview:
		return []move{{SendBack, Draft}, {Withdraw, Withdrawn}, {Approve, Approved}, {Reject, Rejected}}
	case Approved:
		return []move{{Withdraw, Withdrawn}, {Revise, Draft}, {Sign, PartlySigned}, {SignLast, Signed}}
	case Rejected, Withdrawn:
		return []move{{Revise, Draft}}
	case PartlySigned:
		return []move{{Withdraw, Withdrawn}, {Sign, PartlySigned}, {SignLast, Signed}, {Void, PartlySigned}, {VoidOnly, Approved}}
	case Signed:
		return []move{{Activate, Active}, {Terminate, Terminated}, {OptOut, Signed}, {Void, PartlySigned}}
	case Active:
		return []move{
			{Suspend, Suspended}, {Complete, Completed}, {Expire, Expired}, {Terminate, Terminated}, {Renew, Renewed},
			{AgreeRenewal, Active}, {OptOut, Active}, {Extend, Active},
		}
	case Suspended:
		return []move{
			{Resume, Active}, {Expire, Expired}, {Terminate, Terminated},
			{AgreeRenewal, Suspended}, {OptOut, Suspended}, {Extend, Suspended},
		}
	case Completed:
		return []move{{Renew, Renewed}, {AgreeRenewal, Completed}}
	case Expired:
		return []move{{Complete, Completed}, {Reinstate, Active}, {Renew, Renewed}, {AgreeRenewal, Expired}}
	default: // Terminated, Renewed
		return nil
	}
}

// Next returns the status that event leads to from s. When event cannot happen in s it fails with State
// WRONG_STATE, naming both and what could happen instead; an unknown status or event is Invalid UNKNOWN_VALUE.
func Next(s Status, event Event) (Status, error) {
	if !s.Valid() {
		return "", fault.New(fault.Invalid, fault.UnknownValue, "%q is not a contract status", string(s))
	}
	if !event.Valid() {
		return "", fault.New(fault.Invalid, fault.UnknownValue, "%q is not a contract event", string(event))
	}
	for _, m := range moves(s) {
		if m.event == event {
			return m.to, nil
		}
	}
	return "", fault.New(fault.State, fault.WrongState, "%s is not possible while the contract is %s; %s", event, s, possible(s))
}

// Allowed returns the events that can happen in s, none when s is final or unknown.
func Allowed(s Status) []Event {
	var events []Event
	for _, m := range moves(s) {
		events = append(events, m.event)
	}
	return events
}

func possible(s Status) string {
	if s.IsFinal() {
		return "nothing is possible any more"
	}
	return "possible: " + strings.Join(enum.Texts(Allowed(s)), ", ")
}
