package shipped_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/shipped"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
)

func load(t *testing.T) map[string]shipped.Template {
	t.Helper()
	all, err := shipped.All()
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]shipped.Template{}
	for _, s := range all {
		byCode[s.Code] = s
	}
	return byCode
}

func TestShippedTemplatesAreSound(t *testing.T) {
	t.Parallel()
	all := load(t)
	for code, kind := range map[string]lifecycle.Kind{"SERVICE": lifecycle.Service, "VEHICLE": lifecycle.Vehicle} {
		s, ok := all[code]
		if !ok || s.Kind != kind || s.Name.ZH == "" || s.Name.EN == "" || s.Description.ZH == "" || s.Description.EN == "" {
			t.Errorf("%s is %+v", code, s)
		}
		for _, f := range fault.All(s.Content.Validate(text.DefaultLimits())) {
			t.Errorf("%s: %v", code, f)
		}
		if len(s.Content.Languages) != 2 {
			t.Errorf("%s is written in %v", code, s.Content.Languages)
		}
	}
}

// TestBothLanguagesSayTheSame: the places of slots in a clause are the same in Chinese and English, and so is the number
// of paragraphs.
func TestBothLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	for code, s := range load(t) {
		for _, c := range s.Content.Clauses {
			zh, en := places(c.Text.ZH), places(c.Text.EN)
			if zh != en || strings.Count(c.Text.ZH, "\n") != strings.Count(c.Text.EN, "\n") || (c.Heading.ZH == "") != (c.Heading.EN == "") {
				t.Errorf("%s.%s: %s in Chinese, %s in English", code, c.Key, zh, en)
			}
		}
	}
}

func places(words string) string {
	var out []string
	for _, part := range strings.Split(words, "{{")[1:] {
		key, _, _ := strings.Cut(part, "}}")
		out = append(out, key)
	}
	slices.Sort(out) // the order is the language's
	return strings.Join(out, " ")
}

// TestServiceHasTheSections of a service contract (E6–E13): who, what, fee, term, secrecy, breach, force majeure, disputes,
// copies.
func TestServiceHasTheSections(t *testing.T) {
	t.Parallel()
	c := load(t)["SERVICE"].Content
	for _, key := range []string{"services", "fee", "term", "confidentiality", "breach", "force_majeure", "court", "arbitration", "copies"} {
		if c.Clause(key) == nil {
			t.Errorf("there is no clause %s", key)
		}
	}
	if len(c.Parties) != 2 {
		t.Errorf("%d parties", len(c.Parties))
	}
}

// TestFilled draws a complete service contract in both languages.
func TestFilled(t *testing.T) {
	t.Parallel()
	c := load(t)["SERVICE"].Content
	word := func(s string) *text.Value { return &text.Value{Text: &s} }
	number := func(s string) *text.Value { d := money.MustDecimal(s); return &text.Value{Number: &d} }
	choice := func(s string) *text.Value { return &text.Value{Choice: &s} }
	until := date.MustParse("2027-03-31")
	draw := text.Draw{
		Slots: text.Values{
			"provider": word("云汇科技"), "customer": word("华东汽车"), "subject": word("客户管理系统"), "court": word("上海市浦东新区人民法院"),
			"services":       {Rows: [][]string{{"安装", "生产环境可用", "2026-04-15"}}},
			"response_hours": number("8"), "payment_method": choice("SINGLE"), "payment_days": number("15"), "notice_days": number("30"),
			"secrecy_years": number("3"), "late_rate": number("3"), "notify_days": number("3"), "forum": choice("COURT"),
			"copies": number("2"), "copies_each": number("1"),
		},
		Live: text.Values{
			"CONTRACT_AMOUNT": {Money: &money.Input{Amount: money.MustDecimal("149597"), Currency: money.CNY}},
			"CONTRACT_NUMBER": word("SV-2026-0001"),
			"CONTRACT_TERM":   {Period: &text.Span{From: date.MustParse("2026-04-01"), Until: &until}},
		},
		Optional: c.Usual(),
	}
	for lang, wants := range map[text.Language][]string{
		text.ZH: {"第四条 服务期限与续签", "人民币149,597.00元（大写：人民币壹拾肆万玖仟伍佰玖拾柒元整）", "自2026年4月1日起至2027年3月31日止", "上海市浦东新区人民法院"},
		text.EN: {"4. Term and renewal", "CNY 149,597.00 (in Chinese capitals: 人民币壹拾肆万玖仟伍佰玖拾柒元整)", "from 1 April 2026 to 31 March 2027"},
	} {
		draw.Language = lang
		doc := c.Render(draw)
		if len(doc.Missing) > 0 {
			t.Errorf("%s lacks %+v", lang, doc.Missing[0])
		}
		plain := doc.Plain()
		for _, want := range wants {
			if !strings.Contains(plain, want) {
				t.Errorf("%s does not say %q:\n%s", lang, want, plain)
			}
		}
		for _, absent := range []string{"仲裁", "arbitration", "{{", "}}"} {
			if strings.Contains(plain, absent) {
				t.Errorf("%s says %q:\n%s", lang, absent, plain)
			}
		}
		again := c.Render(draw)
		if a, b := doc.Hash(), again.Hash(); a != b {
			t.Errorf("two renderings have the hashes %s and %s", hex.EncodeToString(a[:]), hex.EncodeToString(b[:]))
		}
	}
}
