package dictionaries

import (
	"slices"
	"strings"

	"heyue/domain/dictionaries/shipped"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Bounds of an entry.
const (
	MaxCode     = 40
	MaxLabel    = 100
	MaxPosition = 1_000_000
)

// Draft is a new entry. Code is 1 to 40 of A–Z, 0–9 and _, beginning with a letter or digit, unique in its list, and
// never changes. Labels have 1 to 100 characters. Without a Position the entry goes behind all others.
type Draft struct {
	List     shipped.List
	Code     string
	LabelZh  string
	LabelEn  string
	Position *int
}

// Change alters the labels or the position of an entry that is still at ExpectedVersion. A nil field stays.
type Change struct {
	ID              publicid.DictionaryEntryID
	ExpectedVersion int
	LabelZh         *string
	LabelEn         *string
	Position        *int
}

// Target is an entry at the version that the caller has seen.
type Target struct {
	ID              publicid.DictionaryEntryID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate() error {
	var c fault.Check
	checkList(&c, d.List)
	c.Word("code", d.Code, MaxCode)
	c.Text("labelZh", d.LabelZh, 1, MaxLabel)
	c.Text("labelEn", d.LabelEn, 1, MaxLabel)
	checkPosition(&c, d.Position)
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.LabelZh != nil {
		c.Text("labelZh", *ch.LabelZh, 1, MaxLabel)
	}
	if ch.LabelEn != nil {
		c.Text("labelEn", *ch.LabelEn, 1, MaxLabel)
	}
	checkPosition(&c, ch.Position)
	return c.Err()
}

func checkList(c *fault.Check, list shipped.List) {
	known := shipped.List("").Values()
	c.That(slices.Contains(known, string(list)), fault.UnknownValue, "list",
		"%.40q is not a dictionary; choose one of %s", list, strings.Join(known, ", "))
}

func checkPosition(c *fault.Check, p *int) {
	c.That(p == nil || *p >= 0 && *p <= MaxPosition, fault.OutOfRange, "position", "position is from 0 to %d", MaxPosition)
}
