package contacts

import (
	"net/mail"

	"heyue/domain/customers/profile"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
)

// Details are what callers may say of a contact. A nil field is left as it is, or at its default in a new contact; an
// empty text clears the field.
type Details struct {
	Name       *string
	Gender     *profile.Gender
	Salutation *string
	Department *string // the customer's department, as the customer calls it
	JobTitle   *string
	IsPrimary  *bool // makes every other contact of the customer not primary
	Birthday   *date.Date
	Hobby      *string
	Address    *string
	Phone      *string
	Fax        *string
	Mobile     *string
	Email      *string
	Qq         *string
	Msn        *string
	Wechat     *string
	Remark     *string
	Remark1    *string
	Remark2    *string
	Custom     []*custom.Input // values of the tenant's own fields; those that are not named stay
}

// Draft is a new contact of a customer, whose contact it stays: whoever changes employer is a new contact.
type Draft struct {
	CustomerID publicid.CustomerID
	Details
}

// Clearable names a field without an empty text that a change may empty.
type Clearable string

// ClearBirthday empties the birthday.
const ClearBirthday Clearable = "BIRTHDAY"

// Change alters a contact that is still at ExpectedVersion.
type Change struct {
	ID              publicid.ContactID
	ExpectedVersion int
	Clear           []Clearable
	Details
}

// Target is a contact at the version that the caller has seen.
type Target struct {
	ID              publicid.ContactID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once. Birthdays lie on today or before.
func (d Draft) Validate(today date.Date) error {
	var c fault.Check
	c.That(d.Name != nil, fault.Required, "name", "name is required")
	d.check(&c, today)
	return c.Err()
}

// Validate reports everything wrong with the change at once. Birthdays lie on today or before.
func (ch Change) Validate(today date.Date) error {
	var c fault.Check
	for _, clear := range ch.Clear {
		c.That(clear == ClearBirthday, fault.UnknownValue, "clear", "%.20q is nothing that can be cleared", string(clear))
		c.That(clear != ClearBirthday || ch.Birthday == nil, fault.Inconsistent, "clear", "birthday cannot be set and cleared at once")
	}
	ch.check(&c, today)
	return c.Err()
}

func (d Details) check(c *fault.Check, today date.Date) {
	if d.Name != nil {
		c.Text("name", *d.Name, 1, 100)
	}
	if d.Gender != nil {
		c.That(d.Gender.Valid(), fault.UnknownValue, "gender", "%.20q is not a gender", string(*d.Gender))
	}
	c.OptText("salutation", d.Salutation, 40)
	c.OptText("department", d.Department, 100)
	c.OptText("jobTitle", d.JobTitle, 100)
	if d.Birthday != nil {
		c.That(!d.Birthday.IsZero() && !d.Birthday.After(today), fault.OutOfRange, "birthday", "birthday lies in the future")
	}
	c.OptText("hobby", d.Hobby, 200)
	c.OptText("address", d.Address, 500)
	c.OptText("phone", d.Phone, 40)
	c.OptText("fax", d.Fax, 40)
	c.OptText("mobile", d.Mobile, 40)
	checkEmail(c, d.Email)
	c.OptText("qq", d.Qq, 40)
	c.OptText("msn", d.Msn, 254)
	c.OptText("wechat", d.Wechat, 100)
	c.OptText("remark", d.Remark, 1000)
	c.OptText("remark1", d.Remark1, 1000)
	c.OptText("remark2", d.Remark2, 1000)
}

func checkEmail(c *fault.Check, v *string) {
	if v == nil || *v == "" {
		return
	}
	a, err := mail.ParseAddress(*v)
	c.That(err == nil && a.Address == *v && len(*v) <= 254, fault.Malformed, "email", "email is not an e-mail address")
}

// apply writes what is given into a create or an update.
func (d Details) apply(m *ent.ContactMutation) {
	given.Text(d.Name, m.SetName)
	given.Set(d.Gender, m.SetGender)
	given.Text(d.Salutation, m.SetSalutation)
	given.Text(d.Department, m.SetDepartment)
	given.Text(d.JobTitle, m.SetJobTitle)
	given.Set(d.IsPrimary, m.SetIsPrimary)
	given.Set(d.Birthday, m.SetBirthday)
	given.Text(d.Hobby, m.SetHobby)
	given.Text(d.Address, m.SetAddress)
	given.Text(d.Phone, m.SetPhone)
	given.Text(d.Fax, m.SetFax)
	given.Text(d.Mobile, m.SetMobile)
	given.Text(d.Email, m.SetEmail)
	given.Text(d.Qq, m.SetQq)
	given.Text(d.Msn, m.SetMsn)
	given.Text(d.Wechat, m.SetWechat)
	given.Text(d.Remark, m.SetRemark)
	given.Text(d.Remark1, m.SetRemark1)
	given.Text(d.Remark2, m.SetRemark2)
}

// primary reports whether the details make a contact primary.
func (d Details) primary() bool { return d.IsPrimary != nil && *d.IsPrimary }
