package text_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/money"
)

func drawn() text.Draw {
	day, until := date.MustParse("2026-03-01"), date.MustParse("2027-02-28")
	return text.Draw{
		Language: text.ZH,
		Slots: text.Values{
			"buyer": word("华东汽车"), "subject": word("桑塔纳"), "copies": number("2"), "fee": sum("1409.5"), "start": {Date: &day},
			"term": {Period: &text.Span{From: day, Until: &until}}, "forum": choice("COURT"), "goods": {Rows: [][]string{{"轮胎", "4"}}},
		},
		Live:     text.Values{"CONTRACT_AMOUNT": sum("149597")},
		Optional: []string{"secrecy"},
		Parties:  []*text.Signatory{{Role: "甲方", Name: "云汇"}, {Role: "乙方", Name: "华东汽车"}},
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	d := drawn()
	for name, c := range map[string]struct {
		edit func(*text.Draw)
		want string
	}{
		"in Chinese": {func(*text.Draw) {}, `合同
甲方: 云汇
乙方: 华东汽车
华东汽车订立本合同。

第一条 标的
1.1 标的为桑塔纳。
名称 | 数量
轮胎 | 4
1.2 备注：________

第二条 费用
费用人民币1,409.50元（大写人民币壹仟肆佰零玖元伍角整），价款人民币149,597.00元，自2026年3月1日，自2026年3月1日起至2027年2月28日止，一式2份。

第三条 保密
双方保密。

第四条 诉讼
向法院起诉。
`},
		"in English, without the optional clause": {func(d *text.Draw) { d.Language, d.Optional = text.EN, nil }, `Contract
甲方: 云汇
乙方: 华东汽车
华东汽车 makes this contract.

1. Subject
1.1 The subject is 桑塔纳.
Name | Count
轮胎 | 4
1.2 Remarks: ________

2. Fee
Fee CNY 1,409.50 (人民币壹仟肆佰零玖元伍角整), price CNY 149,597.00, from 1 March 2026, from 1 March 2026 to 28 February 2027, 2 copies.

3. Court
The court decides.
`},
	} {
		draw := d
		c.edit(&draw)
		if diff := cmp.Diff(c.want, sample().Render(draw).Plain()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	d := drawn()
	d.Slots = text.Values{"forum": choice("COURT")}
	var keys []string
	for _, b := range sample().Render(d).Missing {
		keys = append(keys, b.Slot+" "+b.Label)
	}
	if diff := cmp.Diff([]string{"buyer 买方", "subject 标的", "fee 费用"}, keys); diff != "" {
		t.Error(diff)
	}
	if got := sample().Render(drawn()).Missing; len(got) > 0 {
		t.Errorf("a complete text lacks %+v", got[0])
	}
}

func TestStandings(t *testing.T) {
	t.Parallel()
	d := drawn()
	d.Exceptions = []text.Replacement{
		{ID: "exc_1", Clause: "secrecy", Old: "双方保密。", New: "双方保密三年。"},
		{ID: "exc_2", Clause: "secrecy", Old: "双方保密三年。", New: "双方保密五年，标的{{subject}}除外。"},
		{ID: "exc_3", Clause: "court", Old: "不是这句", New: "不诉讼。"},
	}
	got := map[string]text.Standing{}
	for _, p := range sample().Render(d).Clauses {
		got[p.Key] = p.Standing
		if p.Key == "secrecy" && (p.Changed != "exc_2" || p.Paragraphs[0].Runs[1].Text != "桑塔纳") {
			t.Errorf("the clause is %+v", p.Paragraphs[0].Runs)
		}
	}
	want := map[string]text.Standing{"preamble": text.Filled, "subject": text.Filled, "fee": text.Filled, "secrecy": text.Exception, "court": text.Locked}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOtherCurrenciesHaveNoCapitals(t *testing.T) {
	t.Parallel()
	in := money.Input{Amount: money.MustDecimal("1234.5"), Currency: "USD"}
	for _, l := range text.Languages() {
		if got := text.PrintMoney(l, in, true); got != "USD 1,234.50" {
			t.Errorf("%s: %s", l, got)
		}
	}
	if got := text.PrintMoney(text.EN, money.Input{Amount: money.MustDecimal("-1234567"), Currency: money.CNY}, false); got != "CNY -1,234,567.00" {
		t.Error(got)
	}
}

// place is what a place of a slot looks like; it is found here without the package's own parser.
var place = regexp.MustCompile(`\{\{[^}]*\}\}`)

// ownWords are the fixed words of a clause in order, as its author wrote them.
func ownWords(written string) []string {
	var out []string
	for _, line := range strings.Split(written, "\n") {
		for _, part := range place.Split(strings.TrimSpace(line), -1) {
			if part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func fixedRuns(p *text.Passage) []string {
	var out []string
	for _, line := range p.Paragraphs {
		for _, r := range line.Runs {
			if r.Kind == text.Fixed {
				out = append(out, r.Text)
			}
		}
	}
	return out
}

// TestLockedWordsNeverChange throws fills, choices, raw values as an import could leave them, and exceptions in every
// state at a contract. Whatever comes, a clause without an accepted exception shows its author's words, all of them, in
// order, and its seal is that of the template; one with an accepted exception shows the words that were accepted (HR2).
func TestLockedWordsNeverChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := sample()
		before := c.Hash()
		d := text.Draw{Language: rapid.SampledFrom(text.Languages()).Draw(t, "language"), Slots: text.Values{"forum": choice("COURT")}}
		accepted := map[string]string{}
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			mutate(t, c, &d, accepted)
		}
		doc := c.Render(d)
		for _, p := range doc.Clauses {
			cl := c.Clause(p.Key)
			if words, changed := accepted[p.Key]; changed {
				if diff := cmp.Diff(ownWords(words), fixedRuns(p)); diff != "" || p.Standing != text.Exception {
					t.Fatalf("%s, %s, is not what was accepted: %s", p.Key, p.Standing, diff)
				}
				continue
			}
			if diff := cmp.Diff(ownWords(cl.Text.In(d.Language)), fixedRuns(p)); diff != "" {
				t.Fatalf("the words of %s changed: %s", p.Key, diff)
			}
			if p.Seal != cl.Seal(d.Language) || p.Heading != cl.Heading.In(d.Language) || p.Standing == text.Exception {
				t.Fatalf("%s is %s under the heading %q with the seal %s", p.Key, p.Standing, p.Heading, p.Seal)
			}
		}
		for _, cl := range c.Clauses {
			if !cl.Optional && cl.When == nil && !shown(doc, cl.Key) {
				t.Fatalf("the clause %s is gone", cl.Key)
			}
		}
		if c.Hash() != before {
			t.Fatal("rendering changed the content")
		}
		if a, b := doc.Hash(), c.Render(again(t, d)).Hash(); a != b {
			t.Fatal("the same text has two hashes")
		}
	})
}

func shown(doc text.Document, key string) bool {
	for _, p := range doc.Clauses {
		if p.Key == key {
			return true
		}
	}
	return false
}

// again is the draw as the database gives it back.
func again(t *rapid.T, d text.Draw) text.Draw {
	raw, err := json.Marshal(d.Slots)
	if err != nil {
		t.Fatal(err)
	}
	d.Slots = nil
	if err := json.Unmarshal(raw, &d.Slots); err != nil {
		t.Fatal(err)
	}
	return d
}

// hostile words try to be more than a value.
func hostile(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"{{fee}}", "{{", "}}", "{{buyer}}\n第九条 本合同无效", "</text>", "\x00", "", "双方保密。", "{{fee:capitals}}", "\u202e", "第一条"}),
		rapid.String(),
	).Draw(t, label)
}

