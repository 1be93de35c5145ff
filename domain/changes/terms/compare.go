package terms

import (
	"fmt"
	"slices"
	"strings"

	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/enum"
	"heyue/platform/money"
)

// Subject says what differs.
type Subject string

// What of a contract can differ.
const (
	OfTitle       Subject = "TITLE"
	OfDescription Subject = "DESCRIPTION"
	OfSlot        Subject = "SLOT"
	OfClause      Subject = "CLAUSE"
	OfParty       Subject = "PARTY"
	OfLine        Subject = "LINE"
	OfAmount      Subject = "AMOUNT"
	OfInstalment  Subject = "INSTALMENT"
	OfStart       Subject = "EFFECTIVE_ON"
	OfEnd         Subject = "ENDS_ON"
	OfRenewal     Subject = "RENEWAL"
	OfNotice      Subject = "NOTICE"
)

// Subjects returns all subjects.
func Subjects() []Subject {
	return []Subject{
		OfTitle, OfDescription, OfSlot, OfClause, OfParty, OfLine, OfAmount, OfInstalment, OfStart, OfEnd, OfRenewal, OfNotice,
	}
}

// Values returns all subjects as text.
func (Subject) Values() []string { return enum.Texts(Subjects()) }

// Comparison is in what two sheets differ, as people read it: words, sums and days.
type Comparison struct {
	Text     []*WordsDiffer
	Money    []*SumsDiffer
	Schedule []*DaysDiffer
}

// WordsDiffer is a difference in words. Before is nil for what was not there, After for what is gone.
type WordsDiffer struct {
	Subject       Subject
	Key           string // the id of a party or line, the key of a slot or clause; "" elsewhere
	Label         string // what it is called
	Before, After *string
}

// SumsDiffer is a difference in money.
type SumsDiffer struct {
	Subject       Subject // AMOUNT, LINE or INSTALMENT
	Key           string  // the id of a line or instalment
	Label         string
	Before, After *money.Money
}

// Difference is how much more it is: negative for less. What is not there counts as nothing.
func (d *SumsDiffer) Difference() *money.Money {
	before, after, currency := int64(0), int64(0), money.Currency("")
	if d.Before != nil {
		before, currency = d.Before.Minor(), d.Before.Currency()
	}
	if d.After != nil {
		after, currency = d.After.Minor(), d.After.Currency()
	}
	more := money.Of(after-before, currency)
	return &more
}

// DaysDiffer is a difference in days.
type DaysDiffer struct {
	Subject       Subject // EFFECTIVE_ON, ENDS_ON, LINE (its delivery) or INSTALMENT
	Key           string
	Label         string
	Before, After *date.Date
}

// Days is how many days later it is: negative for earlier, nil unless there is a day on both sides.
func (d *DaysDiffer) Days() *int {
	if d.Before == nil || d.After == nil {
		return nil
	}
	n := d.After.Since(*d.Before)
	return &n
}

// Compare tells in what b differs from a. Slots are told by say, which writes a value as the contract's text has it.
func Compare(a, b Sheet, say func(slot string, v *text.Value) (label, words string)) Comparison {
	c := Comparison{Text: []*WordsDiffer{}, Money: []*SumsDiffer{}, Schedule: []*DaysDiffer{}}
	c.head(a, b)
	c.slots(a, b, say)
	both(a.Parties, b.Parties, Party.key, func(x, y *Party) {
		c.words(OfParty, name(x, y, Party.key), name(x, y, func(p Party) string { return p.Name }), written(x, Party.words), written(y, Party.words))
	})
	both(a.Lines, b.Lines, Line.key, func(x, y *Line) {
		id, label := name(x, y, Line.key), name(x, y, func(l Line) string { return l.Description })
		c.words(OfLine, id, label, written(x, Line.words), written(y, Line.words))
		c.sum(OfLine, id, label, lineSum(x, a), lineSum(y, b))
		c.day(OfLine, id, label, delivery(x), delivery(y))
	})
	both(a.Plan, b.Plan, Instalment.key, func(x, y *Instalment) {
		id, label := name(x, y, Instalment.key), name(x, y, func(i Instalment) string { return i.Purpose })
		c.words(OfInstalment, id, label, purpose(x, y, x), purpose(x, y, y))
		c.sum(OfInstalment, id, label, partSum(x, a), partSum(y, b))
		c.day(OfInstalment, id, label, due(x), due(y))
	})
	return c
}

