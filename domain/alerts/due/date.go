package due

import (
	"slices"

	"github.com/google/uuid"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Date is one due date of one subject, as the subject's own package knows it and hands it to the reminder engine. Kind
// and SubjectID together name the obligation; the rest is what it says.
type Date struct {
	Kind       Kind
	SubjectID  uuid.UUID            // the contract, plan line or milestone
	ContractID *publicid.ContractID // fixed once the obligation exists
	Title      string               // as alerts will show it
	DueOn      date.Date
	Amount     *money.Money
	Owner      *publicid.UserID       // the subject's, so that scopes work as they do on it
	Department *publicid.DepartmentID // likewise
}

// Validate reports everything that is wrong with d; a caller that has validated its own input never sees it.
func (d Date) Validate() error {
	var c fault.Check
	c.That(slices.Contains(Kind("").Values(), string(d.Kind)), fault.UnknownValue, "kind", "%.20q is not a kind of obligation", string(d.Kind))
	c.That(d.SubjectID != uuid.Nil, fault.Required, "subjectId", "an obligation needs a subject")
	c.That(!d.DueOn.IsZero(), fault.Required, "dueOn", "an obligation needs a date")
	c.That(d.Title != "", fault.Required, "title", "an obligation needs a title")
	return c.Err()
}