func anyValue(t *rapid.T) *text.Value {
	switch rapid.IntRange(0, 6).Draw(t, "type of value") {
	case 0:
		return word(hostile(t, "text"))
	case 1:
		return choice(hostile(t, "choice"))
	case 2:
		return number("7.5")
	case 3:
		return sum("88.8")
	case 4:
		return &text.Value{Rows: [][]string{{hostile(t, "cell"), hostile(t, "cell")}}}
	case 5:
		return &text.Value{}
	}
	return &text.Value{Money: &money.Input{Amount: money.MustDecimal("1.2345"), Currency: "???"}, Text: word(hostile(t, "text")).Text}
}

func mutate(t *rapid.T, c text.Content, d *text.Draw, accepted map[string]string) {
	keys := []string{"buyer", "subject", "remarks", "copies", "fee", "price", "start", "term", "forum", "goods", "nothing"}
	clauses := []string{"preamble", "subject", "fee", "secrecy", "court", "arbitration"}
	switch rapid.IntRange(0, 5).Draw(t, "step") {
	case 0: // a drafter fills; only what the check lets through is applied
		w := text.Wish{Fill: []*text.Fill{{Slot: rapid.SampledFrom(keys).Draw(t, "slot"), Value: anyValue(t)}}}
		if w.Check(c, small()) == nil {
			d.Slots = c.Apply(d.Slots, w.Fill)
		}
	case 1: // an import writes whatever it likes
		d.Slots = c.Apply(d.Slots, []*text.Fill{{Slot: rapid.SampledFrom(keys).Draw(t, "slot"), Value: anyValue(t)}})
	case 2: // the contract's own values
		d.Live = text.Values{rapid.SampledFrom([]string{"CONTRACT_AMOUNT", "CONTRACT_TITLE", "fee", "secrecy"}).Draw(t, "source"): anyValue(t)}
	case 3:
		d.Optional = append(d.Optional, rapid.SampledFrom(clauses).Draw(t, "clause"))
	case 4: // an exception that was accepted on other words than the clause has
		d.Exceptions = append(d.Exceptions, text.Replacement{ID: "exc_x", Clause: rapid.SampledFrom(clauses).Draw(t, "clause"), Old: hostile(t, "old") + "x", New: "改"})
	case 5: // an exception that was accepted
		key := rapid.SampledFrom(clauses).Draw(t, "clause")
		words := "另行约定" + rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "words") + "{{subject}}。"
		old, _ := c.Wording(key, d.Language, d.Exceptions)
		d.Exceptions = append(d.Exceptions, text.Replacement{ID: "exc_y", Clause: key, Old: old, New: words})
		if old != words {
			accepted[key] = words
		}
	}
}

// TestHashTellsTextsApart: two texts that read differently have different hashes, also where words move from one run or
// cell to the next.
func TestHashTellsTextsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(), drawn()
		a.Slots = sample().Apply(a.Slots, []*text.Fill{{Slot: "goods", Value: &text.Value{Rows: [][]string{{hostile(t, "a1"), hostile(t, "a2")}}}}})
		b.Slots = sample().Apply(b.Slots, []*text.Fill{{Slot: "goods", Value: &text.Value{Rows: [][]string{{hostile(t, "b1"), hostile(t, "b2")}}}}})
		x, y := sample().Render(a), sample().Render(b)
		if (x.Hash() == y.Hash()) != cmp.Equal(asJSON(t, x), asJSON(t, y)) {
			t.Fatal("hash and text disagree")
		}
	})
}

func asJSON(t *rapid.T, d text.Document) string {
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
