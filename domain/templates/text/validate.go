package text

import (
	"slices"
	"strings"
	"unicode/utf8"

	"heyue/platform/fault"
)

// Validate reports everything wrong with the content at once, each fault with its path such as clauses.3.text.zh.
func (c Content) Validate(most Limits) error {
	v := validator{content: c, most: most}
	v.languages()
	v.words("title", c.Title, 1, MaxTitle)
	v.limit("parties", len(c.Parties), MaxParties)
	for i, p := range c.Parties {
		v.Index("parties", i, func(check *fault.Check) {
			check.That(slices.Contains(Side("").Values(), string(p.Side)), fault.UnknownValue, "side", "%.20q is not a side", string(p.Side))
			v.in(check).words("role", p.Role, 1, MaxLabel)
		})
	}
	v.slots()
	v.clauses()
	return v.Err()
}

type validator struct {
	fault.Check
	content Content
	most    Limits
}

// in is the validator for the words of one element.
func (v *validator) in(c *fault.Check) wording { return wording{c, v.content.Languages} }

func (v *validator) words(field string, w Words, lo, hi int) { v.in(&v.Check).words(field, w, lo, hi) }

func (v *validator) limit(field string, n, most int) {
	v.That(n <= most, fault.LimitReached, field, "%s has %d entries, at most %d are allowed", field, n, most)
}

func (v *validator) languages() {
	ls := v.content.Languages
	v.That(len(ls) > 0, fault.Required, "languages", "at least one language is required")
	for i, l := range ls {
		v.That(l.Valid(), fault.UnknownValue, "languages", "%.20q is not a language of templates", string(l))
		v.That(!slices.Contains(ls[:i], l), fault.Duplicate, "languages", "%s is given twice", l)
	}
}

// wording checks words in the languages of a content.
type wording struct {
	*fault.Check
	languages []Language
}

// words wants the words in every language of the content, and in no other.
func (w wording) words(field string, said Words, lo, hi int) {
	for _, l := range Languages() {
		path, text := field+"."+strings.ToLower(string(l)), said.In(l)
		if !slices.Contains(w.languages, l) {
			w.That(text == "", fault.Inconsistent, path, "the template is not written in %s", l)
			continue
		}
		w.Text(path, text, lo, hi)
		w.That(!deceives(text), fault.Malformed, path, "%s holds characters that cannot be seen", path)
	}
}

func (v *validator) slots() {
	v.limit("slots", len(v.content.Slots), v.most.Slots)
	seen := map[string]bool{}
	for i, s := range v.content.Slots {
		v.Index("slots", i, func(c *fault.Check) {
			key(c, s.Key, seen)
			v.slot(c, s)
		})
	}
}

// key checks a key that must be unique among those seen.
func key(c *fault.Check, k string, seen map[string]bool) {
	c.That(isKey(k), fault.Malformed, "key", "a key is 1 to %d small letters, digits and _, beginning with a letter", MaxKey)
	c.That(!seen[k], fault.Duplicate, "key", "the key %.40q is used twice", k)
	seen[k] = true
}

func (v *validator) slot(c *fault.Check, s *Slot) {
	w := v.in(c)
	if !slices.Contains(Types(), s.Type) {
		c.Add(fault.UnknownValue, "type", "%.20q is not a type of slot", string(s.Type))
		return
	}
	w.words("label", s.Label, 1, MaxLabel)
	w.words("hint", s.Hint, 0, MaxHint)
	c.That(s.Source == "" || slices.Contains(Sources(), s.Source), fault.UnknownValue, "source", "%.40q is not a source", string(s.Source))
	c.That(s.Source.Fits(s.Type), fault.Inconsistent, "source", "a slot of type %s cannot be filled from %q", s.Type, string(s.Source))
	c.That(s.Default == nil || s.Type != Field && !s.Source.Live(), fault.Inconsistent, "default", "a slot that is filled by itself has no default")
	c.That(!s.Multiline || s.Type == Text, fault.Inconsistent, "multiline", "only TEXT has several lines")
	c.That(s.MaxLength == 0 || s.Type == Text, fault.Inconsistent, "maxLength", "only TEXT has a length")
	c.That(s.MaxLength >= 0 && s.MaxLength <= v.most.ValueText, fault.OutOfRange, "maxLength", "maxLength is from 0 to %d", v.most.ValueText)
	numeric := s.Type == Number || s.Type == Money
	c.That(s.Min == nil || numeric, fault.Inconsistent, "min", "only NUMBER and MONEY have bounds")
	c.That(s.Max == nil || numeric, fault.Inconsistent, "max", "only NUMBER and MONEY have bounds")
	if s.Min != nil && s.Max != nil {
		c.That(s.Min.Cmp(*s.Max) <= 0, fault.Inconsistent, "max", "max is less than min")
	}
	v.choices(c, s)
	v.columns(c, s)
	if s.Default != nil {
		s.check(c, "default", s.Default, v.most)
	}
}

