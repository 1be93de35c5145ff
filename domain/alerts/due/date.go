package due

import (
	"github.com/google/uuid"

	"heyue/platform/date"
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
