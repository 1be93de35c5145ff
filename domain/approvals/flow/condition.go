package flow

import (
	"fmt"
	"slices"
	"strings"

	"heyue/platform/enum"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Field names the fact that a condition looks at.
type Field string

// The fields of conditions (F2, HR3).
const (
	FieldKind       Field = "KIND"              // In: kinds of contract
	FieldAmount     Field = "AMOUNT"            // Min, Below in Currency
	FieldDepartment Field = "DEPARTMENT"        // DepartmentIDs, with everything below them
	FieldTemplate   Field = "TEMPLATE"          // In: codes of templates
	FieldGrade      Field = "CUSTOMER_GRADE"    // In: grades
	FieldExceptions Field = "CLAUSE_EXCEPTIONS" // Min, Below: how many there are
	FieldCustom     Field = "CUSTOM"            // Key; In, or Min and Below for numbers
)

// Fields returns all fields.
func Fields() []Field {
	return []Field{FieldKind, FieldAmount, FieldDepartment, FieldTemplate, FieldGrade, FieldExceptions, FieldCustom}
}

// Values lists the fields.
func (Field) Values() []string { return enum.Texts(Fields()) }

// Condition is one test of the facts. Min is met by itself, Below is not: "from 100,000" and "below 100,000" leave no
// gap and no overlap. Not turns the answer round.
type Condition struct {
	Field         Field                   `json:"field"`
	Key           *string                 `json:"key,omitempty"` // of the custom field
	Not           bool                    `json:"not,omitempty"`
	In            []string                `json:"in,omitempty"`
	DepartmentIDs []publicid.DepartmentID `json:"departments,omitempty"`
	Min           *money.Decimal          `json:"min,omitempty"`
	Below         *money.Decimal          `json:"below,omitempty"`
	Currency      *money.Currency         `json:"currency,omitempty"` // in which Min and Below are
}

// Rates turns a sum into another currency by the tenant's rates; false when there is none.
type Rates func(m money.Money, into money.Currency) (money.Decimal, bool)

// Verdict is whether a condition holds, and why, in words.
type Verdict struct {
	Holds bool
	Why   string
}

// Judge tests one condition. A sum that cannot be compared, because it is in another currency and there is no rate,
// counts as a match, and the reason says so: rather one approver too many than one too few.
func (c Condition) Judge(f Facts, rates Rates) Verdict {
	holds, why, certain := c.test(f, rates)
	if !certain {
		return Verdict{true, why}
	}
	if c.Not {
		return Verdict{!holds, "not " + why}
	}
	return Verdict{holds, why}
}

func (c Condition) test(f Facts, rates Rates) (holds bool, why string, certain bool) {
	switch c.Field {
	case FieldKind:
		return slices.Contains(c.In, f.ContractKind), "kind is " + oneOf(c.In), true
	case FieldAmount:
		return c.amount(f, rates)
	case FieldDepartment:
		holds = slices.ContainsFunc(f.Departments, func(d publicid.DepartmentID) bool { return slices.Contains(c.DepartmentIDs, d) })
		return holds, "department is within " + oneOf(named(c.DepartmentIDs)), true
	case FieldTemplate:
		return slices.Contains(c.In, f.Template), "template is " + oneOf(c.In), true
	case FieldGrade:
		return slices.Contains(c.In, f.CustomerGrade), "customer grade is " + oneOf(c.In), true
	case FieldExceptions:
		return c.within(money.Whole(int64(f.ClauseExceptions))), "clause exceptions " + c.bounds(), true
	case FieldCustom:
		return c.custom(f)
	}
	return false, string(c.Field), true
}

func (c Condition) amount(f Facts, rates Rates) (bool, string, bool) {
	currency := given.Or(c.Currency)
	why := "amount " + c.bounds() + " " + string(currency)
	switch {
	case f.Amount == nil:
		return c.within(money.Decimal{}), why, true // no money is none at all
	case f.Amount.Currency() == currency:
		return c.within(f.Amount.Amount()), why, true
	}
	if v, ok := rates(*f.Amount, currency); ok {
		return c.within(v), fmt.Sprintf("%s (%s by the tenant's rate)", why, v), true
	}
	return true, fmt.Sprintf("%s: no rate for %s, taken as matched", why, f.Amount.Currency()), false
}

// custom compares as numbers when the condition has bounds. A value that is no number is then within none.
func (c Condition) custom(f Facts) (bool, string, bool) {
	key := given.Or(c.Key)
	held, there := f.Custom[key]
	if c.Min == nil && c.Below == nil {
		return there && slices.Contains(c.In, held), "custom." + key + " is " + oneOf(c.In), true
	}
	n, err := money.ParseDecimal(held)
	return err == nil && c.within(n), "custom." + key + " " + c.bounds(), true
}

func (c Condition) within(n money.Decimal) bool {
	return (c.Min == nil || n.Cmp(*c.Min) >= 0) && (c.Below == nil || n.Cmp(*c.Below) < 0)
}

func (c Condition) bounds() string {
	var parts []string
	if c.Min != nil {
		parts = append(parts, "from "+c.Min.String())
	}
	if c.Below != nil {
		parts = append(parts, "below "+c.Below.String())
	}
	return strings.Join(parts, " ")
}

// Match tests whether all conditions hold and gives the reasons of those that do; "always" without any.
func Match(conditions []Condition, f Facts, rates Rates) (why []string, ok bool) {
	for _, c := range conditions {
		v := c.Judge(f, rates)
		if !v.Holds {
			return nil, false
		}
		why = append(why, v.Why)
	}
	if len(why) == 0 {
		why = []string{"always"}
	}
	return why, true
}

func oneOf(values []string) string { return strings.Join(values, " or ") }

func named[T fmt.Stringer](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = v.String()
	}
	return out
}
