package templates

import (
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Bounds of names.
const (
	MaxCode        = 40
	MaxName        = 200
	MaxDescription = 2000
	MaxNote        = 500
)

// Draft is a new template; with Content it has a first version, a draft.
type Draft struct {
	Code        string
	Name        string
	Kind        lifecycle.Kind
	Description *string
	Content     *text.Content
}

// Change alters what a template is called. A nil field stays; an empty description clears it.
type Change struct {
	ID              publicid.TemplateID
	ExpectedVersion int
	Name            *string
	Description     *string
}

// VersionDraft is a new version of a template; without Content it begins with that of the newest version.
type VersionDraft struct {
	TemplateID publicid.TemplateID
	Note       *string
	Content    *text.Content
}

// VersionChange gives a draft other content.
type VersionChange struct {
	ID              publicid.TemplateVersionID
	ExpectedVersion int
	Note            *string
	Content         *text.Content
}

// VersionTarget is a version of a template as the caller has seen it.
type VersionTarget struct {
	ID              publicid.TemplateVersionID
	ExpectedVersion int
}

// ClauseDraft is a new clause of the library.
type ClauseDraft struct {
	Code    string
	Tags    []string
	Heading text.Words
	Text    text.Words
}

// ClauseChange alters a clause of the library; templates that were written from it stay as they are. A nil field stays.
type ClauseChange struct {
	ID              publicid.ClauseID
	ExpectedVersion int
	Tags            []string
	Heading         *text.Words
	Text            *text.Words
}

// ClauseTarget is a clause at the version that the caller has seen.
type ClauseTarget struct {
	ID              publicid.ClauseID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate(most text.Limits) error {
	var c fault.Check
	c.Word("code", d.Code, MaxCode)
	c.Text("name", d.Name, 1, MaxName)
	c.That(d.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of contract", string(d.Kind))
	c.OptText("description", d.Description, MaxDescription)
	return join(c.Err(), validContent(d.Content, most))
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, MaxName)
	}
	c.OptText("description", ch.Description, MaxDescription)
	return c.Err()
}

// Validate reports everything wrong with the draft at once.
func (d VersionDraft) Validate(most text.Limits) error {
	var c fault.Check
	c.OptText("note", d.Note, MaxNote)
	return join(c.Err(), validContent(d.Content, most))
}

// Validate reports everything wrong with the change at once.
func (ch VersionChange) Validate(most text.Limits) error {
	var c fault.Check
	c.OptText("note", ch.Note, MaxNote)
	return join(c.Err(), validContent(ch.Content, most))
}

// Validate reports everything wrong with the draft at once.
func (d ClauseDraft) Validate(most text.Limits) error {
	var c fault.Check
	c.Word("code", d.Code, MaxCode)
	text.CheckLibrary(&c, d.Heading, d.Text, d.Tags, most)
	return c.Err()
}

// validContent checks the content where there is one; paths begin with content.
func validContent(content *text.Content, most text.Limits) error {
	if content == nil {
		return nil
	}
	return fault.Under("content", content.Validate(most))
}

// join gives the faults of both.
func join(a, b error) error {
	list := append(append(fault.List{}, fault.All(a)...), fault.All(b)...)
	if len(list) == 0 {
		return nil
	}
	return list
}
