package flow

import "heyue/platform/enum"

// State is where an approval stands.
type State string

// The states of an approval.
const (
	Pending    State = "PENDING"
	Approved   State = "APPROVED"
	Rejected   State = "REJECTED"
	Returned   State = "RETURNED"   // sent back to its submitter for changes
	Withdrawn  State = "WITHDRAWN"  // taken back by its submitter
	Superseded State = "SUPERSEDED" // the subject was submitted again
)

// States returns all states.
func States() []State { return []State{Pending, Approved, Rejected, Returned, Withdrawn, Superseded} }

// Values lists the states for the table's CHECK.
func (State) Values() []string { return enum.Texts(States()) }

// NodeState is where one node stands.
type NodeState string

// The states of a node.
const (
	NodeWaiting  NodeState = "WAITING"
	NodeOpen     NodeState = "OPEN"
	NodeApproved NodeState = "APPROVED"
	NodeRejected NodeState = "REJECTED"
	NodeVoided   NodeState = "VOIDED" // approved once; what it watches has changed since, and it waits again
)

// Values lists the states for the table's CHECK.
func (NodeState) Values() []string {
	return enum.Texts([]NodeState{NodeWaiting, NodeOpen, NodeApproved, NodeRejected, NodeVoided})
}

// TaskState is where one approver's task stands.
type TaskState string

// The states of a task.
const (
	TaskWaiting  TaskState = "WAITING" // its turn has not come
	TaskOpen     TaskState = "OPEN"    // to be decided
	TaskApproved TaskState = "APPROVED"
	TaskRejected TaskState = "REJECTED"
	TaskReturned TaskState = "RETURNED" // decided by sending back
	TaskPassed   TaskState = "PASSED"   // forwarded, or escalated, to somebody else's task
	TaskMoot     TaskState = "MOOT"     // no longer needed: others have decided, or the approval ended
	TaskCopied   TaskState = "COPIED"   // for information only
)

// TaskStates returns all states of tasks.
func TaskStates() []TaskState {
	return []TaskState{TaskWaiting, TaskOpen, TaskApproved, TaskRejected, TaskReturned, TaskPassed, TaskMoot, TaskCopied}
}

// Values lists the states for the table's CHECK.
func (TaskState) Values() []string { return enum.Texts(TaskStates()) }

// Decided reports whether the task's holder has answered.
func (s TaskState) Decided() bool { return s == TaskApproved || s == TaskRejected || s == TaskReturned }

// Origin says how somebody came to a task.
type Origin string

// The origins of a task.
const (
	FromFlow     Origin = "FLOW"
	FromAdding   Origin = "ADDED"     // added as another signer; must agree whatever the node's mode
	FromForward  Origin = "FORWARDED" // took a task over
	FromEscalate Origin = "ESCALATED" // got a task that waited too long
	FromCopy     Origin = "COPY"
)

// Values lists the origins for the table's CHECK.
func (Origin) Values() []string {
	return enum.Texts([]Origin{FromFlow, FromAdding, FromForward, FromEscalate, FromCopy})
}

// Action is what an entry of an approval's record says was done.
type Action string

// The actions on record.
const (
	DidSubmit    Action = "SUBMIT"
	DidApprove   Action = "APPROVE"
	DidReject    Action = "REJECT"
	DidSendBack  Action = "SEND_BACK"
	DidAdd       Action = "ADD_SIGNER"
	DidForward   Action = "FORWARD"
	DidCopy      Action = "COPY"
	DidWithdraw  Action = "WITHDRAW"
	DidRemind    Action = "REMIND"
	DidEscalate  Action = "ESCALATE"
	DidVoid      Action = "VOID"       // the content changed under an approval
	DidCarry     Action = "CARRY_OVER" // an earlier approval of the same still holds
	DidSupersede Action = "SUPERSEDE"
)

// Actions returns all actions.
func Actions() []Action {
	return []Action{
		DidSubmit, DidApprove, DidReject, DidSendBack, DidAdd, DidForward, DidCopy, DidWithdraw, DidRemind, DidEscalate,
		DidVoid, DidCarry, DidSupersede,
	}
}

// Values lists the actions for the table's CHECK.
func (Action) Values() []string { return enum.Texts(Actions()) }

// Decision is an approver's answer.
type Decision string

// The answers.
const (
	Approve  Decision = "APPROVE"
	Reject   Decision = "REJECT"
	SendBack Decision = "SEND_BACK" // to a node that has been passed, or to the submitter
)

// Values lists the answers.
func (Decision) Values() []string { return enum.Texts([]Decision{Approve, Reject, SendBack}) }
