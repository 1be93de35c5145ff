package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"heyue/platform/fault"
	"heyue/platform/money"
)

// Fill is a value that a drafter gives to a slot; without a value the slot is emptied.
type Fill struct {
	Slot  string
	Value *Value
}

// CheckFills checks what a drafter gives: the slot exists, is filled by hand, once, and the value fits it. Faults have
// the slot's path, such as fill.service_fee.money.amount.
func (c Content) CheckFills(check *fault.Check, field string, fills []*Fill, most Limits) {
	seen := map[string]bool{}
	for _, f := range fills {
		path := field + "." + clip(strings.ReplaceAll(f.Slot, ".", "_"))
		s := c.slot(f.Slot)
		switch {
		case s == nil:
			check.Add(fault.UnknownValue, path, "there is no slot %q", clip(f.Slot))
		case seen[f.Slot]:
			check.Add(fault.Duplicate, path, "the slot %q is filled twice", f.Slot)
		case s.Type == Field || s.Source.Live():
			check.Add(fault.NotAllowed, path, "the slot %q is filled from %s and not by hand", f.Slot, s.Source)
		case f.Value != nil:
			s.check(check, path, f.Value, most)
		}
		seen[f.Slot] = true
	}
}

// check wants exactly the value of the slot's type, within the slot's bounds.
func (s *Slot) check(c *fault.Check, path string, v *Value, most Limits) {
	for _, t := range []Type{Text, Number, Money, Day, Period, Choice, Table} {
		given, wanted := v.has(t), t == s.Type || t == Text && s.Type == Field
		c.That(!given || wanted, fault.Inconsistent, path, "the slot %s takes a %s, not a %s", s.Key, s.Type, t)
		c.That(given || !wanted, fault.Required, path, "the slot %s takes a %s", s.Key, s.Type)
		if given && wanted {
			s.checkAs(t, c, path, v, most)
		}
	}
}

func (s *Slot) checkAs(t Type, c *fault.Check, path string, v *Value, most Limits) {
	switch t {
	case Text:
		s.checkText(c, path+".text", *v.Text, most)
	case Number:
		s.bounds(c, path+".number", *v.Number)
	case Money:
		if v.Money.Money(c, path+".money").Currency() != "" {
			s.bounds(c, path+".money.amount", v.Money.Amount)
		}
	case Period:
		c.That(v.Period.Until == nil || !v.Period.Until.Before(v.Period.From), fault.Inconsistent, path+".period.until", "the period ends before it begins")
	case Choice:
		c.That(s.option(*v.Choice) != nil, fault.UnknownValue, path+".choice", "%q is not a choice of %s", clip(*v.Choice), s.Key)
	case Table:
		s.checkRows(c, path+".rows", v.Rows, most)
	}
}

// has reports whether the value of a type is given.
func (v *Value) has(t Type) bool {
	switch t {
	case Text:
		return v.Text != nil
	case Number:
		return v.Number != nil
	case Money:
		return v.Money != nil
	case Day:
		return v.Date != nil
	case Period:
		return v.Period != nil
	case Choice:
		return v.Choice != nil
	default:
		return v.Rows != nil
	}
}

func (s *Slot) checkText(c *fault.Check, path, text string, most Limits) {
	limit := most.ValueText
	if s.MaxLength > 0 {
		limit = min(limit, s.MaxLength)
	}
	n := utf8.RuneCountInString(text)
	c.That(strings.TrimSpace(text) != "", fault.Required, path, "the value of %s is empty; leave the value out to empty the slot", s.Key)
	c.That(n <= limit, fault.TooLong, path, "the value of %s has %d characters, at most %d are allowed", s.Key, n, limit)
	c.That(utf8.ValidString(text) && !deceives(text), fault.Malformed, path, "the value of %s holds characters that cannot be seen", s.Key)
	c.That(s.Multiline || !strings.ContainsAny(text, "\n\t"), fault.Malformed, path, "the value of %s is one line", s.Key)
}

func (s *Slot) bounds(c *fault.Check, path string, d money.Decimal) {
	if s.Min != nil {
		c.That(d.Cmp(*s.Min) >= 0, fault.OutOfRange, path, "%s is at least %s", s.Key, s.Min)
	}
	if s.Max != nil {
		c.That(d.Cmp(*s.Max) <= 0, fault.OutOfRange, path, "%s is at most %s", s.Key, s.Max)
	}
}

