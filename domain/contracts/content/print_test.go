package content

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/money"
)

func day(s string) *date.Date {
	d := date.MustParse(s)
	return &d
}

func sample() Parts {
	return Parts{
		Text: Wording{Kind: "SERVICE", Rendered: [32]byte{1}, Title: "服务合同", Description: "一年", Lines: []Line{
			{Description: "安装", Quantity: money.Whole(1), UnitPrice: money.MustDecimal("100.5"), DeliveryOn: day("2026-07-01")},
		}},
		Amount:  Sum{money.Of(10050, money.CNY), "RECEIVABLE"},
		Plan:    []Instalment{{*day("2026-07-01"), money.Of(10050, money.CNY), "全款"}},
		Term:    Span{EffectiveOn: day("2026-07-01"), EndsOn: day("2027-06-30"), Renewal: "AUTO", RenewalMonths: 12, NoticeDays: 30},
		Parties: []Party{{Role: "甲方", Name: "云汇"}, {Role: "乙方", Name: "我们", CreditCode: "91"}},
	}
}

func TestAnEditTellsWhichPartItChanged(t *testing.T) {
	t.Parallel()
	before := sample().Print()
	for name, c := range map[string]struct {
		edit func(*Parts)
		want []Part
	}{
		"nothing":         {func(*Parts) {}, nil},
		"rendered text":   {func(p *Parts) { p.Text.Rendered[31] = 9 }, []Part{Text}},
		"title":           {func(p *Parts) { p.Text.Title += "二" }, []Part{Text}},
		"kind":            {func(p *Parts) { p.Text.Kind = "SALES" }, []Part{Text}},
		"a line's price":  {func(p *Parts) { p.Text.Lines[0].UnitPrice = money.Whole(1) }, []Part{Text}},
		"no lines":        {func(p *Parts) { p.Text.Lines = nil }, []Part{Text}},
		"a delivery date": {func(p *Parts) { p.Text.Lines[0].DeliveryOn = nil }, []Part{Text}},
		"amount":          {func(p *Parts) { p.Amount.Value = money.Of(10051, money.CNY) }, []Part{Amount}},
		"currency":        {func(p *Parts) { p.Amount.Value = money.Of(10050, "USD") }, []Part{Amount}},
		"direction":       {func(p *Parts) { p.Amount.Direction = "PAYABLE" }, []Part{Amount}},
		"a due date":      {func(p *Parts) { p.Plan[0].DueOn = *day("2026-07-02") }, []Part{Plan}},
		"a plan gone":     {func(p *Parts) { p.Plan = nil }, []Part{Plan}},
		"an end":          {func(p *Parts) { p.Term.EndsOn = nil }, []Part{Term}},
		"renewal":         {func(p *Parts) { p.Term.Renewal = "FIXED" }, []Part{Term}},
		"notice":          {func(p *Parts) { p.Term.NoticeDays = 31 }, []Part{Term}},
		"a party's name":  {func(p *Parts) { p.Parties[1].Name = "他们" }, []Part{Parties}},
		"parties' order":  {func(p *Parts) { p.Parties[0], p.Parties[1] = p.Parties[1], p.Parties[0] }, []Part{Parties}},
		"amount and plan": {func(p *Parts) { p.Amount.Value, p.Plan[0].Amount = money.Of(1, money.CNY), money.Of(1, money.CNY) }, []Part{Amount, Plan}},
	} {
		p := sample()
		c.edit(&p)
		after := p.Print()
		if d := cmp.Diff(c.want, before.Changed(after)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if same := before.Digest() == Digest(p); same != (c.want == nil) {
			t.Errorf("%s: the digest is the same: %v", name, same)
		}
		for _, part := range All() {
			if changed := before.Of(part) != after.Of(part); changed != contains(c.want, part) {
				t.Errorf("%s: hash of %s changed: %v", name, part, changed)
			}
		}
	}
}

func contains(list []Part, p Part) bool {
	for _, l := range list {
		if l == p {
			return true
		}
	}
	return false
}

// TestNoBoundaryIsLost: text that moves from one field into its neighbour is another contract.
func TestNoBoundaryIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(2, 20, -1)
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		one := Parts{Parties: []Party{{Role: a, Name: b + c}}}
		two := Parts{Parties: []Party{{Role: a + b, Name: c}}}
		if one.Print() == two.Print() {
			t.Fatalf("%q, %q, %q: the border between role and name does not count", a, b, c)
		}
		three := Parts{Parties: []Party{{Role: a}, {Role: b}}}
		four := Parts{Parties: []Party{{Role: a, Name: b}}}
		if three.Print() == four.Print() {
			t.Fatal("two parties are one")
		}
	})
}

func TestEmptyPartsDiffer(t *testing.T) {
	t.Parallel()
	p := Parts{}.Print()
	seen := map[[32]byte]bool{}
	for _, part := range All() {
		seen[p.Of(part)] = true
	}
	if len(seen) != len(All()) || p.IsZero() || p.Of("OTHER") != [32]byte{} {
		t.Errorf("%d hashes of %d empty parts", len(seen), len(All()))
	}
}

func TestPrintIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	want := sample().Print()
	stored, err := want.Value()
	if err != nil {
		t.Fatal(err)
	}
	var scanned Print
	if err := scanned.Scan(stored); err != nil || scanned != want {
		t.Errorf("scanned %v, %v", scanned, err)
	}
	written, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var read Print
	if err := json.Unmarshal(written, &read); err != nil || read != want || read.String() != want.String() {
		t.Errorf("read %v, %v", read, err)
	}
	for _, bad := range []any{nil, "text", []byte{1}} {
		if err := scanned.Scan(bad); err == nil {
			t.Errorf("%v was taken for a print", bad)
		}
	}
	if err := read.UnmarshalText([]byte("xx")); err == nil {
		t.Error("xx was taken for a print")
	}
	if n := reflect.TypeFor[Print]().Len(); n != len(All()) {
		t.Errorf("%d hashes for %d parts", n, len(All()))
	}
}
