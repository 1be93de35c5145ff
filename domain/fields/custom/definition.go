package custom

import (
	"regexp"

	"heyue/platform/fault"
)

// Definition is a custom field as its tenant has defined it.
type Definition struct {
	Key      string
	Type     Type
	Target   *Target // what a REFERENCE points at; nil for every other type
	LabelZh  string
	LabelEn  string
	Required bool
	Options  []Option // what a CHOICE may be; none for every other type
	Archived bool     // records keep its values, nobody can write them any more
}

// Limits of definitions.
const (
	MaxOptions = 100 // of one CHOICE, archived ones included
	MaxLabel   = 60  // characters
)

// A key is a word of a program's: it stands in inputs, in filters and in the conditions of approvals.
var key = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Check records everything that is wrong with the definition. Codes: REQUIRED, TOO_LONG, MALFORMED, UNKNOWN_VALUE,
// DUPLICATE, INCONSISTENT.
func (d Definition) Check(c *fault.Check) {
	checkKey(c, "key", d.Key)
	c.That(d.Type.Valid(), fault.UnknownValue, "type", "%.20q is not a type of field", string(d.Type))
	c.Text("labelZh", d.LabelZh, 1, MaxLabel)
	c.Text("labelEn", d.LabelEn, 1, MaxLabel)
	switch {
	case d.Type == Reference && d.Target == nil:
		c.Add(fault.Required, "target", "a REFERENCE needs to know what it points at")
	case d.Type != Reference && d.Target != nil:
		c.Add(fault.Inconsistent, "target", "only a REFERENCE points at something")
	case d.Target != nil:
		c.That(d.Target.Valid(), fault.UnknownValue, "target", "%.20q is nothing that a field can point at", string(*d.Target))
	}
	if d.Type != Choice {
		c.That(len(d.Options) == 0, fault.Inconsistent, "options", "only a CHOICE has options")
		return
	}
	d.checkOptions(c)
}

func (d Definition) checkOptions(c *fault.Check) {
	c.That(len(d.Options) > 0, fault.Required, "options", "a CHOICE needs an option")
	c.That(len(d.Options) <= MaxOptions, fault.TooLong, "options", "there are %d options, at most %d are allowed", len(d.Options), MaxOptions)
	seen := map[string]bool{}
	for i, o := range d.Options[:min(len(d.Options), MaxOptions)] {
		c.Index("options", i, func(c *fault.Check) {
			checkKey(c, "key", o.Key)
			c.Text("labelZh", o.LabelZh, 1, MaxLabel)
			c.Text("labelEn", o.LabelEn, 1, MaxLabel)
			c.That(!seen[o.Key], fault.Duplicate, "key", "%.40q is an option already", o.Key)
		})
		seen[o.Key] = true
	}
}

func checkKey(c *fault.Check, field, text string) {
	switch {
	case text == "":
		c.Add(fault.Required, field, "%s is required", field)
	case !key.MatchString(text):
		c.Add(fault.Malformed, field, "%s begins with a letter and has at most 40 lower-case letters, digits and underscores", field)
	}
}

// Replace checks a new list of options against the old one: an option that records may hold can be archived and
// relabelled, never taken away. Code: IN_USE.
func (d Definition) Replace(c *fault.Check, options []Option) {
	kept := map[string]bool{}
	for _, o := range options {
		kept[o.Key] = true
	}
	for _, o := range d.Options {
		c.That(kept[o.Key], fault.InUse, "options", "the option %s may be in use; archive it instead of taking it away", o.Key)
	}
}