func (s *Slot) checkRows(c *fault.Check, path string, rows [][]string, most Limits) {
	c.That(len(rows) > 0, fault.Required, path, "the table %s has no rows; leave the value out to empty the slot", s.Key)
	c.That(len(rows) <= most.Rows, fault.LimitReached, path, "the table %s has %d rows, at most %d are allowed", s.Key, len(rows), most.Rows)
	for i, row := range rows[:min(len(rows), most.Rows)] {
		at := fmt.Sprintf("%s.%d", path, i)
		c.That(len(row) == len(s.Columns), fault.Inconsistent, at, "the row has %d cells, the table %s has %d columns", len(row), s.Key, len(s.Columns))
		for _, cell := range row {
			c.That(utf8.RuneCountInString(cell) <= MaxCell, fault.TooLong, at, "a cell has at most %d characters", MaxCell)
			c.That(utf8.ValidString(cell) && !deceives(cell) && !strings.ContainsAny(cell, "\n\t"), fault.Malformed, at, "a cell is one line of characters that can be seen")
		}
	}
}

// Apply returns old with the fills applied; old is left as it is.
func (c Content) Apply(old Values, fills []*Fill) Values {
	now := make(Values, len(old)+len(fills))
	for k, v := range old {
		now[k] = v
	}
	for _, f := range fills {
		if f.Value == nil {
			delete(now, f.Slot)
			continue
		}
		now[f.Slot] = f.Value
	}
	return now
}

// Start returns the values that a new contract begins with (E4): what was taken over from the customer, the contact, the
// tenant or the last contract where it fits, and the template's own defaults otherwise.
func (c Content) Start(taken map[Source]string, last Values, most Limits) Values {
	start := Values{}
	for _, s := range c.Slots {
		var v *Value
		if said := strings.TrimSpace(taken[s.Source]); said != "" && s.Source != Previous {
			v = &Value{Text: &said}
		}
		if s.Source == Previous {
			v = last[s.Key]
		}
		if v == nil || !s.takes(v, most) {
			v = s.Default
		}
		if v != nil && !s.Source.Live() {
			start[s.Key] = v
		}
	}
	return start
}

// Refresh returns old with every field slot as it is now in its source.
func (c Content) Refresh(old Values, taken map[Source]string, most Limits) Values {
	now := c.Apply(old, nil)
	for _, s := range c.Slots {
		if s.Type != Field {
			continue
		}
		delete(now, s.Key)
		said := strings.TrimSpace(taken[s.Source])
		if v := (&Value{Text: &said}); said != "" && s.takes(v, most) {
			now[s.Key] = v
		}
	}
	return now
}

// takes reports whether the slot accepts a value.
func (s *Slot) takes(v *Value, most Limits) bool {
	var c fault.Check
	s.check(&c, s.Key, v, most)
	return c.Err() == nil
}

// CheckChosen checks the keys of optional clauses.
func (c Content) CheckChosen(check *fault.Check, field string, keys []string) {
	for i, k := range keys {
		cl := c.Clause(k)
		check.That(cl != nil && cl.Optional, fault.UnknownValue, field, "%q is not an optional clause of the template", clip(k))
		check.That(!slices.Contains(keys[:i], k), fault.Duplicate, field, "%q is given twice", clip(k))
	}
}

// Usual returns the keys of the optional clauses that are in unless a drafter decides otherwise.
func (c Content) Usual() []string {
	keys := []string{}
	for _, cl := range c.Clauses {
		if cl.Optional && cl.Chosen {
			keys = append(keys, cl.Key)
		}
	}
	return keys
}

// Fitting returns the values that the content's slots accept: after other words were given to a contract, values of
// slots that are gone or have become something else are dropped.
func (c Content) Fitting(old Values, most Limits) Values {
	now := Values{}
	for _, s := range c.Slots {
		if v := old[s.Key]; v != nil && s.takes(v, most) {
			now[s.Key] = v
		}
	}
	return now
}

// Still returns those keys that are optional clauses of the content.
func (c Content) Still(keys []string) []string {
	out := []string{}
	for _, k := range keys {
		if cl := c.Clause(k); cl != nil && cl.Optional {
			out = append(out, k)
		}
	}
	return out
}

// Speaks reports whether the content is written in a language.
func (c Content) Speaks(l Language) bool { return slices.Contains(c.Languages, l) }
