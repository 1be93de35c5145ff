package contracts_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/numbers"
	"heyue/domain/settlement"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/obligation"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	service  *contracts.Service
	account  *settlement.Service
	customer publicid.CustomerID
}

func open(t *testing.T) world {
	t.Helper()
	c := fixture.NewCompany(t)
	w := world{Company: c, service: &contracts.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Numbers: numbers.Counters{}, Fields: c.Fields, Lister: c.Lister, Clock: c.Clock,
		Obligations: alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock},
		Outbox:      c.Outbox,
	}}
	w.account = &settlement.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Plans: w.service,
		Obligations: alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock},
	}
	alice := fixture.Caller(t, c.Alice).UserID
	w.Write(t, c.Acme.Ctx, func(tx *ent.Tx) error {
		made, err := tx.Customer.Create().SetName("云汇").SetCode("C1").SetOwnerID(alice).SetDepartmentID(c.City).Save(c.Acme.Ctx)
		if err == nil {
			w.customer = made.ID
		}
		return err
	})
	return w
}

func ptr[T any](v T) *T { return &v }

func (w world) draft() contracts.Draft {
	return contracts.Draft{Kind: lifecycle.Sales, Details: contracts.Details{Title: ptr("销售合同"), CustomerID: &w.customer}}
}

// running is a contract in force with an end and two instalments.
func (w world) running() contracts.Draft {
	d := w.draft()
	d.Registered = ptr(true)
	d.SignedOn, d.EffectiveOn, d.EndsOn = ptr(date.MustParse("2026-06-01")), ptr(date.MustParse("2026-06-01")), ptr(date.MustParse("2026-12-31"))
	d.Amount = &money.Input{Amount: money.Whole(100), Currency: money.CNY}
	d.PaymentPlan = []*contracts.Instalment{
		{DueOn: date.MustParse("2026-07-01"), Amount: money.Whole(40)}, {DueOn: date.MustParse("2026-09-01"), Amount: money.Whole(60)},
	}
	return d
}

// TestNumbersHaveNoGaps makes contracts at once, every third of which fails after it took its number.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	w := open(t)
	var g errgroup.Group
	for i := range 24 {
		g.Go(func() error {
			d := w.draft()
			if i%3 == 0 { // refused by the composite key, when the number is taken already
				d.Parties = []*contracts.Party{{Name: "谁", CustomerID: ptr(publicid.NewCustomerID())}}
			}
			_, err := w.service.Create(w.Alice, d)
			if (err != nil) != (i%3 == 0) {
				return fmt.Errorf("contract %d: %w", i, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	made, err := w.Client.Contract.Query().Order(ent.Asc(contract.FieldNumber)).Select(contract.FieldNumber).Strings(w.Acme.Ctx)
	if err != nil || len(made) != 16 {
		t.Fatalf("%d contracts, %v", len(made), err)
	}
	for i, number := range made {
		if want := fmt.Sprintf("%s%0*d", number[:len(number)-5], 5, i+1); number != want {
			t.Errorf("number %d is %s, not %s", i, number, want)
		}
	}
}

// open lists the open obligations of a contract as "KIND date".
func (w world) open(t *testing.T, id publicid.ContractID) []string {
	t.Helper()
	rows, err := w.Client.Obligation.Query().Where(obligation.ContractID(id), obligation.StateEQ(due.Open)).All(w.Acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(rows))
	for i, o := range rows {
		out[i] = string(o.Kind) + " " + o.DueOn.String()
	}
	slices.Sort(out)
	return out
}

func TestObligationsFollowTheContract(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, w.running())
	fixture.Want(t, "create", err)
	check := func(what string, want ...string) {
		t.Helper()
		if got := w.open(t, c.ID); !slices.Equal(got, want) {
			t.Errorf("%s: open are %q, want %q", what, got, want)
		}
	}
	check("made", "CONTRACT_END 2026-12-31", "PAYMENT_DUE 2026-07-01", "PAYMENT_DUE 2026-09-01")

	c, err = w.service.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: c.Version, Reason: ptr("延期"), Details: contracts.Details{EndsOn: ptr(date.MustParse("2027-03-31"))}})
	fixture.Want(t, "extend", err)
	check("extended", "CONTRACT_END 2027-03-31", "PAYMENT_DUE 2026-07-01", "PAYMENT_DUE 2026-09-01")

	first, err := w.Client.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID), paymentplanline.Position(0)).Only(w.Acme.Ctx)
	fixture.Want(t, "the first instalment", err)
	pay := func(amount int64) error {
		_, err := w.account.Record(w.Admin, settlement.Receipt{ContractID: c.ID, PlanLineID: &first.ID, Method: plan.Cash,
			Amount: money.Input{Amount: money.Whole(amount), Currency: money.CNY}})
		return err
	}
	fixture.Want(t, "a part", pay(15))
	check("partly paid", "CONTRACT_END 2027-03-31", "PAYMENT_DUE 2026-07-01", "PAYMENT_DUE 2026-09-01")
	fixture.Want(t, "too much", pay(26), "amount OUT_OF_RANGE")
	fixture.Want(t, "the rest", pay(25))
	check("paid", "CONTRACT_END 2027-03-31", "PAYMENT_DUE 2026-09-01")

	now, err := w.service.Lookup(w.Alice, c.ID)
	fixture.Want(t, "look up", err)
	now, err = w.service.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: now.Version, Reason: ptr("无固定期限"), Clear: []contracts.Clearable{contracts.ClearEndsOn}})
	fixture.Want(t, "without an end", err)
	check("without an end", "PAYMENT_DUE 2026-09-01")
	_, err = w.service.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: now.Version, Reason: ptr("重排"), Details: contracts.Details{
		PaymentPlan: []*contracts.Instalment{{DueOn: date.MustParse("2026-08-01"), Amount: money.Whole(100)}}}})
	fixture.Want(t, "replace a plan with money on it", err, "paymentPlan IN_USE")
	check("plan kept", "PAYMENT_DUE 2026-09-01")
}

