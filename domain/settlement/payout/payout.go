// Package payout is what a request for an outgoing payment says and how it goes (H3, F8): somebody asks, somebody else
// agrees, and then the money goes out. It is a leaf; the settlement service keeps the requests and books what was paid.
package payout

import (
	"crypto/sha256"
	"encoding/json"

	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/enum"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// State of a payment request.
type State string

// A pending request waits for a second person, an approved one for the money to go out; the others are final.
const (
	Pending   State = "PENDING"
	Approved  State = "APPROVED"
	Rejected  State = "REJECTED"
	Withdrawn State = "WITHDRAWN"
	Paid      State = "PAID"
)

// States lists all states.
func States() []State { return []State{Pending, Approved, Rejected, Withdrawn, Paid} }

// Values returns all states as text, for the entity schema.
func (State) Values() []string { return enum.Texts(States()) }

// IsOpen reports whether a request in this state still asks for money: what it asks for is spoken for.
func (s State) IsOpen() bool { return s == Pending || s == Approved }

// Open lists the states that ask for money.
func Open() []State { return []State{Pending, Approved} }

// Content is what is asked for. It never changes, so that what was agreed to is what is paid.
type Content struct {
	Amount      money.Money  `json:"amount"`
	WantedOn    date.Date    `json:"wantedOn"`
	Method      plan.Method  `json:"method"`
	Payee       string       `json:"payee"`
	Bank        string       `json:"bank"`
	Account     string       `json:"account"`
	Invoice     string       `json:"invoice"`
	Purpose     string       `json:"purpose"`
	Allocations []Allocation `json:"allocations"`
}

// Allocation is the part of the sum that settles one instalment; the rest is on account.
type Allocation struct {
	LineID publicid.PaymentPlanLineID `json:"lineId"`
	Amount money.Money                `json:"amount"`
}

// Digest is the hash of the content in its stored form: what an approval is bound to.
func (c Content) Digest() ([sha256.Size]byte, error) {
	text, err := json.Marshal(c)
	return sha256.Sum256(text), err
}

// Reserved sums up what open requests speak for: in all, and of each line.
func Reserved(open []Content) (total int64, lines map[publicid.PaymentPlanLineID]int64) {
	lines = map[publicid.PaymentPlanLineID]int64{}
	for _, c := range open {
		total += c.Amount.Minor()
		for _, a := range c.Allocations {
			lines[a.LineID] += a.Amount.Minor()
		}
	}
	return total, lines
}
