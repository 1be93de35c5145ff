package settlement_test

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/ent/payment"
	"heyue/ent/paymentallocation"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	service  *settlement.Service
	contract publicid.ContractID
	lines    []publicid.PaymentPlanLineID
}

// open makes a contract in force over 100.00 with instalments of 40.00 and 60.00.
func open(t *testing.T) *world {
	t.Helper()
	c := fixture.NewCompany(t)
	w := &world{Company: c, service: &settlement.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Obligations: alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock},
	}}
	alice := fixture.Caller(t, c.Alice).UserID
	w.Write(t, c.Acme.Ctx, func(tx *ent.Tx) error {
		ctx := c.Acme.Ctx
		buyer, err := tx.Customer.Create().SetName("云汇").SetCode("C1").SetOwnerID(alice).SetDepartmentID(c.City).Save(ctx)
		if err != nil {
			return err
		}
		made, err := tx.Contract.Create().SetNumber("HT-1").SetTitle("销售合同").SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).SetStatus(lifecycle.Active).
			SetCustomerID(buyer.ID).SetAmountMinor(10000).SetCurrency(money.CNY).SetOwnerID(alice).SetDepartmentID(c.City).Save(ctx)
		if err != nil {
			return err
		}
		w.contract = made.ID
		for i, sum := range []int64{4000, 6000} {
			l, err := tx.PaymentPlanLine.Create().SetContractID(made.ID).SetPosition(i).SetDueOn(date.MustParse("2026-07-01").AddDays(30 * i)).
				SetAmountMinor(sum).SetCurrency(money.CNY).Save(ctx)
			if err != nil {
				return err
			}
			w.lines = append(w.lines, l.ID)
		}
		return nil
	})
	return w
}

func yuan(n int64) money.Input { return money.Input{Amount: money.Whole(n), Currency: money.CNY} }

func (w *world) pay(n int64) (*ent.Payment, error) {
	return w.service.Record(w.Finance, settlement.Receipt{ContractID: w.contract, Amount: yuan(n), Method: plan.Cash})
}

func (w *world) refund(n int64) (*ent.Payment, error) {
	return w.service.Refund(w.Finance, settlement.Refund{ContractID: w.contract, Amount: yuan(n), Method: plan.Cash})
}

// settled is what stands on the instalments, in cents, and fails unless every total is the sum of what it counts.
func (w *world) settled(t *testing.T) []int64 {
	t.Helper()
	ctx := w.Acme.Ctx
	var out []int64
	var allocated int64
	for _, id := range w.lines {
		l, err := w.Client.PaymentPlanLine.Get(ctx, id)
		fixture.Want(t, "an instalment", err)
		rows, err := w.Client.PaymentAllocation.Query().Where(paymentallocation.PlanLineID(id)).All(ctx)
		fixture.Want(t, "its allocations", err)
		var sum int64
		for _, r := range rows {
			sum += r.AmountMinor
		}
		if sum != l.SettledMinor {
			t.Errorf("an instalment says %d, its allocations %d", l.SettledMinor, sum)
		}
		allocated += sum
		out = append(out, sum)
	}
	c, err := w.Client.Contract.Get(ctx, w.contract)
	fixture.Want(t, "the contract", err)
	entries, err := w.Client.Payment.Query().Where(payment.ContractID(w.contract)).All(ctx)
	fixture.Want(t, "the entries", err)
	var sum int64
	for _, p := range entries {
		sum += p.AmountMinor
	}
	if sum != c.SettledMinor || allocated != c.AllocatedMinor {
		t.Errorf("the contract says %d of which %d allocated, its entries %d and %d", c.SettledMinor, c.AllocatedMinor, sum, allocated)
	}
	return out
}

