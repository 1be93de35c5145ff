// Package billedit is what a bill edit says: how recorded instalments or an entry of the account stand, and how they
// shall stand (F8). It is a leaf; the settlement service writes what was agreed.
package billedit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// Differs names what is otherwise in now, with both values; "" when nothing is.
func (l Line) Differs(now Line) string {
	var what []string
	say := func(name, old, fresh string) {
		if old != fresh {
			what = append(what, fmt.Sprintf("%s was %s and is %s", name, old, fresh))
		}
	}
	say("due date", l.DueOn.String(), now.DueOn.String())
	say("amount", l.Amount.String(), now.Amount.String())
	say("purpose", strconv.Quote(l.Purpose), strconv.Quote(now.Purpose))
	return strings.Join(what, ", ")
}

// Same reports whether two entries say the same.
func (e Entry) Same(other Entry) bool {
	return slices.Equal(e.Allocations, other.Allocations) && e.Kind == other.Kind && e.Amount == other.Amount && e.PaidOn == other.PaidOn &&
		e.Method == other.Method && e.Reference == other.Reference && e.Note == other.Note
}

// Sum is the larger of what the two sides of an edit are about: what an approval looks at.
func Sum(before, after Content) (money.Money, error) {
	old, err := before.sum()
	if err != nil {
		return old, err
	}
	now, err := after.sum()
	if err != nil || now.Minor() > old.Minor() {
		return now, err
	}
	return old, nil
}

func (c Content) sum() (money.Money, error) {
	if c.Entry != nil {
		return c.Entry.Amount, nil
	}
	sums := make([]money.Money, len(c.Lines))
	for i, l := range c.Lines {
		sums[i] = l.Amount
	}
	return money.Total(sums[0].Currency(), sums...)
}

// Digest is the hash of both sides in their stored form: what an approval is bound to.
func Digest(before, after Content) ([sha256.Size]byte, error) {
	text, err := json.Marshal([]Content{before, after})
	return sha256.Sum256(text), err
}
