package text

import (
	"slices"

	"heyue/domain/contracts/lifecycle"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Wish is the text that a new contract is to have: that of a template's published version, or words of its own (E1).
// Exactly one of TemplateID and Content is given.
type Wish struct {
	TemplateID *publicid.TemplateID
	Content    *Content
	Language   *Language           // the content's first unless given
	ContactID  *publicid.ContactID // the customer's main contact unless given
	Fill       []*Fill
	Optional   []string // the usual ones unless given
}

// Model is what a wish came to: the content, the template's version, if there is one already, and the kind of contract it
// is for, "" for any.
type Model struct {
	Wish      Wish
	VersionID publicid.TemplateVersionID
	Template  publicid.TemplateID
	Kind      lifecycle.Kind
	Content   Content
}

// Validate reports everything wrong with the shape of the wish; what depends on the template is checked when that is known.
func (w Wish) Validate() error {
	var c fault.Check
	c.That((w.TemplateID == nil) != (w.Content == nil), fault.Inconsistent, "templateId", "give either templateId or content")
	return c.Err()
}

// Check reports everything wrong with the wish under the content that it is for.
func (w Wish) Check(c Content, most Limits) error {
	var check fault.Check
	check.That(len(w.Fill) <= most.Slots, fault.LimitReached, "fill", "fill has %d entries, at most %d are allowed", len(w.Fill), most.Slots)
	check.That(len(w.Optional) <= most.Clauses, fault.LimitReached, "optional", "optional has %d entries, at most %d are allowed", len(w.Optional), most.Clauses)
	if w.Language != nil {
		check.That(slices.Contains(c.Languages, *w.Language), fault.UnknownValue, "language", "the template is not written in %.20q", string(*w.Language))
	}
	if check.Err() == nil {
		c.CheckFills(&check, "fill", w.Fill, most)
		c.CheckChosen(&check, "optional", w.Optional)
	}
	return check.Err()
}
