// Package billedit is what a bill edit says: how recorded instalments or an entry of the account stand, and how they
// shall stand (F8). It is a leaf; the settlement service writes what was agreed.
package billedit

import (
	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// State of a bill edit.
type State string

// A pending edit waits for a second person; the others are final.
const (
	Pending   State = "PENDING"
	Approved  State = "APPROVED"
	Rejected  State = "REJECTED"
	Withdrawn State = "WITHDRAWN"
)

// States lists all states.
func States() []State { return []State{Pending, Approved, Rejected, Withdrawn} }

// Values returns all states as text, for the entity schema.
func (State) Values() []string {
	out := make([]string, len(States()))
	for i, s := range States() {
		out[i] = string(s)
	}
	return out
}

// Content is one side of an edit: instalments, or an entry of the account.
type Content struct {
	Lines []Line `json:"lines,omitempty"`
	Entry *Entry `json:"entry,omitempty"`
}

// Line is an instalment.
type Line struct {
	ID      publicid.PaymentPlanLineID `json:"id"`
	DueOn   date.Date                  `json:"dueOn"`
	Amount  money.Money                `json:"amount"`
	Purpose string                     `json:"purpose"`
}

// Entry is a payment or a refund with how it is shared out. The amount is positive for both.
type Entry struct {
	Kind        plan.EntryKind `json:"kind"`
	Amount      money.Money    `json:"amount"`
	PaidOn      date.Date      `json:"paidOn"`
	Method      plan.Method    `json:"method"`
	Reference   string         `json:"reference"`
	Note        string         `json:"note"`
	Allocations []Allocation   `json:"allocations"`
}

// Allocation is the part of an entry that settles one instalment.
type Allocation struct {
	LineID publicid.PaymentPlanLineID `json:"lineId"`
	Amount money.Money                `json:"amount"`
}
