// Package due names the kinds and states of obligations and of the alerts they cause. It is a leaf shared by the
// tables, the reminder engine and the API.
package due

// Kind says what falls due. Each kind has its own reminder ladder in the tenant's settings.
type Kind string

// Kinds of obligations (J1, J4). A kind is added here, in the settings' defaults and where its date is written.
const (
	ContractEnd  Kind = "CONTRACT_END"
	PaymentDue   Kind = "PAYMENT_DUE"
	MilestoneDue Kind = "MILESTONE_DUE"

	ApprovalTask   Kind = "APPROVAL_TASK"   // somebody is to decide (F4, J5)
	ApprovalResult Kind = "APPROVAL_RESULT" // somebody is told how an approval went on

	ContractStart    Kind = "CONTRACT_START"    // the term of a signed contract begins (E8)
	RenewalDecision  Kind = "RENEWAL_DECISION"  // last day to agree on what comes after a fixed term (HR14)
	OptOutNotice     Kind = "OPT_OUT_NOTICE"    // last day to give notice, or the contract goes on by itself
	SuspensionEnd    Kind = "SUSPENSION_END"    // a suspension ends by itself
	IncidentNotice   Kind = "INCIDENT_NOTICE"   // last day to tell the counterparty of a breach or force majeure (J8)
	IncidentSolution Kind = "INCIDENT_SOLUTION" // last day to settle it (E10)

	DeliveryDue   Kind = "DELIVERY_DUE"   // goods are to be delivered (I1)
	ServiceDue    Kind = "SERVICE_DUE"    // a service is to be provided (I1)
	AcceptanceDue Kind = "ACCEPTANCE_DUE" // what was delivered is to be accepted (I1)

	EndpointDisabled Kind = "ENDPOINT_DISABLED" // an endpoint for messages fails, and nothing is sent to it any more
)

// Values lists the kinds for the table's CHECK.
func (Kind) Values() []string {
	return []string{
		string(ContractEnd), string(PaymentDue), string(MilestoneDue), string(ApprovalTask), string(ApprovalResult),
		string(ContractStart), string(RenewalDecision), string(OptOutNotice), string(SuspensionEnd),
		string(IncidentNotice), string(IncidentSolution), string(DeliveryDue), string(ServiceDue), string(AcceptanceDue),
		string(EndpointDisabled),
	}
}

// OfContract lists the kinds whose subject is the contract itself: what its term and its suspension bring.
func OfContract() []Kind {
	return []Kind{ContractEnd, ContractStart, RenewalDecision, OptOutNotice, SuspensionEnd}
}

// State of an obligation.
type State string

// An open obligation is reminded of; a met one was fulfilled; a cancelled one no longer applies.
const (
	Open      State = "OPEN"
	Met       State = "MET"
	Cancelled State = "CANCELLED"
)

// Values lists the states for the table's CHECK.
func (State) Values() []string { return []string{string(Open), string(Met), string(Cancelled)} }

// AlertState of an alert.
type AlertState string

// A withdrawn alert was right when it was made and is moot now: the date moved, the money came.
const (
	Raised    AlertState = "RAISED"
	Withdrawn AlertState = "WITHDRAWN"
)

// Values lists the states for the table's CHECK.
func (AlertState) Values() []string { return []string{string(Raised), string(Withdrawn)} }

// EventType says what happened to an alert, in the stream of alert events.
type EventType string

// Types of events. A position tells nothing but the cursor, so that a quiet stream's cursor does not grow old.
const (
	EventRaised       EventType = "RAISED"
	EventWithdrawn    EventType = "WITHDRAWN"
	EventRead         EventType = "READ"
	EventAcknowledged EventType = "ACKNOWLEDGED"
	EventSnoozed      EventType = "SNOOZED"
	EventWoken        EventType = "WOKEN"
	EventAssigned     EventType = "ASSIGNED"
	EventPosition     EventType = "POSITION"
)

// Values lists the types of events.
func (EventType) Values() []string {
	return []string{string(EventRaised), string(EventWithdrawn), string(EventRead), string(EventAcknowledged), string(EventSnoozed), string(EventWoken), string(EventAssigned), string(EventPosition)}
}
