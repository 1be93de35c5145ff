package mask

import (
	"regexp"
	"slices"
	"strings"
)

// Field is a field that a role may be kept from. Every one that exists is in [All]; a rule about any other is refused.
// What shows a field, or is told by one, says so in the SDL with @shows(fields: ["object.name"]), on outputs, filters,
// sort keys and inputs alike; package graph/masks holds it there, and its test that nothing is left out.
type Field struct {
	Object string // as in permissions, such as contract
	Name   string // as the API names it, such as amount
}

// String gives "object.name", as rules, the SDL and answers write it.
func (f Field) String() string { return f.Object + "." + f.Name }

// All lists every field that can be masked, by object. Ids, names, numbers, states and what data scopes are made of
// cannot: without them nobody could say which record they mean.
func All() []Field {
	return slices.Concat(
		of("customer", "shortName", "region", "address", "source", "category", "salesMode", "industry", "ownership", "description",
			"creditCode", "grade", "phone", "email", "website"),
		of("contact", "gender", "salutation", "department", "jobTitle", "hobby", "address", "phone", "fax", "mobile", "email", "qq", "msn",
			"wechat", "remark", "remark1", "remark2", "birthday"),
		of("service_record", "content", "satisfaction", "feedback"),
		// amount is every sum that a contract's worth follows from: prices and instalments too. payments is what was paid, and
		// whatever tells of it. text is the rendered words, which hide with any field that they may quote.
		of("contract", "amount", "payments", "description", "text"),
		of("incident", "description", "entries"),
	)
}

func of(object string, names ...string) []Field {
	out := make([]Field, len(names))
	for i, n := range names {
		out[i] = Field{object, n}
	}
	return out
}

// customPrefix begins the names of fields that tenants define themselves; the key follows.
const customPrefix = "custom."

var customName = regexp.MustCompile(`^custom\.[a-z][a-z0-9_]{0,39}$`)

// Custom is the field that a tenant has defined for an object under a key.
func Custom(object, key string) Field { return Field{object, customPrefix + key} }

// IsCustom reports whether the field is one that a tenant defines itself.
func (f Field) IsCustom() bool { return strings.HasPrefix(f.Name, customPrefix) }

// Known reports whether f can be masked. Of a field of the tenant's own only the form is looked at: a rule may stand
// before the field does.
func Known(f Field) bool {
	if f.IsCustom() {
		return slices.Contains(Customised(), f.Object) && customName.MatchString(f.Name)
	}
	return slices.Contains(All(), f)
}

// Customised lists the objects that tenants define fields for (A12).
func Customised() []string { return []string{"customer", "contact", "contract", "service_record"} }
