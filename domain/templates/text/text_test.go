package text_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
)

func both(zh, en string) text.Words { return text.Words{ZH: zh, EN: en} }

func word(s string) *text.Value { return &text.Value{Text: &s} }

func number(s string) *text.Value {
	d := money.MustDecimal(s)
	return &text.Value{Number: &d}
}

func choice(s string) *text.Value { return &text.Value{Choice: &s} }

func sum(s string) *text.Value {
	return &text.Value{Money: &money.Input{Amount: money.MustDecimal(s), Currency: money.CNY}}
}

// sample has a slot of every type, an optional clause, and clauses that hang on a choice.
func sample() text.Content {
	one := money.MustDecimal("1")
	ten := money.MustDecimal("10")
	return text.Content{
		Languages: []text.Language{text.ZH, text.EN},
		Title:     both("合同", "Contract"),
		Parties:   []*text.Party{{Side: text.Us, Role: both("甲方", "Party A")}, {Side: text.Counterparty, Role: both("乙方", "Party B")}},
		Slots: []*text.Slot{
			{Key: "buyer", Type: text.Field, Label: both("买方", "Buyer"), Required: true, Source: text.CustomerName},
			{Key: "subject", Type: text.Text, Label: both("标的", "Subject"), Required: true, MaxLength: 20, Source: text.Previous},
			{Key: "remarks", Type: text.Text, Label: both("备注", "Remarks"), Multiline: true},
			{Key: "copies", Type: text.Number, Label: both("份数", "Copies"), Min: &one, Max: &ten, Default: number("2")},
			{Key: "fee", Type: text.Money, Label: both("费用", "Fee"), Required: true, Min: &one},
			{Key: "price", Type: text.Money, Label: both("价款", "Price"), Source: text.ContractAmount},
			{Key: "start", Type: text.Day, Label: both("开始", "Start")},
			{Key: "term", Type: text.Period, Label: both("期限", "Term")},
			{Key: "forum", Type: text.Choice, Label: both("争议", "Disputes"), Required: true, Choices: []*text.Option{{Key: "COURT", Label: both("诉讼", "court")}, {Key: "ARBITRATION", Label: both("仲裁", "arbitration")}}},
			{Key: "goods", Type: text.Table, Label: both("货物", "Goods"), Columns: []*text.Column{{Key: "name", Label: both("名称", "Name")}, {Key: "count", Label: both("数量", "Count")}}},
		},
		Clauses: []*text.Clause{
			{Key: "preamble", Text: both("{{buyer}}订立本合同。", "{{buyer}} makes this contract.")},
			{Key: "subject", Heading: both("标的", "Subject"), Text: both("标的为{{subject}}。\n{{goods}}\n备注：{{remarks}}", "The subject is {{subject}}.\n{{goods}}\nRemarks: {{remarks}}")},
			{Key: "fee", Heading: both("费用", "Fee"), Text: both("费用{{fee}}（大写{{fee:capitals}}），价款{{price}}，自{{start}}，{{term}}，一式{{copies}}份。", "Fee {{fee}} ({{fee:capitals}}), price {{price}}, from {{start}}, {{term}}, {{copies}} copies.")},
			{Key: "secrecy", Heading: both("保密", "Secrecy"), Text: both("双方保密。", "Both keep secrets."), Optional: true, Chosen: true, Tags: []string{"secrecy"}},
			{Key: "court", Heading: both("诉讼", "Court"), Text: both("向法院起诉。", "The court decides."), When: &text.Condition{Slot: "forum", Choice: "COURT"}},
			{Key: "arbitration", Heading: both("仲裁", "Arbitration"), Text: both("提交仲裁。", "Arbitrators decide."), When: &text.Condition{Slot: "forum", Choice: "ARBITRATION"}},
		},
	}
}