// due lists what is reminded of: the instalment's place, and what is left of it.
func (w *world) due(t *testing.T) []int64 {
	t.Helper()
	out := make([]int64, len(w.lines))
	open, err := w.Client.Obligation.Query().Where(obligation.KindEQ(due.PaymentDue), obligation.StateEQ(due.Open)).All(w.Acme.Ctx)
	fixture.Want(t, "the obligations", err)
	for _, o := range open {
		out[slices.Index(w.lines, publicid.PaymentPlanLineID(o.SubjectID))] = *o.AmountMinor
	}
	return out
}

func (w *world) stands(t *testing.T, what string, settled, left []int64) {
	t.Helper()
	if got := w.settled(t); !slices.Equal(got, settled) {
		t.Errorf("%s: settled %v, want %v", what, got, settled)
	}
	if got := w.due(t); !slices.Equal(got, left) {
		t.Errorf("%s: reminded of %v, want %v", what, got, left)
	}
}

// TestTheAccountAndItsReminders pays, gives back and reverses; the reminders are the right ones after each.
func TestTheAccountAndItsReminders(t *testing.T) {
	t.Parallel()
	w := open(t)
	first, err := w.pay(50)
	fixture.Want(t, "over two instalments", err)
	w.stands(t, "paid 50", []int64{4000, 1000}, []int64{0, 5000})
	_, err = w.pay(51)
	fixture.Want(t, "beyond the contract", err, "amount OUT_OF_RANGE")
	back, err := w.refund(20)
	fixture.Want(t, "a refund", err)
	w.stands(t, "refunded 20", []int64{3000, 0}, []int64{1000, 6000})
	_, err = w.service.Reverse(w.Finance, settlement.Reversal{ID: first.ID, Reason: "错账"})
	fixture.Want(t, "what was partly given back", err, "amount OUT_OF_RANGE")
	_, err = w.service.Reverse(w.Finance, settlement.Reversal{ID: back.ID, Reason: "错账"})
	fixture.Want(t, "the refund", err)
	w.stands(t, "refund reversed", []int64{4000, 1000}, []int64{0, 5000})
	gone, err := w.service.Reverse(w.Finance, settlement.Reversal{ID: first.ID, Reason: "错账"})
	fixture.Want(t, "the payment", err)
	w.stands(t, "all reversed", []int64{0, 0}, []int64{4000, 6000})
	for name, id := range map[string]publicid.PaymentID{"twice": first.ID, "a reversal": gone.ID} {
		_, err = w.service.Reverse(w.Finance, settlement.Reversal{ID: id, Reason: "错账"})
		fixture.Want(t, name, err, "WRONG_STATE")
	}
}

// TestNamedInstalments takes shares as they are given; the rest is on account and goes back first.
func TestNamedInstalments(t *testing.T) {
	t.Parallel()
	w := open(t)
	record := func(r settlement.Receipt) error {
		r.ContractID, r.Method = w.contract, plan.Cash
		_, err := w.service.Record(w.Finance, r)
		return err
	}
	fixture.Want(t, "more than the entry", record(settlement.Receipt{Amount: yuan(5), Allocations: []*settlement.Allocation{{PlanLineID: w.lines[0], Amount: money.Whole(6)}}}),
		"allocations.0.amount INCONSISTENT")
	fixture.Want(t, "twice", record(settlement.Receipt{Amount: yuan(5), Allocations: []*settlement.Allocation{
		{PlanLineID: w.lines[0], Amount: money.Whole(1)}, {PlanLineID: w.lines[0], Amount: money.Whole(1)}}}), "allocations.1.planLineId DUPLICATE")
	fixture.Want(t, "no such", record(settlement.Receipt{Amount: yuan(5), Allocations: []*settlement.Allocation{
		{PlanLineID: publicid.NewPaymentPlanLineID(), Amount: money.Whole(1)}}}), "allocations.0.planLineId NOT_FOUND")
	fixture.Want(t, "another currency", record(settlement.Receipt{Amount: money.Input{Amount: money.Whole(1), Currency: "USD"}}), "amount INCONSISTENT")
	fixture.Want(t, "the second one", record(settlement.Receipt{Amount: yuan(30), Allocations: []*settlement.Allocation{{PlanLineID: w.lines[1], Amount: money.Whole(10)}}}))
	w.stands(t, "10 of 30 named", []int64{0, 1000}, []int64{0, 5000})
	_, err := w.refund(25)
	fixture.Want(t, "a refund", err)
	w.stands(t, "25 of 30 back", []int64{0, 500}, []int64{0, 5500})
}

