package numbering

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"heyue/platform/date"
	"heyue/platform/fault"
)

// Render returns the number with sequence n of a contract of the kind with code (1 to 8 capital letters, used
// only where the rule has {KIND}) dated on d in the tenant's zone. A sequence that outgrows its width is written
// in full. It fails with Invalid OUT_OF_RANGE or MALFORMED on a bad argument and Exhausted LIMIT_REACHED after
// the last sequence of a period.
func (r Rule) Render(d date.Date, code string, n int64) (string, error) {
	switch {
	case n < 1:
		return "", fault.New(fault.Invalid, fault.OutOfRange, "a sequence begins at 1, not %d", n)
	case n > MaxSeq:
		return "", fault.New(fault.Exhausted, fault.LimitReached, "the rule %s has no number left in this period", r)
	}
	return r.fill(d, code, func(width int) string { return fmt.Sprintf("%0*d", width, n) })
}

// Counter names the counter that the next number of a contract with kind code on d belongs to: the number with
// its sequence left open, such as HT-2026-{SEQ}. Kinds and rules that would give the same numbers thereby share a
// counter, and a new period starts a new one. It has the faults of Render.
func (r Rule) Counter(d date.Date, code string) (string, error) {
	return r.fill(d, code, func(int) string { return "{SEQ}" })
}

func (r Rule) fill(d date.Date, code string, sequence func(width int) string) (string, error) {
	if d.IsZero() || len(r.parts) == 0 {
		return "", fault.New(fault.Invalid, fault.Required, "a number needs a rule and a date")
	}
	if r.NeedsKind() && !kindCode(code) {
		return "", wrong("%.20q is not a kind's code of 1 to %d capital letters", code, MaxKindLength)
	}
	var b strings.Builder
	for _, p := range r.parts {
		switch p.token {
		case year4:
			fmt.Fprintf(&b, "%04d", d.Year)
		case year2:
			fmt.Fprintf(&b, "%02d", d.Year%100)
		case month:
			fmt.Fprintf(&b, "%02d", d.Month)
		case day:
			fmt.Fprintf(&b, "%02d", d.Day)
		case kind:
			b.WriteString(code)
		case seq:
			b.WriteString(sequence(p.width))
		default:
			b.WriteString(p.text)
		}
	}
	return b.String(), nil
}

// Number is what a rule reads out of a number. Fields the rule has no token for are zero; Year has two digits
// where the rule has {YY}.
type Number struct {
	Year, Month, Day int
	Kind             string
	Seq              int64
}

// Read takes a number apart that the rule rendered, so that imported contracts can move a counter on. It fails
// with Invalid MALFORMED when the number does not follow the rule.
func (r Rule) Read(number string) (Number, error) {
	var n Number
	rest := number
	for i, p := range r.parts {
		size, ok := p.match(rest, r.parts[i+1:])
		if !ok {
			return Number{}, wrong("%.40q does not follow the rule %s", number, r)
		}
		n.take(p.token, rest[:size])
		rest = rest[size:]
	}
	if canonical, ok := r.again(n); !ok || canonical != number {
		return Number{}, wrong("%.40q does not follow the rule %s", number, r)
	}
	return n, nil
}

// match returns how many bytes of rest the part takes. A kind's letters end where the fixed letters that follow
// it begin, counted from the end of the run of letters.
func (p part) match(rest string, following []part) (int, bool) {
	switch p.token {
	case literal:
		return len(p.text), strings.HasPrefix(rest, p.text)
	case year4:
		return 4, digitsAhead(rest) >= 4
	case year2, month, day:
		return 2, digitsAhead(rest) >= 2
	case seq:
		n := digitsAhead(rest)
		return n, n >= p.width && n <= MaxSeqWidth
	default:
		n := capitalsAhead(rest)
		if len(following) > 0 && following[0].token == literal {
			n -= capitalsAhead(following[0].text)
		}
		return n, n >= 1 && n <= MaxKindLength
	}
}

func (n *Number) take(t token, text string) {
	switch t {
	case year4, year2:
		n.Year, _ = strconv.Atoi(text)
	case month:
		n.Month, _ = strconv.Atoi(text)
	case day:
		n.Day, _ = strconv.Atoi(text)
	case kind:
		n.Kind = text
	case seq:
		n.Seq, _ = strconv.ParseInt(text, 10, 64)
	}
}

// again renders n, so that Read accepts exactly what Render writes: no month 13, no sequence with a zero too many.
func (r Rule) again(n Number) (string, bool) {
	d := date.Of(max(n.Year, 1), 1, 1)
	if r.has[year2] {
		d = date.Of(2000+n.Year, 1, 1)
	}
	if r.has[month] {
		d = date.Of(d.Year, time.Month(n.Month), max(n.Day, 1))
	}
	s, err := r.Render(d, n.Kind, n.Seq)
	return s, err == nil
}

func kindCode(s string) bool {
	return len(s) >= 1 && len(s) <= MaxKindLength && capitalsAhead(s) == len(s)
}

func digitsAhead(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

func capitalsAhead(s string) int {
	return len(s) - len(strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
}
