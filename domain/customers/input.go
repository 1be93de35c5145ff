package customers

import (
	"net/mail"
	"net/url"

	"heyue/domain/customers/profile"
	"heyue/domain/dictionaries/shipped"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
)

// Details are what callers may say of a customer. A nil field is left as it is, or at its default in a new customer;
// an empty text clears the field. Source, Category, SalesMode, Industry, Ownership and Region hold dictionary codes.
type Details struct {
	Kind         *profile.Kind
	Name         *string
	Code         *string
	ShortName    *string
	Region       *string
	Address      *string
	Source       *string
	Category     *string
	SalesMode    *string
	Industry     *string
	Ownership    *string
	Description  *string
	CreditCode   *string
	Grade        *profile.Grade
	Phone        *string
	Email        *string
	Website      *string
	OwnerID      *publicid.UserID
	DepartmentID *publicid.DepartmentID
	Custom       []*custom.Input // values of the tenant's own fields; those that are not named stay
}

// Draft is a new customer. Owner and department default to the caller and the caller's department.
type Draft struct{ Details }

// Clearable names a reference that a change may empty.
type Clearable string

// References that can be emptied: a customer without an owner is in the public pool.
const (
	ClearOwner      Clearable = "OWNER"
	ClearDepartment Clearable = "DEPARTMENT"
)

// Change alters a customer that is still at ExpectedVersion.
type Change struct {
	ID              publicid.CustomerID
	ExpectedVersion int
	Clear           []Clearable
	Details
}

// Target is a customer at the version that the caller has seen.
type Target struct {
	ID              publicid.CustomerID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate() error {
	var c fault.Check
	c.That(d.Name != nil, fault.Required, "name", "name is required")
	d.check(&c)
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	for _, clear := range ch.Clear {
		c.That(clear != ClearOwner || ch.OwnerID == nil, fault.Inconsistent, "clear", "ownerId cannot be set and cleared at once")
		c.That(clear != ClearDepartment || ch.DepartmentID == nil, fault.Inconsistent, "clear", "departmentId cannot be set and cleared at once")
	}
	ch.check(&c)
	return c.Err()
}

func (d Details) check(c *fault.Check) {
	if d.Kind != nil {
		c.That(d.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of customer", string(*d.Kind))
	}
	if d.Grade != nil {
		c.That(d.Grade.Valid(), fault.UnknownValue, "grade", "%.20q is not a grade", string(*d.Grade))
	}
	if d.Name != nil {
		c.Text("name", *d.Name, 1, 200)
	}
	if d.Code != nil {
		c.Text("code", *d.Code, 1, 64)
	}
	c.OptText("shortName", d.ShortName, 100)
	c.OptText("address", d.Address, 500)
	c.OptText("description", d.Description, 4000)
	c.OptText("phone", d.Phone, 40)
	for field, code := range map[string]*string{"region": d.Region, "source": d.Source, "category": d.Category,
		"salesMode": d.SalesMode, "industry": d.Industry, "ownership": d.Ownership} {
		c.OptText(field, code, 64)
	}
	checkEmail(c, "email", d.Email)
	checkURL(c, "website", d.Website)
	if d.CreditCode != nil && *d.CreditCode != "" {
		if err := profile.ValidCreditCode(profile.NormalizeCreditCode(*d.CreditCode)); err != nil {
			f := fault.All(err)[0]
			c.Add(f.Code, "creditCode", "%s", f.Message)
		}
	}
}

func checkEmail(c *fault.Check, field string, v *string) {
	if v == nil || *v == "" {
		return
	}
	a, err := mail.ParseAddress(*v)
	c.That(err == nil && a.Address == *v && len(*v) <= 254, fault.Malformed, field, "%s is not an e-mail address", field)
}

func checkURL(c *fault.Check, field string, v *string) {
	if v == nil || *v == "" {
		return
	}
	u, err := url.Parse(*v)
	c.That(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(*v) <= 300,
		fault.Malformed, field, "%s is not an http or https address of at most 300 characters", field)
}

// codes lists the dictionary codes that the details use. An empty one clears its field and needs no check.
func (d Details) codes() map[shipped.List]string {
	out := map[shipped.List]string{}
	for list, code := range map[shipped.List]*string{
		shipped.CustomerSource: d.Source, shipped.CustomerCategory: d.Category, shipped.SalesMode: d.SalesMode,
		shipped.Industry: d.Industry, shipped.Ownership: d.Ownership, shipped.Region: d.Region,
	} {
		if code != nil && *code != "" {
			out[list] = *code
		}
	}
	return out
}

// stored lists the dictionary codes of a customer.
func stored(c *ent.Customer) map[shipped.List]string {
	return map[shipped.List]string{
		shipped.CustomerSource: c.Source, shipped.CustomerCategory: c.Category, shipped.SalesMode: c.SalesMode,
		shipped.Industry: c.Industry, shipped.Ownership: c.Ownership, shipped.Region: c.Region,
	}
}

// fields names the input that each dictionary list belongs to.
var fields = map[shipped.List]string{
	shipped.CustomerSource: "source", shipped.CustomerCategory: "category", shipped.SalesMode: "salesMode",
	shipped.Industry: "industry", shipped.Ownership: "ownership", shipped.Region: "region",
}

// apply writes what is given into a create or an update.
func (d Details) apply(m *ent.CustomerMutation) {
	given.Set(d.Kind, m.SetKind)
	given.Text(d.Name, m.SetName)
	given.Text(d.Code, m.SetCode)
	given.Text(d.ShortName, m.SetShortName)
	given.Text(d.Region, m.SetRegion)
	given.Text(d.Address, m.SetAddress)
	given.Text(d.Source, m.SetSource)
	given.Text(d.Category, m.SetCategory)
	given.Text(d.SalesMode, m.SetSalesMode)
	given.Text(d.Industry, m.SetIndustry)
	given.Text(d.Ownership, m.SetOwnership)
	given.Text(d.Description, m.SetDescription)
	given.Set(d.Grade, m.SetGrade)
	given.Text(d.Phone, m.SetPhone)
	given.Text(d.Email, m.SetEmail)
	given.Text(d.Website, m.SetWebsite)
	given.Set(d.OwnerID, m.SetOwnerID)
	given.Set(d.DepartmentID, m.SetDepartmentID)
	if d.CreditCode != nil {
		if code := profile.NormalizeCreditCode(*d.CreditCode); code != "" {
			m.SetCreditCode(code)
		} else {
			m.ClearCreditCode()
		}
	}
}