// TestDraftsRemindNobody: what binds nobody owes nothing.
func TestDraftsRemindNobody(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.running()
	d.Registered = nil
	c, err := w.service.Create(w.Alice, d)
	fixture.Want(t, "create", err)
	if got := w.open(t, c.ID); len(got) != 0 {
		t.Errorf("a draft owes %q", got)
	}
}

// TestParallelPaymentsNeverExceedThePlan books fifty payments of 1 at once on an instalment of 40.
func TestParallelPaymentsNeverExceedThePlan(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, w.running())
	fixture.Want(t, "create", err)
	line, err := w.Client.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID), paymentplanline.Position(0)).Only(w.Acme.Ctx)
	fixture.Want(t, "the first instalment", err)
	var g errgroup.Group
	for range 50 {
		g.Go(func() error {
			_, err := w.account.Record(w.Admin, settlement.Receipt{ContractID: c.ID, PlanLineID: &line.ID, Method: plan.Cash,
				Amount: money.Input{Amount: money.Whole(1), Currency: money.CNY}})
			if got := fixture.Faults(err); err != nil && !slices.Equal(got, []string{"amount OUT_OF_RANGE"}) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	now, err := w.Client.Contract.Get(w.Acme.Ctx, c.ID)
	fixture.Want(t, "the contract", err)
	line, err = w.Client.PaymentPlanLine.Get(w.Acme.Ctx, line.ID)
	fixture.Want(t, "the instalment", err)
	if now.SettledMinor != 4000 || line.SettledMinor != 4000 || line.State != plan.Paid {
		t.Errorf("settled %d on the contract, %d on the instalment, which is %s", now.SettledMinor, line.SettledMinor, line.State)
	}
}

func TestOutOfReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, w.running())
	fixture.Want(t, "create", err)
	for name, ctx := range map[string]context.Context{"a colleague": w.Bob, "another tenant": w.Stranger} {
		if got, err := w.service.Lookup(ctx, c.ID); got != nil || err != nil {
			t.Errorf("%s sees %v, %v", name, got, err)
		}
		_, err := w.service.Update(ctx, contracts.Change{ID: c.ID, ExpectedVersion: 1, Reason: ptr("x"), Details: contracts.Details{Title: ptr("x")}})
		fixture.Want(t, name+" changes it", err, "id NOT_FOUND")
	}
}
