package service

import (
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
)

// Details are what callers may say of a service record. A nil field is left as it is, or at its default in a new
// record. ServiceType is a code of the dictionary SERVICE_TYPE, Satisfaction goes from 1 (not at all) to 5 (very).
type Details struct {
	CustomerID   *publicid.CustomerID
	ContactID    *publicid.ContactID
	ContractID   *publicid.ContractID
	ServiceType  *string
	ServedOn     *date.Date
	Content      *string
	Satisfaction *int
	Feedback     *string
	OwnerID      *publicid.UserID
	DepartmentID *publicid.DepartmentID
	Custom       []*custom.Input // values of the tenant's own fields; those that are not named stay
}

// Draft is a new record. ServedOn defaults to today in the tenant's zone; owner and department to the caller and the
// caller's department.
type Draft struct{ Details }

// Clearable names a value that a change may empty.
type Clearable string

// Values that can be emptied.
const (
	ClearContact      Clearable = "CONTACT"
	ClearContract     Clearable = "CONTRACT"
	ClearSatisfaction Clearable = "SATISFACTION"
	ClearOwner        Clearable = "OWNER"
	ClearDepartment   Clearable = "DEPARTMENT"
)

// Change alters a record that is still at ExpectedVersion.
type Change struct {
	ID              publicid.ServiceRecordID
	ExpectedVersion int
	Clear           []Clearable
	Details
}

// Target is a record at the version that the caller has seen.
type Target struct {
	ID              publicid.ServiceRecordID
	ExpectedVersion int
}

// Limits of what a record holds.
const (
	MaxContent      = 4000
	MaxFeedback     = 2000
	MinSatisfaction = 1
	MaxSatisfaction = 5
)

// Validate reports everything wrong with the draft at once. Nothing was served after today.
func (d Draft) Validate(today date.Date) error {
	var c fault.Check
	c.That(d.CustomerID != nil, fault.Required, "customerId", "customerId is required")
	c.That(d.ServiceType != nil, fault.Required, "serviceType", "serviceType is required")
	c.That(d.Content != nil, fault.Required, "content", "content is required")
	d.check(&c, today)
	return c.Err()
}

// Validate reports everything wrong with the change at once. Nothing was served after today.
func (ch Change) Validate(today date.Date) error {
	var c fault.Check
	given := map[Clearable]bool{
		ClearContact: ch.ContactID != nil, ClearContract: ch.ContractID != nil, ClearSatisfaction: ch.Satisfaction != nil,
		ClearOwner: ch.OwnerID != nil, ClearDepartment: ch.DepartmentID != nil,
	}
	for _, clear := range ch.Clear {
		set, known := given[clear]
		c.That(known, fault.UnknownValue, "clear", "%.20q is nothing that can be cleared", string(clear))
		c.That(!set, fault.Inconsistent, "clear", "%s cannot be set and cleared at once", clear)
	}
	ch.check(&c, today)
	return c.Err()
}

func (d Details) check(c *fault.Check, today date.Date) {
	if d.ServiceType != nil {
		c.Text("serviceType", *d.ServiceType, 1, 64)
	}
	if d.ServedOn != nil {
		c.That(!d.ServedOn.IsZero() && !d.ServedOn.After(today), fault.OutOfRange, "servedOn", "servedOn is %s, after today, %s", *d.ServedOn, today)
	}
	if d.Content != nil {
		c.Text("content", *d.Content, 1, MaxContent)
	}
	if d.Satisfaction != nil {
		c.That(*d.Satisfaction >= MinSatisfaction && *d.Satisfaction <= MaxSatisfaction, fault.OutOfRange, "satisfaction",
			"satisfaction is %d to %d, not %d", MinSatisfaction, MaxSatisfaction, *d.Satisfaction)
	}
	c.OptText("feedback", d.Feedback, MaxFeedback)
}

// apply writes what is given into a create or an update.
func (d Details) apply(m *ent.ServiceRecordMutation) {
	given.Set(d.CustomerID, m.SetCustomerID)
	given.Set(d.ContactID, m.SetContactID)
	given.Set(d.ContractID, m.SetContractID)
	given.Set(d.ServiceType, m.SetServiceType)
	given.Set(d.ServedOn, m.SetServedOn)
	given.Text(d.Content, m.SetContent)
	given.Set(d.Satisfaction, m.SetSatisfaction)
	given.Text(d.Feedback, m.SetFeedback)
	given.Set(d.OwnerID, m.SetOwnerID)
	given.Set(d.DepartmentID, m.SetDepartmentID)
}

func (c Clearable) apply(m *ent.ServiceRecordMutation) {
	switch c {
	case ClearContact:
		m.ClearContactID()
	case ClearContract:
		m.ClearContractID()
	case ClearSatisfaction:
		m.ClearSatisfaction()
	case ClearOwner:
		m.ClearOwnerID()
	case ClearDepartment:
		m.ClearDepartmentID()
	}
}