func small() text.Limits {
	return text.Limits{Clauses: 8, Slots: 12, ClauseText: 200, ContentText: 500, ValueText: 50, Rows: 3}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := sample().Validate(small()); err != nil {
		t.Fatal("the sample: ", err)
	}
	long := strings.Repeat("字", 201)
	for name, c := range map[string]struct {
		edit  func(*text.Content)
		code  fault.Code
		field string
	}{
		"no language":             {func(c *text.Content) { c.Languages = nil }, fault.Required, "languages"},
		"an unknown language":     {func(c *text.Content) { c.Languages = append(c.Languages, "FR") }, fault.UnknownValue, "languages"},
		"a language twice":        {func(c *text.Content) { c.Languages = append(c.Languages, text.EN) }, fault.Duplicate, "languages"},
		"words in no language":    {func(c *text.Content) { c.Title.EN = "" }, fault.Required, "title.en"},
		"words in a language off": {func(c *text.Content) { c.Languages = c.Languages[:1] }, fault.Inconsistent, "title.en"},
		"a long title":            {func(c *text.Content) { c.Title.ZH = strings.Repeat("字", 301) }, fault.TooLong, "title.zh"},
		"an unknown side":         {func(c *text.Content) { c.Parties[0].Side = "THEM" }, fault.UnknownValue, "parties.0.side"},
		"too many parties":        {func(c *text.Content) { c.Parties = make21(c.Parties[0]) }, fault.LimitReached, "parties"},
		"no clause":               {func(c *text.Content) { c.Clauses = nil }, fault.Required, "clauses"},
		"too many clauses":        {func(c *text.Content) { c.Clauses = append(c.Clauses, c.Clauses[:3]...) }, fault.LimitReached, "clauses"},
		"a clause's key twice":    {func(c *text.Content) { c.Clauses[1].Key = "preamble" }, fault.Duplicate, "clauses.1.key"},
		"a bad key":               {func(c *text.Content) { c.Clauses[0].Key = "Präambel" }, fault.Malformed, "clauses.0.key"},
		"a clause without text":   {func(c *text.Content) { c.Clauses[3].Text.ZH = " " }, fault.Required, "clauses.3.text.zh"},
		"a long clause":           {func(c *text.Content) { c.Clauses[3].Text.ZH = long }, fault.TooLong, "clauses.3.text.zh"},
		"long clauses": {func(c *text.Content) {
			c.Clauses[0].Text.EN, c.Clauses[3].Text.EN, c.Clauses[4].Text.EN = long[:597], long[:597], long[:597]
		}, fault.LimitReached, "clauses"},
		"an open place":           {func(c *text.Content) { c.Clauses[3].Text.ZH = "保密{{buyer。" }, fault.Malformed, "clauses.3.text.zh"},
		"a closed place":          {func(c *text.Content) { c.Clauses[3].Text.ZH = "保密buyer}}。" }, fault.Malformed, "clauses.3.text.zh"},
		"a place of nothing":      {func(c *text.Content) { c.Clauses[3].Text.ZH = "{{}}" }, fault.Malformed, "clauses.3.text.zh"},
		"an unknown slot":         {func(c *text.Content) { c.Clauses[3].Text.ZH = "{{seller}}" }, fault.UnknownValue, "clauses.3.text.zh"},
		"an unknown filter":       {func(c *text.Content) { c.Clauses[3].Text.ZH = "{{fee:small}}" }, fault.Malformed, "clauses.3.text.zh"},
		"capitals of words":       {func(c *text.Content) { c.Clauses[3].Text.ZH = "{{subject:capitals}}" }, fault.Inconsistent, "clauses.3.text.zh"},
		"a table inside a line":   {func(c *text.Content) { c.Clauses[3].Text.ZH = "见{{goods}}" }, fault.Inconsistent, "clauses.3.text.zh"},
		"unseen characters":       {func(c *text.Content) { c.Clauses[3].Text.ZH = "保\u202e密" }, fault.Malformed, "clauses.3.text.zh"},
		"chosen, not optional":    {func(c *text.Content) { c.Clauses[0].Chosen = true }, fault.Inconsistent, "clauses.0.chosen"},
		"a tag twice":             {func(c *text.Content) { c.Clauses[0].Tags = []string{"a", "a"} }, fault.Duplicate, "clauses.0.tags"},
		"an empty tag":            {func(c *text.Content) { c.Clauses[0].Tags = []string{" "} }, fault.Malformed, "clauses.0.tags"},
		"a condition on words":    {func(c *text.Content) { c.Clauses[4].When.Slot = "subject" }, fault.UnknownValue, "clauses.4.when.slot"},
		"an unknown choice":       {func(c *text.Content) { c.Clauses[4].When.Choice = "DUEL" }, fault.UnknownValue, "clauses.4.when.choice"},
		"too many slots":          {func(c *text.Content) { c.Slots = append(c.Slots, c.Slots[:3]...) }, fault.LimitReached, "slots"},
		"a slot's key twice":      {func(c *text.Content) { c.Slots[1].Key = "buyer" }, fault.Duplicate, "slots.1.key"},
		"an unknown type":         {func(c *text.Content) { c.Slots[1].Type = "COLOUR" }, fault.UnknownValue, "slots.1.type"},
		"a field from nowhere":    {func(c *text.Content) { c.Slots[0].Source = "" }, fault.Inconsistent, "slots.0.source"},
		"a number from a name":    {func(c *text.Content) { c.Slots[3].Source = text.CustomerName }, fault.Inconsistent, "slots.3.source"},
		"an unknown source":       {func(c *text.Content) { c.Slots[1].Source = "MOON" }, fault.UnknownValue, "slots.1.source"},
		"a live default":          {func(c *text.Content) { c.Slots[5].Default = sum("5") }, fault.Inconsistent, "slots.5.default"},
		"a default out of range":  {func(c *text.Content) { c.Slots[3].Default = number("11") }, fault.OutOfRange, "slots.3.default.number"},
		"a default of words":      {func(c *text.Content) { c.Slots[3].Default = word("zwei") }, fault.Inconsistent, "slots.3.default"},
		"lines of a number":       {func(c *text.Content) { c.Slots[3].Multiline = true }, fault.Inconsistent, "slots.3.multiline"},
		"a long length":           {func(c *text.Content) { c.Slots[1].MaxLength = 51 }, fault.OutOfRange, "slots.1.maxLength"},
		"max below min":           {func(c *text.Content) { c.Slots[3].Max, c.Slots[3].Min = c.Slots[3].Min, c.Slots[3].Max }, fault.Inconsistent, "slots.3.max"},
		"bounds of words":         {func(c *text.Content) { c.Slots[1].Min = c.Slots[3].Min }, fault.Inconsistent, "slots.1.min"},
		"one choice":              {func(c *text.Content) { c.Slots[8].Choices = c.Slots[8].Choices[:1] }, fault.TooShort, "slots.8.choices"},
		"a small choice":          {func(c *text.Content) { c.Slots[8].Choices[0].Key = "court" }, fault.Malformed, "slots.8.choices.0.key"},
		"choices of words":        {func(c *text.Content) { c.Slots[1].Choices = c.Slots[8].Choices }, fault.Inconsistent, "slots.1.choices"},
		"a table without columns": {func(c *text.Content) { c.Slots[9].Columns = nil }, fault.Required, "slots.9.columns"},
		"a column twice":          {func(c *text.Content) { c.Slots[9].Columns[1].Key = "name" }, fault.Duplicate, "slots.9.columns.1.key"},
	} {
		content := sample()
		c.edit(&content)
		if !has(content.Validate(small()), c.code, c.field) {
			t.Errorf("%s: %v, want %s at %s", name, content.Validate(small()), c.code, c.field)
		}
	}
}

