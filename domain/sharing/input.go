package sharing

import (
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/share"
)

// Draft is a new share of one record with one grantee.
type Draft struct {
	CustomerID   *publicid.CustomerID
	ContractID   *publicid.ContractID
	UserID       *publicid.UserID
	DepartmentID *publicid.DepartmentID // with all below it
	Level        share.Level
	EndsOn       *date.Date // the last day; nil for no end
}

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate(today date.Date) error {
	var c fault.Check
	c.That((d.CustomerID == nil) != (d.ContractID == nil), fault.Inconsistent, "contractId", "give either customerId or contractId")
	c.That((d.UserID == nil) != (d.DepartmentID == nil), fault.Inconsistent, "userId", "give either userId or departmentId")
	level(&c, d.Level)
	ends(&c, d.EndsOn, today)
	return c.Err()
}

// Clearable names a field that a change may empty.
type Clearable string

// ClearEndsOn lets the share go on without end.
const ClearEndsOn Clearable = "ENDS_ON"

// Change alters a share that is still at ExpectedVersion. A nil field stays as it is.
type Change struct {
	ID              publicid.RecordShareID
	ExpectedVersion int
	Level           *share.Level
	EndsOn          *date.Date
	Clear           []Clearable
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate(today date.Date) error {
	var c fault.Check
	if ch.Level != nil {
		level(&c, *ch.Level)
	}
	ends(&c, ch.EndsOn, today)
	for _, clear := range ch.Clear {
		c.That(clear == ClearEndsOn, fault.UnknownValue, "clear", "%.20q is nothing that can be cleared", string(clear))
		c.That(clear != ClearEndsOn || ch.EndsOn == nil, fault.Inconsistent, "clear", "endsOn cannot be set and cleared at once")
	}
	return c.Err()
}

// Target is a share at the version that the caller has seen.
type Target struct {
	ID              publicid.RecordShareID
	ExpectedVersion int
}

func level(c *fault.Check, l share.Level) {
	c.That(l == share.Read || l == share.Write, fault.UnknownValue, "level", "%.20q is no level of a share", string(l))
}

func ends(c *fault.Check, on *date.Date, today date.Date) {
	if on != nil {
		c.That(!on.Before(today), fault.OutOfRange, "endsOn", "a share ends today or later")
	}
}
