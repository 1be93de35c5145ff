// Package terms is the pure half of change orders (G1–G4, HR8): what a contract's terms are, what a change says of them,
// and which terms are in force on a day as they were known at a moment. It has no clock and no database: the same base,
// the same changes, the same day and the same moment give the same terms at any time.
//
//	delta := terms.Diff(a, b)              // what leads from a to b
//	b, err := terms.Apply(a, delta)        // and there it leads
//	now, err := terms.Replay(base, entries, today, moment)
package terms

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Sheet is everything of a contract that a change order can change. What happened under the contract, such as money that
// was booked, is not in it. Order counts in every list; ids are those of the rows and stay the same from sheet to sheet.
type Sheet struct {
	Title         string            `json:"title"`
	Description   string            `json:"description,omitempty"`
	Amount        money.Money       `json:"amount"`
	EffectiveOn   *date.Date        `json:"effectiveOn,omitempty"`
	EndsOn        *date.Date        `json:"endsOn,omitempty"`
	Renewal       lifecycle.Renewal `json:"renewal"`
	RenewalMonths int               `json:"renewalMonths,omitempty"`
	NoticeDays    int               `json:"noticeDays,omitempty"`
	Parties       []Party           `json:"parties,omitempty"`
	Lines         []Line            `json:"lines,omitempty"`
	Plan          []Instalment      `json:"plan,omitempty"`
	Slots         text.Values       `json:"slots,omitempty"` // by the slot's key; empty for a contract without a text
}

// Party is one side.
type Party struct {
	ID             publicid.ContractPartyID `json:"id"`
	Role           string                   `json:"role,omitempty"`
	Name           string                   `json:"name"`
	CreditCode     string                   `json:"creditCode,omitempty"`
	Representative string                   `json:"representative,omitempty"`
	CustomerID     *publicid.CustomerID     `json:"customerId,omitempty"`
}

// Line is an item of goods or services; its amount is in the smallest unit of the contract's currency.
type Line struct {
	ID            publicid.ContractLineID `json:"id"`
	Description   string                  `json:"description"`
	Model         string                  `json:"model,omitempty"`
	Specification string                  `json:"specification,omitempty"`
	Unit          string                  `json:"unit,omitempty"`
	Quantity      money.Decimal           `json:"quantity"`
	UnitPrice     money.Decimal           `json:"unitPrice"`
	AmountMinor   int64                   `json:"amountMinor"`
	DeliveryOn    *date.Date              `json:"deliveryOn,omitempty"`
}

// Instalment is one line of the payment plan, in the smallest unit of the contract's currency.
type Instalment struct {
	ID          publicid.PaymentPlanLineID `json:"id"`
	DueOn       date.Date                  `json:"dueOn"`
	AmountMinor int64                      `json:"amountMinor"`
	Purpose     string                     `json:"purpose,omitempty"`
	Waits       Waits                      `json:"waits,omitzero"`
	Cancelled   bool                       `json:"cancelled,omitempty"` // will not fall due
}

// Waits is the milestone that an instalment falls due with, and how many days after it; zero for none.
type Waits struct {
	MilestoneID *publicid.MilestoneID `json:"milestoneId,omitempty"`
	Days        int                   `json:"days,omitempty"`
}

// Equal reports whether two sheets say the same.
func (s Sheet) Equal(o Sheet) bool { return string(s.canonical()) == string(o.canonical()) }

// Digest is the SHA-256 of the sheet's canonical form, in hexadecimal: it proves that a version is the one that was saved.
func (s Sheet) Digest() string {
	sum := sha256.Sum256(s.canonical())
	return hex.EncodeToString(sum[:])
}

// canonical writes the sheet in one way: fields in their order, keys of slots sorted, nothing for what is empty.
func (s Sheet) canonical() []byte {
	b, err := json.Marshal(s)
	if err != nil { // text, numbers and days always encode
		panic(err)
	}
	return b
}

// clone copies the sheet so that the copy can be changed; values that pointers lead to are never changed in place.
func (s Sheet) clone() Sheet {
	s.Parties = append([]Party(nil), s.Parties...)
	s.Lines = append([]Line(nil), s.Lines...)
	s.Plan = append([]Instalment(nil), s.Plan...)
	slots := make(text.Values, len(s.Slots))
	for k, v := range s.Slots {
		slots[k] = v
	}
	s.Slots = slots
	return s
}