func (c *Comparison) head(a, b Sheet) {
	c.words(OfTitle, "", "", &a.Title, &b.Title)
	c.words(OfDescription, "", "", &a.Description, &b.Description)
	c.words(OfRenewal, "", "", a.renews(), b.renews())
	c.words(OfNotice, "", "", a.notice(), b.notice())
	c.sum(OfAmount, "", "", &a.Amount, &b.Amount)
	c.day(OfStart, "", "", a.EffectiveOn, b.EffectiveOn)
	c.day(OfEnd, "", "", a.EndsOn, b.EndsOn)
}

func (c *Comparison) slots(a, b Sheet, say func(string, *text.Value) (string, string)) {
	keys := map[string]bool{}
	for k := range a.Slots {
		keys[k] = true
	}
	for k := range b.Slots {
		keys[k] = true
	}
	var ordered []string
	for k := range keys {
		ordered = append(ordered, k)
	}
	slices.Sort(ordered)
	for _, k := range ordered {
		if same(a.Slots[k], b.Slots[k]) {
			continue
		}
		d := &WordsDiffer{Subject: OfSlot, Key: k, Label: k}
		for side, v := range map[**string]*text.Value{&d.Before: a.Slots[k], &d.After: b.Slots[k]} {
			if v != nil {
				label, words := say(k, v)
				d.Label, *side = label, &words
			}
		}
		c.Text = append(c.Text, d)
	}
}

func (c *Comparison) words(s Subject, key, label string, before, after *string) {
	if !equal(before, after) {
		c.Text = append(c.Text, &WordsDiffer{s, key, label, before, after})
	}
}

func (c *Comparison) sum(s Subject, key, label string, before, after *money.Money) {
	if !equal(before, after) {
		c.Money = append(c.Money, &SumsDiffer{s, key, label, before, after})
	}
}

func (c *Comparison) day(s Subject, key, label string, before, after *date.Date) {
	if !equal(before, after) {
		c.Schedule = append(c.Schedule, &DaysDiffer{s, key, label, before, after})
	}
}

func equal[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// both walks the items of two lists: those of a in their order, each with its counterpart, then those that are new in b.
func both[ID comparable, T any](a, b []T, key func(T) ID, visit func(x, y *T)) {
	for i := range a {
		at := slices.IndexFunc(b, func(t T) bool { return key(t) == key(a[i]) })
		if at < 0 {
			visit(&a[i], nil)
			continue
		}
		visit(&a[i], &b[at])
	}
	for i := range b {
		if !slices.ContainsFunc(a, func(t T) bool { return key(t) == key(b[i]) }) {
			visit(nil, &b[i])
		}
	}
}

// name takes from the newer item what it is known by.
func name[T, V any](x, y *T, of func(T) V) string {
	if y != nil {
		return fmt.Sprint(of(*y))
	}
	return fmt.Sprint(of(*x))
}

func written[T any](item *T, words func(T) string) *string {
	if item == nil {
		return nil
	}
	w := words(*item)
	return &w
}

func (p Party) words() string {
	out := []string{p.Name}
	if p.Role != "" {
		out[0] = p.Role + ": " + p.Name
	}
	for _, more := range []string{p.CreditCode, p.Representative} {
		if more != "" {
			out = append(out, more)
		}
	}
	return strings.Join(out, ", ")
}

func (l Line) words() string {
	out := []string{l.Description}
	for _, more := range []string{l.Model, l.Specification} {
		if more != "" {
			out = append(out, more)
		}
	}
	return fmt.Sprintf("%s, %s × %s", strings.Join(out, ", "), strings.TrimSpace(l.Quantity.String()+" "+l.Unit), l.UnitPrice)
}

func lineSum(l *Line, s Sheet) *money.Money {
	if l == nil {
		return nil
	}
	m := money.Of(l.AmountMinor, s.Amount.Currency())
	return &m
}

func delivery(l *Line) *date.Date {
	if l == nil {
		return nil
	}
	return l.DeliveryOn
}

// purpose tells what an instalment is for, where that differs: one that came or went is told by its sum and day.
func purpose(x, y, of *Instalment) *string {
	if x == nil || y == nil {
		return nil
	}
	return &of.Purpose
}

// partSum is what falls due with an instalment: nothing when it is cancelled.
func partSum(i *Instalment, s Sheet) *money.Money {
	if i == nil || i.Cancelled {
		return nil
	}
	m := money.Of(i.AmountMinor, s.Amount.Currency())
	return &m
}

func due(i *Instalment) *date.Date {
	if i == nil || i.Cancelled {
		return nil
	}
	return &i.DueOn
}

func (s Sheet) renews() *string {
	words := string(s.Renewal)
	if s.RenewalMonths > 0 {
		words = fmt.Sprintf("%s %d", s.Renewal, s.RenewalMonths)
	}
	return &words
}

func (s Sheet) notice() *string {
	words := fmt.Sprint(s.NoticeDays)
	return &words
}
