// Package numbering builds contract numbers from a tenant's rule, such as HT-{YYYY}-{SEQ:5} → HT-2026-00017 (K1).
//
// A rule says nothing about who counts. The caller keeps one gap-free counter per (tenant, Rule.Counter) in the
// transaction that creates the contract, and hands its value in as the sequence. Two numbers of one tenant are then
// different as long as its rules stay; after a change of rule the unique index on the number is what decides.
package numbering

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"heyue/platform/fault"
)

// Limits of rules and numbers.
const (
	MaxRuleLength = 60          // characters of a rule
	MaxSeqWidth   = 9           // digits a sequence can be padded to
	MaxSeq        = 999_999_999 // the last number of a period
	MaxKindLength = 8           // letters of a kind's code
)

// DefaultRule is what a tenant starts with: numbers that begin anew each year.
const DefaultRule = "HT-{YYYY}-{SEQ:5}"

// Reset says when a sequence begins again at one. It follows from the rule.
type Reset string

// The periods of a sequence.
const (
	Never   Reset = "NEVER"
	Yearly  Reset = "YEARLY"
	Monthly Reset = "MONTHLY"
	Daily   Reset = "DAILY"
)

type token uint8

const (
	literal token = iota
	year4
	year2
	month
	day
	kind
	seq
)

type part struct {
	token token
	text  string // of a literal
	width int    // of the sequence
}

// Rule is a parsed rule. The zero value is not a rule; Parse makes them.
type Rule struct {
	text  string
	parts []part
	has   [seq + 1]bool
}

// String returns the rule as it was written.
func (r Rule) String() string { return r.text }

// Reset returns the period after which the sequence begins again: the finest date token decides.
func (r Rule) Reset() Reset {
	switch {
	case r.has[day]:
		return Daily
	case r.has[month]:
		return Monthly
	case r.has[year4] || r.has[year2]:
		return Yearly
	default:
		return Never
	}
}

// NeedsKind reports whether the rule holds {KIND}.
func (r Rule) NeedsKind() bool { return r.has[kind] }

// Parse reads a rule: fixed text and the tokens {YYYY}, {YY}, {MM}, {DD}, {KIND} and {SEQ:n}, where n is the
// least number of digits. What must hold:
//
//   - {SEQ:n} stands exactly once, n is 1 to 9, and neither a digit nor a date stands right beside it, so that a
//     sequence that outgrows its width is still told from them;
//   - no token stands twice; {MM} needs a year and {DD} a month, or numbers would come round again;
//   - fixed text consists of letters (Chinese ones too), digits and - _ / . # ( ) [ ] （ ） 〔 〕 【 】.
//
// It fails with Invalid MALFORMED and names the position, counted in characters from one.
func Parse(text string) (Rule, error) {
	if n := utf8.RuneCountInString(text); n == 0 || n > MaxRuleLength {
		return Rule{}, wrong("a number rule has 1 to %d characters, this one %d", MaxRuleLength, n)
	}
	r := Rule{text: text}
	for rest, at := text, 1; rest != ""; {
		p, size, err := next(rest, at)
		if err != nil {
			return Rule{}, err
		}
		if p.token != literal && r.has[p.token] {
			return Rule{}, wrong("character %d: %s stands twice", at, rest[:size])
		}
		if touches(r.parts, p) {
			return Rule{}, wrong("character %d: put a separator such as - between {SEQ} and the digits beside it", at)
		}
		r.has[p.token] = true
		r.parts = append(r.parts, p)
		at += utf8.RuneCountInString(rest[:size])
		rest = rest[size:]
	}
	return r, r.complete()
}

func (r Rule) complete() error {
	switch {
	case !r.has[seq]:
		return wrong("the rule has no {SEQ:n}, so all numbers would be the same")
	case r.has[year4] && r.has[year2]:
		return wrong("the rule has both {YYYY} and {YY}")
	case r.has[month] && !r.has[year4] && !r.has[year2]:
		return wrong("{MM} needs {YYYY} or {YY}, or numbers repeat every year")
	case r.has[day] && !r.has[month]:
		return wrong("{DD} needs {MM}, or numbers repeat every month")
	}
	return nil
}

// next reads one token or run of fixed text at the start of rest; at is its position for messages.
func next(rest string, at int) (p part, size int, err error) {
	if rest[0] == '{' {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return part{}, 0, wrong("character %d: { without }", at)
		}
		p, err = readToken(rest[1:end], at)
		return p, end + 1, err
	}
	for i, c := range rest {
		if c == '{' {
			return part{text: rest[:i]}, i, nil
		}
		if !allowed(c) {
			return part{}, 0, wrong("character %d: %q is not allowed in a number", at+utf8.RuneCountInString(rest[:i]), c)
		}
	}
	return part{text: rest}, len(rest), nil
}

func readToken(name string, at int) (part, error) {
	switch name {
	case "YYYY":
		return part{token: year4}, nil
	case "YY":
		return part{token: year2}, nil
	case "MM":
		return part{token: month}, nil
	case "DD":
		return part{token: day}, nil
	case "KIND":
		return part{token: kind}, nil
	}
	digits, ok := strings.CutPrefix(name, "SEQ:")
	if !ok {
		return part{}, wrong("character %d: unknown token {%s}; use {YYYY}, {YY}, {MM}, {DD}, {KIND} or {SEQ:n}", at, name)
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 1 || n < 1 {
		return part{}, wrong("character %d: {SEQ:n} takes 1 to %d digits, not %q", at, MaxSeqWidth, digits)
	}
	return part{token: seq, width: n}, nil
}

// touches reports whether p would put a digit right beside the sequence.
func touches(before []part, p part) bool {
	if len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	return last.token == seq && p.startsWithDigit() || p.token == seq && last.endsWithDigit()
}

func (p part) startsWithDigit() bool { return p.isDate() || p.token == literal && isDigit(p.text[0]) }

func (p part) endsWithDigit() bool {
	return p.isDate() || p.token == literal && isDigit(p.text[len(p.text)-1])
}

func (p part) isDate() bool { return p.token >= year4 && p.token <= day }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func allowed(c rune) bool {
	if c < utf8.RuneSelf && isDigit(byte(c)) || unicode.IsLetter(c) {
		return true
	}
	return strings.ContainsRune("-_/.#()[]（）〔〕【】", c)
}

func wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, fault.Malformed, format, args...)
}
