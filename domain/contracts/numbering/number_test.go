package numbering

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/fault"
)

func rule(t interface{ Fatal(...any) }, text string) Rule {
	r, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRenderCountRead(t *testing.T) {
	t.Parallel()
	d := date.MustParse("2026-03-09")
	for _, c := range []struct {
		rule, kind    string
		seq           int64
		want, counter string
		read          Number
	}{
		{DefaultRule, "", 17, "HT-2026-00017", "HT-2026-{SEQ}", Number{Year: 2026, Seq: 17}},
		{"CT-{YY}{MM}-{KIND}-{SEQ:4}", "SA", 1, "CT-2603-SA-0001", "CT-2603-SA-{SEQ}", Number{Year: 26, Month: 3, Kind: "SA", Seq: 1}},
		{"{YYYY}{MM}{DD}/{SEQ:2}", "", 5, "20260309/05", "20260309/{SEQ}", Number{Year: 2026, Month: 3, Day: 9, Seq: 5}},
		{"{SEQ:2}", "", 12345, "12345", "{SEQ}", Number{Seq: 12345}},
		{"{SEQ:1}", "", MaxSeq, "999999999", "{SEQ}", Number{Seq: MaxSeq}},
		{"X{KIND}AA-{SEQ:3}", "AAA", 7, "XAAAAA-007", "XAAAAA-{SEQ}", Number{Kind: "AAA", Seq: 7}},
		{"{KIND}{SEQ:3}", "VE", 7, "VE007", "VE{SEQ}", Number{Kind: "VE", Seq: 7}},
		{"合同〔{YYYY}〕{SEQ:1}号", "", 12, "合同〔2026〕12号", "合同〔2026〕{SEQ}号", Number{Year: 2026, Seq: 12}},
	} {
		r := rule(t, c.rule)
		got, err := r.Render(d, c.kind, c.seq)
		if err != nil || got != c.want {
			t.Errorf("%s gives %q, %v; want %q", c.rule, got, err, c.want)
		}
		if counter, err := r.Counter(d, c.kind); err != nil || counter != c.counter {
			t.Errorf("%s counts in %q, %v; want %q", c.rule, counter, err, c.counter)
		}
		n, err := r.Read(c.want)
		if d := cmp.Diff(c.read, n); d != "" || err != nil {
			t.Errorf("%s reads %q wrongly, %v (-want +got):\n%s", c.rule, c.want, err, d)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	d := date.MustParse("2026-03-09")
	withKind := rule(t, "{KIND}-{SEQ:2}")
	for _, c := range []struct {
		name string
		rule Rule
		day  date.Date
		kind string
		seq  int64
		want fault.Kind
	}{
		{"zero", withKind, d, "SA", 0, fault.Invalid},
		{"negative", withKind, d, "SA", -1, fault.Invalid},
		{"past the end", withKind, d, "SA", MaxSeq + 1, fault.Exhausted},
		{"no kind", withKind, d, "", 1, fault.Invalid},
		{"small letters", withKind, d, "sa", 1, fault.Invalid},
		{"a digit", withKind, d, "A1", 1, fault.Invalid},
		{"long kind", withKind, d, "ABCDEFGHI", 1, fault.Invalid},
		{"no date", withKind, date.Date{}, "SA", 1, fault.Invalid},
		{"no rule", Rule{}, d, "SA", 1, fault.Invalid},
	} {
		if s, err := c.rule.Render(c.day, c.kind, c.seq); err == nil || fault.KindOf(err) != c.want || s != "" {
			t.Errorf("%s: %q, %v", c.name, s, err)
		}
	}
}

func TestReadRefusesWhatRenderNeverWrites(t *testing.T) {
	t.Parallel()
	r := rule(t, "CT-{YY}{MM}{DD}-{KIND}-{SEQ:4}")
	if _, err := r.Read("CT-260309-SA-0001"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"", "CT-", "ct-260309-SA-0001", "CT-261309-SA-0001", "CT-260231-SA-0001", "CT-260309-sa-0001", "CT-260309--0001",
		"CT-260309-SA-001", "CT-260309-SA-00001", "CT-260309-SA-0000", "CT-260309-SA-0001 ", "CT-260309-SA-0001-1",
		"CT-260309-SA-9999999999", "CT-260309-SA-+001", "CT-2603-SA-0001", "CT-260309-ABCDEFGHI-0001",
	} {
		if n, err := r.Read(s); fault.KindOf(err) != fault.Invalid || n != (Number{}) {
			t.Errorf("Read(%q) = %+v, %v", s, n, err)
		}
	}
}

// drawRule draws a rule by shuffling tokens and separators; it is legal by construction.
func drawRule(t *rapid.T) Rule {
	parts := []string{fmt.Sprintf("{SEQ:%d}", rapid.IntRange(1, 9).Draw(t, "width"))}
	parts = append(parts, rapid.SampledFrom([][]string{
		nil, {"{YYYY}"}, {"{YY}"}, {"{YYYY}", "{MM}"}, {"{YY}", "{MM}"}, {"{YYYY}", "{MM}", "{DD}"},
	}).Draw(t, "date")...)
	if rapid.Bool().Draw(t, "kind") {
		parts = append(parts, "{KIND}")
	}
	parts = rapid.Permutation(parts).Draw(t, "order")
	sep := rapid.SampledFrom([]string{"-", "/", "号", "A", "AB", "_X_", "A-1-B"}).Draw(t, "separator")
	return rule(t, rapid.SampledFrom([]string{"", "HT", "合同"}).Draw(t, "head")+strings.Join(parts, sep))
}

// TestNumbersAreDistinctAndReadable: within a tenant's rule, two numbers are equal only if their counter and their
// sequence are, and each is read back to what it was made of.
func TestNumbersAreDistinctAndReadable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t)
		draw := func(label string) (string, string, int64) {
			d := date.Of(2026, 1, rapid.IntRange(1, 800).Draw(t, label+" day"))
			k := rapid.StringMatching(`[A-C]{1,3}`).Draw(t, label+" kind")
			n := rapid.OneOf(rapid.Int64Range(1, 120), rapid.Int64Range(1, MaxSeq)).Draw(t, label+" seq")
			number, err := r.Render(d, k, n)
			if err != nil {
				t.Fatal(err)
			}
			counter, err := r.Counter(d, k)
			if err != nil {
				t.Fatal(err)
			}
			read, err := r.Read(number)
			if err != nil || read.Seq != n || r.NeedsKind() && read.Kind != k || utf8.RuneCountInString(number) > MaxRuleLength+4 {
				t.Fatalf("%s wrote %q of kind %s and sequence %d, and read %+v, %v", r, number, k, n, read, err)
			}
			return number, counter, n
		}
		n1, c1, s1 := draw("first")
		n2, c2, s2 := draw("second")
		if (n1 == n2) != (c1 == c2 && s1 == s2) {
			t.Fatalf("%s: %q from counter %q at %d, %q from counter %q at %d", r, n1, c1, s1, n2, c2, s2)
		}
	})
}

// TestThePeriodDecidesTheCounter: days of one period share a counter, days of two do not.
func TestThePeriodDecidesTheCounter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t)
		a := date.Of(2026, 1, rapid.IntRange(1, 800).Draw(t, "a"))
		b := date.Of(2026, 1, rapid.IntRange(1, 800).Draw(t, "b"))
		same := map[Reset]bool{
			Never: true, Yearly: a.Year == b.Year, Monthly: a.Year == b.Year && a.Month == b.Month, Daily: a == b,
		}[r.Reset()]
		ca, errA := r.Counter(a, "SA")
		cb, errB := r.Counter(b, "SA")
		if errA != nil || errB != nil || (ca == cb) != same {
			t.Fatalf("%s (%s): %v counts in %q, %v in %q", r, r.Reset(), a, ca, b, cb)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("CT-{YY}{MM}-{KIND}A-{SEQ:4}", "CT-2603-SAA-0001")
	f.Fuzz(func(t *testing.T, text, number string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		if n, err := r.Read(number); err == nil && n.Seq < 1 {
			t.Fatalf("%s read %q as %+v", text, number, n)
		}
	})
}
