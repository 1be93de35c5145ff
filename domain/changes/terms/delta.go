package terms

import (
	"encoding/json"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Delta is what a change does to a sheet, field by field, so that two changes to different fields of the same line both
// hold. What is nil stays as it is. The zero Delta changes nothing.
type Delta struct {
	Title         *string                                                       `json:"title,omitempty"`
	Description   *string                                                       `json:"description,omitempty"`
	Amount        *money.Money                                                  `json:"amount,omitempty"`
	EffectiveOn   *Maybe[date.Date]                                             `json:"effectiveOn,omitempty"`
	EndsOn        *Maybe[date.Date]                                             `json:"endsOn,omitempty"`
	Renewal       *lifecycle.Renewal                                            `json:"renewal,omitempty"`
	RenewalMonths *int                                                          `json:"renewalMonths,omitempty"`
	NoticeDays    *int                                                          `json:"noticeDays,omitempty"`
	Parties       Edits[publicid.ContractPartyID, Party, PartyEdit]             `json:"parties,omitzero"`
	Lines         Edits[publicid.ContractLineID, Line, LineEdit]                `json:"lines,omitzero"`
	Plan          Edits[publicid.PaymentPlanLineID, Instalment, InstalmentEdit] `json:"plan,omitzero"`
	Slots         text.Values                                                   `json:"slots,omitempty"` // a nil value empties its slot
}

// Maybe is a new value that may be none.
type Maybe[T any] struct {
	Value *T `json:"value"`
}

// Edits are what happens to a list: what is left out, what becomes different, what is put at its end. Order, when given,
// names items in the order in which they then stand; what it does not name follows.
type Edits[ID comparable, T, E any] struct {
	Drop   []ID `json:"drop,omitempty"`
	Change []E  `json:"change,omitempty"`
	Add    []T  `json:"add,omitempty"`
	Order  []ID `json:"order,omitempty"`
}

// IsZero reports whether nothing happens to the list.
func (e Edits[ID, T, E]) IsZero() bool { return len(e.Drop)+len(e.Change)+len(e.Add)+len(e.Order) == 0 }

// PartyEdit changes a party.
type PartyEdit struct {
	ID             publicid.ContractPartyID    `json:"id"`
	Role           *string                     `json:"role,omitempty"`
	Name           *string                     `json:"name,omitempty"`
	CreditCode     *string                     `json:"creditCode,omitempty"`
	Representative *string                     `json:"representative,omitempty"`
	CustomerID     *Maybe[publicid.CustomerID] `json:"customerId,omitempty"`
}

// LineEdit changes an item. Its amount follows from quantity and unit price unless it is given.
type LineEdit struct {
	ID            publicid.ContractLineID `json:"id"`
	Description   *string                 `json:"description,omitempty"`
	Model         *string                 `json:"model,omitempty"`
	Specification *string                 `json:"specification,omitempty"`
	Unit          *string                 `json:"unit,omitempty"`
	Quantity      *money.Decimal          `json:"quantity,omitempty"`
	UnitPrice     *money.Decimal          `json:"unitPrice,omitempty"`
	AmountMinor   *int64                  `json:"amountMinor,omitempty"`
	DeliveryOn    *Maybe[date.Date]       `json:"deliveryOn,omitempty"`
}

// InstalmentEdit changes an instalment.
type InstalmentEdit struct {
	ID          publicid.PaymentPlanLineID `json:"id"`
	DueOn       *date.Date                 `json:"dueOn,omitempty"`
	AmountMinor *int64                     `json:"amountMinor,omitempty"`
	Purpose     *string                    `json:"purpose,omitempty"`
	Waits       *Waits                     `json:"waits,omitempty"`
	Cancelled   *bool                      `json:"cancelled,omitempty"`
}

// IsZero reports whether the delta changes nothing.
func (d Delta) IsZero() bool { return string(d.canonical()) == "{}" }

func (d Delta) canonical() []byte {
	b, err := json.Marshal(d)
	if err != nil { // text, numbers and days always encode
		panic(err)
	}
	return b
}
