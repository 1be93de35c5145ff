package staff

import (
	"fmt"
	"slices"

	"heyue/identity/account"
	"heyue/identity/password"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// UserDetails are what callers may say of a user. A nil field is left as it is, or at its default in a new user; an
// empty text clears Phone and Title. Name has 1 to 100 characters, Phone up to 40, Title up to 100; Locale is zh-CN or
// en, by default the tenant's.
type UserDetails struct {
	Name         *string
	Phone        *string
	Title        *string
	Locale       *string
	DepartmentID *publicid.DepartmentID
	ManagerID    *publicid.UserID // whom they report to; their superiors approve what they submit
}

// UserDraft is a new user. Email is the login name: it is stored in one spelling (account.NormalEmail), unique within
// the tenant. Without a Password the user cannot sign in with one.
type UserDraft struct {
	Email    string
	Password *string
	RoleIDs  []publicid.RoleID
	UserDetails
}

// UserClearable names a reference of a user that a change may empty.
type UserClearable string

// References of a user that can be emptied.
const (
	ClearDepartment UserClearable = "DEPARTMENT" // takes them out of all departments
	ClearManager    UserClearable = "MANAGER"
)

// UserChange alters a user who is still at ExpectedVersion.
type UserChange struct {
	ID              publicid.UserID
	ExpectedVersion int
	Clear           []UserClearable
	UserDetails
}

// UserTarget is a user at the version that the caller has seen.
type UserTarget struct {
	ID              publicid.UserID
	ExpectedVersion int
}

// PasswordChange sets a user's password.
type PasswordChange struct {
	ID              publicid.UserID
	ExpectedVersion int
	Password        string
}

// Validate reports everything wrong with the draft at once.
func (d UserDraft) Validate(p password.Policy) error {
	var c fault.Check
	account.CheckEmail(&c, "email", d.Email)
	c.That(d.Name != nil, fault.Required, "name", "name is required")
	d.check(&c)
	if d.Password != nil {
		own := []string{d.Email}
		if d.Name != nil {
			own = append(own, *d.Name)
		}
		p.Check(&c, "password", *d.Password, own...)
	}
	seen := map[publicid.RoleID]bool{}
	for i, id := range d.RoleIDs {
		c.That(!seen[id], fault.Duplicate, fmt.Sprintf("roleIds.%d", i), "the role is named twice")
		seen[id] = true
	}
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch UserChange) Validate() error {
	var c fault.Check
	for _, clear := range ch.Clear {
		c.That(clear == ClearDepartment || clear == ClearManager, fault.UnknownValue, "clear", "%.20q cannot be cleared", clear)
		c.That(clear != ClearDepartment || ch.DepartmentID == nil, fault.Inconsistent, "clear", "departmentId cannot be set and cleared at once")
		c.That(clear != ClearManager || ch.ManagerID == nil, fault.Inconsistent, "clear", "managerId cannot be set and cleared at once")
	}
	ch.check(&c)
	return c.Err()
}

func (d UserDetails) check(c *fault.Check) {
	if d.Name != nil {
		c.Text("name", *d.Name, 1, maxName)
	}
	c.OptText("phone", d.Phone, maxPhone)
	c.OptText("title", d.Title, maxTitle)
	if d.Locale != nil {
		checkLocale(c, *d.Locale)
	}
}

// department is where the change wants the user to be, given where they are.
func (ch UserChange) department(now *publicid.DepartmentID) *publicid.DepartmentID {
	switch {
	case slices.Contains(ch.Clear, ClearDepartment):
		return nil
	case ch.DepartmentID != nil:
		return ch.DepartmentID
	}
	return now
}
