package fault

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check collects the faults of one input. Its methods return nothing, so a Validate reads as a list of
// what must hold; Err gives all faults at once.
type Check struct {
	list   List
	prefix []string
}

// Add records an Invalid fault about field.
func (c *Check) Add(code Code, field, format string, args ...any) {
	f := New(Invalid, code, format, args...)
	f.Field = append(append([]string(nil), c.prefix...), strings.Split(field, ".")...)
	c.list = append(c.list, f)
}

// That records a fault about field unless ok.
func (c *Check) That(ok bool, code Code, field, format string, args ...any) {
	if !ok {
		c.Add(code, field, format, args...)
	}
}

// Text wants value to hold between lo and hi characters (not bytes) after trimming white space. A lower
// bound of 1 or more makes it required.
func (c *Check) Text(field, value string, lo, hi int) {
	n := utf8.RuneCountInString(strings.TrimSpace(value))
	switch {
	case n == 0 && lo > 0:
		c.Add(Required, field, "%s is required", field)
	case n < lo:
		c.Add(TooShort, field, "%s needs at least %d characters", field, lo)
	case n > hi:
		c.Add(TooLong, field, "%s has %d characters, at most %d are allowed", field, n, hi)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		c.Add(Malformed, field, "%s is not valid text", field)
	}
}

// OptText is Text for a value that may be absent.
func (c *Check) OptText(field string, value *string, hi int) {
	if value != nil {
		c.Text(field, *value, 0, hi)
	}
}

// Word wants value to be a code of 1 to hi characters out of A–Z, 0–9 and _ that does not begin with _.
func (c *Check) Word(field, value string, hi int) {
	switch {
	case value == "":
		c.Add(Required, field, "%s is required", field)
	case len(value) > hi:
		c.Add(TooLong, field, "%s has %d characters, at most %d are allowed", field, len(value), hi)
	case value[0] == '_' || strings.ContainsFunc(value, notOfWord):
		c.Add(Malformed, field, "%s is made of A to Z, 0 to 9 and _, and does not begin with _", field)
	}
}

func notOfWord(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' }

// Index runs fn with every path below it starting at field and position i of a list.
func (c *Check) Index(field string, i int, fn func(*Check)) {
	sub := &Check{prefix: append(append([]string(nil), c.prefix...), field, fmt.Sprint(i))}
	fn(sub)
	c.list = append(c.list, sub.list...)
}

// Err returns all faults found, or nil.
func (c *Check) Err() error {
	if len(c.list) == 0 {
		return nil
	}
	return c.list
}
