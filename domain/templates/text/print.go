package text

import (
	"fmt"
	"strconv"
	"strings"

	"heyue/domain/templates/capitals"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
)

// print writes a value as people read it in a language. Capitals are those of renminbi; another currency has none and is
// written in figures.
func (s *Slot) print(l Language, v *Value, inCapitals bool) string {
	switch {
	case v.Text != nil:
		return *v.Text
	case v.Number != nil:
		return v.Number.String()
	case v.Money != nil:
		return PrintMoney(l, *v.Money, inCapitals)
	case v.Date != nil:
		return PrintDate(l, *v.Date)
	case v.Period != nil:
		return printPeriod(l, *v.Period)
	case v.Choice != nil:
		if o := s.option(*v.Choice); o != nil {
			return o.Label.In(l)
		}
		return *v.Choice
	}
	return blank
}

// PrintMoney writes a sum with grouped figures: 人民币149,597.00元, USD 1,234.50.
func PrintMoney(l Language, in money.Input, inCapitals bool) string {
	var c fault.Check
	m := in.Money(&c, "")
	if c.Err() != nil {
		return in.Amount.String() + " " + string(in.Currency)
	}
	if inCapitals && m.Currency() == money.CNY {
		if s, err := capitals.Of(m); err == nil {
			return s
		}
	}
	figures := group(m.Amount().String())
	if l == ZH && m.Currency() == money.CNY {
		return "人民币" + figures + "元"
	}
	return string(m.Currency()) + " " + figures
}

// group puts commas between thousands.
func group(figures string) string {
	sign := ""
	if strings.HasPrefix(figures, "-") {
		sign, figures = "-", figures[1:]
	}
	whole, frac, point := strings.Cut(figures, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + frac
	}
	return sign + whole
}

// PrintDate writes a day: 2026年3月1日, 1 March 2026.
func PrintDate(l Language, d date.Date) string {
	if l == ZH {
		return fmt.Sprintf("%d年%d月%d日", d.Year, d.Month, d.Day)
	}
	return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year)
}

func printPeriod(l Language, p Span) string {
	from := PrintDate(l, p.From)
	switch {
	case p.Until != nil && l == ZH:
		return "自" + from + "起至" + PrintDate(l, *p.Until) + "止"
	case p.Until != nil:
		return "from " + from + " to " + PrintDate(l, *p.Until)
	case l == ZH:
		return "自" + from + "起"
	}
	return "from " + from
}

// clauseLabel is a clause's number as it is printed: 第一条, 1.
func clauseLabel(l Language, n int) string {
	if l == ZH {
		return "第" + chinese(n) + "条"
	}
	return strconv.Itoa(n) + "."
}

// chinese writes 1 to 999 in Chinese numerals.
func chinese(n int) string {
	digits := []rune("零一二三四五六七八九")
	s := ""
	if n >= 100 {
		s = string(digits[n/100]) + "百"
		if n%100 > 0 && n%100 < 10 {
			s += "零"
		}
	}
	if tens := n / 10 % 10; tens > 0 {
		if tens > 1 || n >= 100 {
			s += string(digits[tens])
		}
		s += "十"
	}
	if n%10 > 0 {
		s += string(digits[n%10])
	}
	return s
}

// Say writes the value of a slot as the text has it in a language, with what the slot is called; a table is written row by
// row. A slot that the content does not have is called by its key.
func (c Content) Say(l Language, key string, v *Value) (label, words string) {
	s := c.slot(key)
	if s == nil {
		s = &Slot{Key: key, Label: Words{ZH: key, EN: key}}
	}
	if v != nil && v.Rows != nil {
		rows := make([]string, len(v.Rows))
		for i, row := range v.Rows {
			rows[i] = strings.Join(row, " | ")
		}
		return s.Label.In(l), strings.Join(rows, "\n")
	}
	if v == nil {
		return s.Label.In(l), ""
	}
	return s.Label.In(l), s.print(l, v, false)
}

// Plain is a passage as plain text, a paragraph a line, headed by its label and heading.
func (p *Passage) Plain() string {
	lines := make([]string, 0, len(p.Paragraphs)+1)
	if p.Heading != "" {
		lines = append(lines, p.Label+" "+p.Heading)
	}
	for _, l := range p.Paragraphs {
		lines = append(lines, l.plain())
	}
	return strings.Join(lines, "\n")
}