func (v *validator) choices(c *fault.Check, s *Slot) {
	if s.Type != Choice {
		c.That(len(s.Choices) == 0, fault.Inconsistent, "choices", "only CHOICE has choices")
		return
	}
	c.That(len(s.Choices) >= 2, fault.TooShort, "choices", "a choice needs at least 2 choices")
	c.That(len(s.Choices) <= MaxChoices, fault.LimitReached, "choices", "choices has %d entries, at most %d are allowed", len(s.Choices), MaxChoices)
	seen := map[string]bool{}
	for i, o := range s.Choices {
		c.Index("choices", i, func(c *fault.Check) {
			c.That(isChoice(o.Key), fault.Malformed, "key", "the key of a choice is 1 to %d capital letters, digits and _, beginning with a letter", MaxKey)
			c.That(!seen[o.Key], fault.Duplicate, "key", "the key %.40q is used twice", o.Key)
			seen[o.Key] = true
			v.in(c).words("label", o.Label, 1, MaxLabel)
		})
	}
}

func (v *validator) columns(c *fault.Check, s *Slot) {
	if s.Type != Table || s.Source.Live() {
		c.That(len(s.Columns) == 0, fault.Inconsistent, "columns", "the slot cannot have columns of its own")
		return
	}
	c.That(len(s.Columns) > 0, fault.Required, "columns", "a table needs columns")
	c.That(len(s.Columns) <= MaxColumns, fault.LimitReached, "columns", "columns has %d entries, at most %d are allowed", len(s.Columns), MaxColumns)
	seen := map[string]bool{}
	for i, col := range s.Columns {
		c.Index("columns", i, func(c *fault.Check) {
			key(c, col.Key, seen)
			v.in(c).words("label", col.Label, 1, MaxLabel)
		})
	}
}

func (v *validator) clauses() {
	all := v.content.Clauses
	v.That(len(all) > 0, fault.Required, "clauses", "a template needs at least one clause")
	v.limit("clauses", len(all), v.most.Clauses)
	seen, total := map[string]bool{}, map[Language]int{}
	for i, cl := range all {
		v.Index("clauses", i, func(c *fault.Check) {
			key(c, cl.Key, seen)
			v.clause(c, cl)
		})
		for _, l := range v.content.Languages {
			total[l] += utf8.RuneCountInString(cl.Text.In(l))
		}
	}
	for _, l := range v.content.Languages {
		v.That(total[l] <= v.most.ContentText, fault.LimitReached, "clauses", "the clauses have %d characters in %s, at most %d are allowed", total[l], l, v.most.ContentText)
	}
}

func (v *validator) clause(c *fault.Check, cl *Clause) {
	w := v.in(c)
	w.words("heading", cl.Heading, 0, MaxHeading)
	w.words("text", cl.Text, 1, v.most.ClauseText)
	c.That(!cl.Chosen || cl.Optional, fault.Inconsistent, "chosen", "a clause that is not optional is always in")
	checkTags(c, cl.Tags)
	for _, l := range v.content.Languages {
		v.content.places(c, "text."+strings.ToLower(string(l)), cl.Text.In(l))
	}
	if cl.When != nil {
		s := v.content.slot(cl.When.Slot)
		if s == nil || s.Type != Choice {
			c.Add(fault.UnknownValue, "when.slot", "%.40q is not a choice of this template", cl.When.Slot)
			return
		}
		c.That(s.option(cl.When.Choice) != nil, fault.UnknownValue, "when.choice", "%.40q is not a choice of %s", cl.When.Choice, s.Key)
	}
}

