package fields

import (
	"fmt"
	"strings"

	"heyue/domain/fields/custom"
	"heyue/platform/enum"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Draft is a new field. Its noun, key, type and target never change. Without a position it stands behind all others.
type Draft struct {
	Noun     custom.Noun
	Key      string
	Type     custom.Type
	Target   *custom.Target
	LabelZh  string
	LabelEn  string
	Required *bool
	Options  []custom.Option
}

// Change alters a field that is still at ExpectedVersion. A nil field stays. Options is the whole list, in the order to
// show: each of the old ones, some perhaps archived, and new ones.
type Change struct {
	ID              publicid.CustomFieldID
	ExpectedVersion int
	LabelZh         *string
	LabelEn         *string
	Required        *bool
	Options         []custom.Option
}

// Target is a field at the version that the caller has seen.
type Target struct {
	ID              publicid.CustomFieldID
	ExpectedVersion int
}

// Order is the fields of a noun that are in use, each once, in the order to show.
type Order struct {
	Noun custom.Noun
	IDs  []publicid.CustomFieldID
}

// Validate reports everything wrong with the draft at once: see [custom.Definition.Check].
func (d Draft) Validate() error {
	var c fault.Check
	checkNoun(&c, d.Noun)
	d.definition().Check(&c)
	return c.Err()
}

func (d Draft) definition() custom.Definition {
	return custom.Definition{
		Key: d.Key, Type: d.Type, Target: d.Target, LabelZh: strings.TrimSpace(d.LabelZh), LabelEn: strings.TrimSpace(d.LabelEn),
		Required: d.Required != nil && *d.Required, Options: d.Options,
	}
}

// Validate reports what is wrong with the order whatever fields there are.
func (o Order) Validate() error {
	var c fault.Check
	checkNoun(&c, o.Noun)
	seen := map[publicid.CustomFieldID]bool{}
	for i, id := range o.IDs {
		c.That(!seen[id], fault.Duplicate, fmt.Sprintf("ids.%d", i), "the field stands in the list twice")
		seen[id] = true
	}
	return c.Err()
}

// apply is the definition as it will be.
func (ch Change) apply(d custom.Definition) custom.Definition {
	if ch.LabelZh != nil {
		d.LabelZh = strings.TrimSpace(*ch.LabelZh)
	}
	if ch.LabelEn != nil {
		d.LabelEn = strings.TrimSpace(*ch.LabelEn)
	}
	if ch.Required != nil {
		d.Required = *ch.Required
	}
	if ch.Options != nil {
		d.Options = ch.Options
	}
	return d
}

func checkNoun(c *fault.Check, n custom.Noun) {
	c.That(n.Valid(), fault.UnknownValue, "noun", "%.40q has no custom fields; choose one of %s", string(n), strings.Join(enum.Texts(custom.Nouns()), ", "))
}
