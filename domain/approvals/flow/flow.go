// Package flow is the pure half of approval (F1–F8, HR3, HR4): what a tenant's flow says, when it applies, who is asked
// because of it, and what one more answer leads to. It knows no database and no clock: the same definition, facts and
// people give the same route at any time, which is why a preview equals the run.
package flow

import (
	"heyue/domain/contracts/content"
	"heyue/platform/enum"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Kind says what is put up for approval. One engine serves all of them (F8).
type Kind string

// The kinds of subjects.
const (
	Contract        Kind = "CONTRACT"
	Change          Kind = "CHANGE"           // a change order of a contract
	ClauseException Kind = "CLAUSE_EXCEPTION" // a deviation from a locked clause
	Payment         Kind = "PAYMENT"          // money that is to leave
	BillEdit        Kind = "BILL_EDIT"        // a correction of what was booked
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Contract, Change, ClauseException, Payment, BillEdit} }

// Values lists the kinds for the table's CHECK.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Mode says how many of a node's approvers decide.
type Mode string

// The modes. Whatever the mode, one refusal refuses the whole, and approvers who were added must agree too.
const (
	One      Mode = "ONE"      // the first that the node names, and nobody else
	All      Mode = "ALL"      // everybody, in any order
	Any      Mode = "ANY"      // whoever answers first
	Sequence Mode = "SEQUENCE" // everybody, one after the other
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{One, All, Any, Sequence} }

// Values lists the modes for the table's CHECK.
func (Mode) Values() []string { return enum.Texts(Modes()) }

// Definition is one version of a flow: when it applies and whom it asks in which order. All conditions must hold.
type Definition struct {
	Conditions []Condition `json:"conditions,omitempty"`
	Nodes      []Node      `json:"nodes"`
}

// Node is one stop of a flow. It is left out when one of its conditions does not hold.
type Node struct {
	Key        string      `json:"key"`  // names the node within its flow and across its versions
	Name       string      `json:"name"` // as people read it
	Mode       Mode        `json:"mode"`
	Conditions []Condition `json:"conditions,omitempty"`
	Approvers  []Approver  `json:"approvers"`
	Copies     []Approver  `json:"copies,omitempty"` // told when the node begins; they decide nothing
	// Watches are the parts whose change voids this node's approval; none means every part.
	Watches []content.Part `json:"watches,omitempty"`
	// AllowSubmitter lets people approve their own request here. Otherwise somebody above them is asked instead.
	AllowSubmitter bool `json:"allowSubmitter,omitempty"`
	// EscalateAfterHours passes a task on to the approver's manager after so many working hours; 0 for never.
	EscalateAfterHours int `json:"escalateAfterHours,omitempty"`
}

// Watched returns the parts the node's approval is bound to.
func (n Node) Watched() []content.Part {
	if len(n.Watches) == 0 {
		return content.All()
	}
	return n.Watches
}

// By says how an approver is found.
type By string

// The ways to find an approver.
const (
	ByUser    By = "USER"    // this person
	ByRole    By = "ROLE"    // every active member of the role
	ByHead    By = "HEAD"    // the head of a department: the one named, else the subject's, else the one above it
	ByManager By = "MANAGER" // the submitter's manager, else the head of their department
	ByChoice  By = "CHOICE"  // chosen by the submitter among AmongIDs
)

// Bys returns all ways.
func Bys() []By { return []By{ByUser, ByRole, ByHead, ByManager, ByChoice} }

// Values lists the ways.
func (By) Values() []string { return enum.Texts(Bys()) }

// Approver names whom a node asks. Only the field that belongs to By is read.
type Approver struct {
	By           By                     `json:"by"`
	UserID       *publicid.UserID       `json:"user,omitempty"`
	RoleID       *publicid.RoleID       `json:"role,omitempty"`
	DepartmentID *publicid.DepartmentID `json:"department,omitempty"`
	AmongIDs     []publicid.UserID      `json:"among,omitempty"`
}

// Facts are what conditions look at: the subject as its owner describes it.
type Facts struct {
	ContractKind     string                  `json:"contractKind,omitempty"`
	Amount           *money.Money            `json:"amount,omitempty"`
	Departments      []publicid.DepartmentID `json:"departments,omitempty"` // the subject's own, then those above it, upwards
	Template         string                  `json:"template,omitempty"`    // code of the template
	CustomerGrade    string                  `json:"customerGrade,omitempty"`
	ClauseExceptions int                     `json:"clauseExceptions,omitempty"`
	Custom           map[string]string       `json:"custom,omitempty"` // custom fields by key, as text
}

// Matter is a subject as its owner hands it to the engine.
type Matter struct {
	Title        string // as tasks and sheets show it
	ContractID   *publicid.ContractID
	OwnerID      *publicid.UserID // with DepartmentID: who may see the approval beside those who take part
	DepartmentID *publicid.DepartmentID
	Facts        Facts         // Departments is filled in by the engine
	Print        content.Print // what the approval is bound to; a subject without five parts leaves the others zero
}