// checkTags checks the tags of a clause.
func checkTags(c *fault.Check, tags []string) {
	c.That(len(tags) <= MaxTags, fault.LimitReached, "tags", "tags has %d entries, at most %d are allowed", len(tags), MaxTags)
	for i, t := range tags {
		n := utf8.RuneCountInString(strings.TrimSpace(t))
		c.That(n > 0 && n <= MaxTag && !deceives(t), fault.Malformed, "tags", "a tag has 1 to %d characters that can be seen", MaxTag)
		c.That(!slices.Contains(tags[:i], t), fault.Duplicate, "tags", "%.40q is given twice", t)
	}
}

// places checks that every place in a clause's text is that of a slot which can stand there.
func (c Content) places(check *fault.Check, field, text string) {
	paragraphs, err := parse(text)
	if err != nil {
		check.Add(fault.Malformed, field, "%s", fault.All(err)[0].Message)
		return
	}
	places := 0
	for _, p := range paragraphs {
		for _, piece := range p {
			if piece.slot == "" {
				continue
			}
			places++
			s := c.slot(piece.slot)
			if s == nil {
				check.Add(fault.UnknownValue, field, "there is no slot %q", piece.slot)
				continue
			}
			check.That(!piece.capitals || s.Type == Money, fault.Inconsistent, field, "%s is not a sum and has no capitals", s.Key)
			check.That(s.Type != Table || p.alone() == s.Key, fault.Inconsistent, field, "the table %s must stand alone on its line", s.Key)
		}
	}
	check.That(places <= MaxPerValue, fault.LimitReached, field, "the clause has %d places of slots, at most %d are allowed", places, MaxPerValue)
}

// slot returns the slot with a key, nil when there is none.
func (c Content) slot(key string) *Slot {
	for _, s := range c.Slots {
		if s.Key == key {
			return s
		}
	}
	return nil
}

// Clause returns the clause with a key, nil when there is none.
func (c Content) Clause(key string) *Clause {
	for _, cl := range c.Clauses {
		if cl.Key == key {
			return cl
		}
	}
	return nil
}

func (s *Slot) option(key string) *Option {
	for _, o := range s.Choices {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// CheckWording checks the new words of a clause exception: they are within the limit, can be read as they are stored,
// and name only slots that the template has.
func (c Content) CheckWording(check *fault.Check, field, text string, most Limits) {
	check.Text(field, text, 1, most.ClauseText)
	check.That(!deceives(text), fault.Malformed, field, "%s holds characters that cannot be seen", field)
	c.places(check, field, text)
}

// CheckLibrary checks what a clause of the library is made of; places of slots must be well formed, which slots they are
// is the template's to say.
func CheckLibrary(c *fault.Check, heading, text Words, tags []string, most Limits) {
	c.That(text.ZH != "" || text.EN != "", fault.Required, "text", "text is required in at least one language")
	for _, l := range Languages() {
		suffix := "." + strings.ToLower(string(l))
		c.Text("heading"+suffix, heading.In(l), 0, MaxHeading)
		c.Text("text"+suffix, text.In(l), 0, most.ClauseText)
		c.That(!deceives(heading.In(l)), fault.Malformed, "heading"+suffix, "the heading holds characters that cannot be seen")
		c.That(!deceives(text.In(l)), fault.Malformed, "text"+suffix, "the text holds characters that cannot be seen")
		if _, err := parse(text.In(l)); err != nil {
			c.Add(fault.Malformed, "text"+suffix, "%s", fault.All(err)[0].Message)
		}
	}
	checkTags(c, tags)
}
