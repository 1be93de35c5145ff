package contracts

import (
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/fields/custom"
	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Limits of one contract's parts.
const (
	maxParties    = 20
	maxLines      = 500
	maxInstalment = 120
	maxMilestones = 200
	maxDocuments  = 200
)

// Details are what callers may say of a contract. A nil field is left as it is, or at its default in a new contract;
// an empty text clears its field; a list replaces the whole list.
type Details struct {
	Title       *string
	CustomerID  *publicid.CustomerID
	Direction   *lifecycle.Direction
	Amount      *money.Input
	SignedOn    *date.Date
	EffectiveOn *date.Date
	EndsOn      *date.Date
	// Renewal says what happens at the end of the term, RenewalMonths how long each further term of an automatic renewal
	// is, NoticeDays how long before the end notice must come (E8, HR14).
	Renewal       *lifecycle.Renewal
	RenewalMonths *int
	NoticeDays    *int
	Description   *string
	OwnerID       *publicid.UserID
	DepartmentID  *publicid.DepartmentID
	Parties       []*Party
	Lines         []*Line
	PaymentPlan   []*Instalment
	Milestones    []*Milestone
	Documents     []*Document
	Custom        []*custom.Input // values of the tenant's own fields; those that are not named stay

	mode *plan.Mode // of the payment plan, as a rule made it
}

// Draft is a new contract. Direction defaults to the kind's usual one, the currency to the tenant's, owner and
// department to the caller's.
type Draft struct {
	Kind lifecycle.Kind
	// Registered says that the contract was signed on paper already: it enters as SIGNED, ACTIVE or EXPIRED by its
	// dates, and needs SignedOn. Otherwise it begins as a DRAFT.
	Registered *bool
	// PredecessorID is the contract that this one renews (E8).
	PredecessorID *publicid.ContractID
	Details
}

// Clearable names a field that a change may empty.
type Clearable string

// Fields that can be emptied.
const (
	ClearOwner       Clearable = "OWNER"
	ClearDepartment  Clearable = "DEPARTMENT"
	ClearSignedOn    Clearable = "SIGNED_ON"
	ClearEffectiveOn Clearable = "EFFECTIVE_ON"
	ClearEndsOn      Clearable = "ENDS_ON"
)

// Change alters a contract that is still at ExpectedVersion. In a contract that binds, Reason is required and the
// change is put on record (G3); a draft is edited freely.
type Change struct {
	ID              publicid.ContractID
	ExpectedVersion int
	Reason          *string
	Clear           []Clearable
	Details
}

// Party is one side of the contract, in order (E6).
type Party struct {
	Role           *string
	Name           string
	CreditCode     *string
	Representative *string
	CustomerID     *publicid.CustomerID
}

// Line is one item of goods or services (M4); its amount is quantity times unit price.
type Line struct {
	Description   string
	Model         *string
	Specification *string
	Quantity      money.Decimal
	Unit          *string
	UnitPrice     money.Decimal
	DeliveryOn    *date.Date
}

// Instalment is one line of the payment plan (H1), in the contract's currency.
type Instalment struct {
	DueOn   date.Date
	Amount  money.Decimal
	Purpose *string

	milestone *publicid.MilestoneID // it waits for, as a rule made it
	dueDays   int
	awaiting  bool
}

// Document refers to a file of the contract that is kept elsewhere (L1).
type Document = document.Reference

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate() error {
	var c fault.Check
	c.That(d.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of contract", string(d.Kind))
	c.That(d.Title != nil, fault.Required, "title", "title is required")
	c.That(d.CustomerID != nil, fault.Required, "customerId", "customerId is required")
	if d.Registered != nil && *d.Registered {
		c.That(d.SignedOn != nil, fault.Required, "signedOn", "a contract that is registered as signed needs signedOn")
	}
	d.check(&c)
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	c.OptText("reason", ch.Reason, 2000)
	set := map[Clearable]bool{
		ClearOwner: ch.OwnerID != nil, ClearDepartment: ch.DepartmentID != nil, ClearSignedOn: ch.SignedOn != nil,
		ClearEffectiveOn: ch.EffectiveOn != nil, ClearEndsOn: ch.EndsOn != nil,
	}
	for _, f := range ch.Clear {
		c.That(!set[f], fault.Inconsistent, "clear", "%s cannot be set and cleared at once", f)
	}
	ch.check(&c)
	return c.Err()
}

func (d Details) check(c *fault.Check) {
	if d.Title != nil {
		c.Text("title", *d.Title, 1, 300)
	}
	c.OptText("description", d.Description, 10000)
	if d.Amount != nil {
		d.Amount.NotNegative(c, "amount")
	}
	if d.EffectiveOn != nil && d.EndsOn != nil {
		c.That(!d.EndsOn.Before(*d.EffectiveOn), fault.Inconsistent, "endsOn", "endsOn is before effectiveOn")
	}
	limit(c, "parties", len(d.Parties), maxParties)
	limit(c, "lines", len(d.Lines), maxLines)
	limit(c, "paymentPlan", len(d.PaymentPlan), maxInstalment)
	limit(c, "milestones", len(d.Milestones), maxMilestones)
	limit(c, "documents", len(d.Documents), maxDocuments)
	for i, p := range d.Parties {
		c.Index("parties", i, p.check)
	}
	for i, l := range d.Lines {
		c.Index("lines", i, l.check)
	}
	for i, p := range d.PaymentPlan {
		c.Index("paymentPlan", i, p.check)
	}
	for i, m := range d.Milestones {
		c.Index("milestones", i, m.check)
	}
	for i, doc := range d.Documents {
		c.Index("documents", i, doc.Check)
	}
}

func limit(c *fault.Check, field string, n, most int) {
	c.That(n <= most, fault.LimitReached, field, "%s has %d entries, at most %d are allowed", field, n, most)
}

func (p *Party) check(c *fault.Check) {
	c.Text("name", p.Name, 1, 200)
	c.OptText("role", p.Role, 100)
	c.OptText("creditCode", p.CreditCode, 40)
	c.OptText("representative", p.Representative, 100)
}

func (l *Line) check(c *fault.Check) {
	c.Text("description", l.Description, 1, 2000)
	c.OptText("model", l.Model, 200)
	c.OptText("specification", l.Specification, 500)
	c.OptText("unit", l.Unit, 60)
	c.That(l.Quantity.Sign() > 0, fault.OutOfRange, "quantity", "quantity must be more than zero")
	c.That(l.UnitPrice.Sign() >= 0, fault.OutOfRange, "unitPrice", "unitPrice must not be negative")
}

func (p *Instalment) check(c *fault.Check) {
	c.That(p.Amount.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
	c.OptText("purpose", p.Purpose, 200)
}