func make21(p *text.Party) []*text.Party {
	out := make([]*text.Party, 21)
	for i := range out {
		out[i] = p
	}
	return out
}

func has(err error, code fault.Code, field string) bool {
	for _, f := range fault.All(err) {
		if f.Code == code && strings.Join(f.Field, ".") == field {
			return true
		}
	}
	return false
}

func TestCheckFills(t *testing.T) {
	t.Parallel()
	until := date.MustParse("2026-01-01")
	for name, c := range map[string]struct {
		slot  string
		value *text.Value
		code  fault.Code // "" for none
		field string
	}{
		"words":               {"subject", word("桑塔纳"), "", ""},
		"no value":            {"subject", nil, "", ""},
		"lines":               {"remarks", word("一\n二"), "", ""},
		"a sum":               {"fee", sum("1.00"), "", ""},
		"a table":             {"goods", &text.Value{Rows: [][]string{{"a", "1"}, {"b", "2"}, {"c", "3"}}}, "", ""},
		"an unknown slot":     {"colour", word("红"), fault.UnknownValue, "fill.colour"},
		"a field by hand":     {"buyer", word("我"), fault.NotAllowed, "fill.buyer"},
		"the contract's own":  {"price", sum("1"), fault.NotAllowed, "fill.price"},
		"nothing":             {"subject", &text.Value{}, fault.Required, "fill.subject"},
		"two things":          {"subject", &text.Value{Text: word("a").Text, Number: number("1").Number}, fault.Inconsistent, "fill.subject"},
		"another type":        {"copies", word("两"), fault.Inconsistent, "fill.copies"},
		"blank words":         {"subject", word("  "), fault.Required, "fill.subject.text"},
		"long words":          {"subject", word(strings.Repeat("字", 21)), fault.TooLong, "fill.subject.text"},
		"very long words":     {"remarks", word(strings.Repeat("字", 51)), fault.TooLong, "fill.remarks.text"},
		"two lines":           {"subject", word("一\n第九条 本合同无效"), fault.Malformed, "fill.subject.text"},
		"turned words":        {"subject", word("a\u202eb"), fault.Malformed, "fill.subject.text"},
		"a control":           {"subject", word("a\x07b"), fault.Malformed, "fill.subject.text"},
		"too little":          {"copies", number("0"), fault.OutOfRange, "fill.copies.number"},
		"too much":            {"copies", number("10.5"), fault.OutOfRange, "fill.copies.number"},
		"a sum below":         {"fee", sum("0.99"), fault.OutOfRange, "fill.fee.money.amount"},
		"too many decimals":   {"fee", sum("1.001"), fault.Malformed, "fill.fee.money.amount"},
		"no currency":         {"fee", &text.Value{Money: &money.Input{Amount: money.MustDecimal("2"), Currency: "XXQ"}}, fault.UnknownValue, "fill.fee.money.currency"},
		"a period backwards":  {"term", &text.Value{Period: &text.Span{From: date.MustParse("2026-02-01"), Until: &until}}, fault.Inconsistent, "fill.term.period.until"},
		"an unknown choice":   {"forum", choice("DUEL"), fault.UnknownValue, "fill.forum.choice"},
		"no rows":             {"goods", &text.Value{Rows: [][]string{}}, fault.Required, "fill.goods.rows"},
		"too many rows":       {"goods", &text.Value{Rows: [][]string{{"a", "1"}, {"a", "1"}, {"a", "1"}, {"a", "1"}}}, fault.LimitReached, "fill.goods.rows"},
		"a cell missing":      {"goods", &text.Value{Rows: [][]string{{"a", "1"}, {"a"}}}, fault.Inconsistent, "fill.goods.rows.1"},
		"a long cell":         {"goods", &text.Value{Rows: [][]string{{"a", strings.Repeat("1", 501)}}}, fault.TooLong, "fill.goods.rows.0"},
		"lines inside a cell": {"goods", &text.Value{Rows: [][]string{{"a", "1\n2"}}}, fault.Malformed, "fill.goods.rows.0"},
	} {
		w := text.Wish{Fill: []*text.Fill{{Slot: c.slot, Value: c.value}}}
		err := w.Check(sample(), small())
		if c.code == "" && err != nil || c.code != "" && !has(err, c.code, c.field) {
			t.Errorf("%s: %v, want %s at %s", name, err, c.code, c.field)
		}
	}
	twice := text.Wish{Fill: []*text.Fill{{Slot: "subject", Value: word("a")}, {Slot: "subject", Value: word("b")}}}
	if !has(twice.Check(sample(), small()), fault.Duplicate, "fill.subject") {
		t.Errorf("a slot filled twice: %v", twice.Check(sample(), small()))
	}
	many := text.Wish{Fill: make([]*text.Fill, 13)}
	if !has(many.Check(sample(), small()), fault.LimitReached, "fill") {
		t.Errorf("too many fills: %v", many.Check(sample(), small()))
	}
	for name, optional := range map[string][]string{"unknown": {"pets"}, "not optional": {"fee"}} {
		if w := (text.Wish{Optional: optional}); !has(w.Check(sample(), small()), fault.UnknownValue, "optional") {
			t.Errorf("%s clause chosen: %v", name, w.Check(sample(), small()))
		}
	}
	fr := text.Language("FR")
	if w := (text.Wish{Language: &fr}); !has(w.Check(sample(), small()), fault.UnknownValue, "language") {
		t.Error("a language that the template does not have was taken")
	}
}