// TestParallelPostingsKeepTheTotals posts fifty payments, refunds and reversals at once: every total is the sum of what
// it counts, and within bounds, whatever the order.
func TestParallelPostingsKeepTheTotals(t *testing.T) {
	t.Parallel()
	w := open(t)
	first, err := w.pay(10)
	fixture.Want(t, "a payment to reverse", err)
	allowed := [][]string{nil, {"amount OUT_OF_RANGE"}, {"WRONG_STATE"}}
	var g errgroup.Group
	for i := range 50 {
		g.Go(func() error {
			var err error
			switch i % 5 {
			case 0:
				_, err = w.refund(3)
			case 1:
				_, err = w.service.Reverse(w.Finance, settlement.Reversal{ID: first.ID, Reason: "错账"})
			default:
				_, err = w.pay(7)
			}
			if got := fixture.Faults(err); !slices.ContainsFunc(allowed, func(a []string) bool { return slices.Equal(a, got) }) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	sums := w.settled(t)
	if sums[0] < 0 || sums[0] > 4000 || sums[1] < 0 || sums[1] > 6000 {
		t.Errorf("settled %v", sums)
	}
	n, err := w.Client.Payment.Query().Where(payment.ReversalOfID(first.ID)).Count(w.Acme.Ctx)
	if err != nil || n > 1 {
		t.Errorf("reversed %d times, %v", n, err)
	}
}

// TestTheTablesRefuseWhatTheCodeWouldNot writes past the service.
func TestTheTablesRefuseWhatTheCodeWouldNot(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := w.Acme.Ctx
	for name, write := range map[string]func() error{
		"a contract beyond its amount": func() error { return w.Client.Contract.UpdateOneID(w.contract).SetSettledMinor(10001).Exec(ctx) },
		"more allocated than settled":  func() error { return w.Client.Contract.UpdateOneID(w.contract).SetAllocatedMinor(1).Exec(ctx) },
		"an instalment beyond its sum": func() error {
			return w.Client.PaymentPlanLine.UpdateOneID(w.lines[0]).SetSettledMinor(4001).SetState(plan.Paid).Exec(ctx)
		},
		"paid without money": func() error { return w.Client.PaymentPlanLine.UpdateOneID(w.lines[0]).SetState(plan.Paid).Exec(ctx) },
		"a vehicle by instalments": func() error {
			return w.Client.Contract.UpdateOneID(w.contract).SetKind(lifecycle.Vehicle).SetPaymentMode(plan.Instalments).Exec(ctx)
		},
	} {
		if err := write(); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestOutOfReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	p, err := w.pay(1)
	fixture.Want(t, "a payment", err)
	for name, c := range map[string]struct {
		ctx  context.Context
		want string
	}{"a seller": {w.Alice, "FORBIDDEN"}, "another tenant": {w.Stranger, "NOT_FOUND"}} {
		field := ""
		if c.want == "NOT_FOUND" {
			field = "contractId "
		}
		_, err := w.service.Refund(c.ctx, settlement.Refund{ContractID: w.contract, Amount: yuan(1), Method: plan.Cash})
		fixture.Want(t, name+" refunds", err, field+c.want)
		_, err = w.service.Reverse(c.ctx, settlement.Reversal{ID: p.ID, Reason: "x"})
		if got := fixture.Faults(err); len(got) != 1 {
			t.Errorf("%s reverses: %v", name, got)
		}
	}
}
