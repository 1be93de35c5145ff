package payout

import (
	"slices"
	"testing"

	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

func cny(minor int64) money.Money { return money.Of(minor, money.CNY) }

func TestEveryFieldIsInTheDigest(t *testing.T) {
	t.Parallel()
	old := Content{Amount: cny(100), WantedOn: date.MustParse("2026-07-01"), Method: plan.BankTransfer}
	first, err := old.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*Content){
		"amount": func(c *Content) { c.Amount = cny(101) }, "day": func(c *Content) { c.WantedOn = date.MustParse("2026-07-02") },
		"method": func(c *Content) { c.Method = plan.Cash }, "payee": func(c *Content) { c.Payee = "x" }, "bank": func(c *Content) { c.Bank = "x" },
		"account": func(c *Content) { c.Account = "x" }, "invoice": func(c *Content) { c.Invoice = "x" }, "purpose": func(c *Content) { c.Purpose = "x" },
		"shares": func(c *Content) { c.Allocations = []Allocation{{Amount: cny(1)}} },
	} {
		now := old
		edit(&now)
		if digest, err := now.Digest(); err != nil || digest == first {
			t.Errorf("another %s is the same, %v", name, err)
		}
	}
}

func TestReservedIsWhatOpenRequestsSpeakFor(t *testing.T) {
	t.Parallel()
	a, b := publicid.NewPaymentPlanLineID(), publicid.NewPaymentPlanLineID()
	total, lines := Reserved([]Content{
		{Amount: cny(100), Allocations: []Allocation{{a, cny(60)}, {b, cny(30)}}},
		{Amount: cny(7), Allocations: []Allocation{{a, cny(7)}}},
	})
	if total != 107 || lines[a] != 67 || lines[b] != 30 {
		t.Errorf("reserved are %d and %v", total, lines)
	}
}

func TestOpenStatesAskForMoney(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		if s.IsOpen() != slices.Contains(Open(), s) {
			t.Errorf("%s is and is not open", s)
		}
	}
}