// TestStart: what is taken over wins over defaults where it fits, and nothing by hand reaches a live slot (E4).
func TestStart(t *testing.T) {
	t.Parallel()
	last := text.Values{"subject": word("旧标的"), "copies": number("9")}
	taken := map[text.Source]string{text.CustomerName: " 华东汽车 "}
	want := text.Values{"buyer": word("华东汽车"), "subject": word("旧标的"), "copies": number("2")}
	if diff := cmp.Diff(want, sample().Start(taken, last, small()), cmp.Comparer(money.Decimal.Equal)); diff != "" {
		t.Error(diff)
	}
	last["subject"] = word(strings.Repeat("长", 21)) // no longer fits
	if v := sample().Start(taken, last, small()); v["subject"] != nil {
		t.Errorf("a value that does not fit was taken over: %v", *v["subject"].Text)
	}
	refreshed := sample().Refresh(text.Values{"buyer": word("旧名"), "subject": word("a")}, map[text.Source]string{text.CustomerName: "新名"}, small())
	if *refreshed["buyer"].Text != "新名" || *refreshed["subject"].Text != "a" {
		t.Errorf("refreshed to %v", refreshed)
	}
	if gone := sample().Refresh(text.Values{"buyer": word("旧名")}, nil, small()); gone["buyer"] != nil {
		t.Error("a field kept a value that its source no longer has")
	}
}
