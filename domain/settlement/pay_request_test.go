package settlement_test

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement"
	"heyue/domain/settlement/payout"
	"heyue/domain/settlement/plan"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// paying is a world whose contract is payable; Alice asks, Manager decides, Finance pays.
func paying(t *testing.T) *world {
	t.Helper()
	w := open(t)
	w.service.Lister = w.Lister
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Contract.Update().Where(contract.ID(w.contract)).SetDirection(lifecycle.Payable).Exec(w.Acme.Ctx)
	})
	return w
}

func (w *world) ask(n int64) (*ent.PaymentRequest, error) {
	return w.service.RequestPayment(w.Alice, settlement.PayRequest{ContractID: w.contract, Amount: yuan(n), Method: plan.Cash, Payee: "云汇", Purpose: "货款"})
}

func (w *world) decide(ctx context.Context, r *ent.PaymentRequest, approve bool) (*ent.PaymentRequest, error) {
	return w.service.DecidePayment(ctx, settlement.PayDecision{ID: r.ID, ExpectedVersion: r.Version, Approve: approve, Opinion: ptr("意见")})
}

func (w *world) payOut(r *ent.PaymentRequest) (*ent.PaymentRequest, error) {
	return w.service.PayOut(w.Finance, settlement.Payout{ID: r.ID, ExpectedVersion: r.Version})
}

func TestOpenRequestsNeverAskForTheSameMoney(t *testing.T) {
	t.Parallel()
	w := paying(t)
	var g errgroup.Group
	for range 30 {
		g.Go(func() error {
			_, err := w.ask(7)
			if got := fixture.Faults(err); err != nil && !slices.Equal(got, []string{"amount OUT_OF_RANGE"}) {
				return err
			}
			return nil
		})
	}
	fixture.Want(t, "ask at once", g.Wait())
	list, err := w.service.PayRequests(w.Manager, page.Args{First: ptr(100)}, nil, nil)
	fixture.Want(t, "list", err)
	if len(list.Nodes()) != 14 {
		t.Fatalf("%d requests over 7 of 100 are open", len(list.Nodes()))
	}
	for _, r := range list.Nodes() {
		g.Go(func() error {
			approved, err := w.decide(w.Manager, r, true)
			if err != nil {
				return err
			}
			var twice errgroup.Group
			for range 2 {
				twice.Go(func() error {
					_, err := w.payOut(approved)
					if got := fixture.Faults(err); err != nil && !slices.Equal(got, []string{"expectedVersion VERSION_CONFLICT"}) {
						return err
					}
					return nil
				})
			}
			return twice.Wait()
		})
	}
	fixture.Want(t, "decide and pay at once", g.Wait())
	w.stands(t, "paid once each", []int64{4000, 5800}, []int64{0, 200})
	if _, err := w.ask(3); !slices.Equal(fixture.Faults(err), []string{"amount OUT_OF_RANGE"}) {
		t.Errorf("beyond the contract: %v", err)
	}
	if _, err := w.ask(2); err != nil {
		t.Errorf("the rest: %v", err)
	}
}

func TestWhatIsNotOpenIsNotSpokenFor(t *testing.T) {
	t.Parallel()
	w := paying(t)
	for name, end := range map[string]func(*ent.PaymentRequest) (*ent.PaymentRequest, error){
		"refused": func(r *ent.PaymentRequest) (*ent.PaymentRequest, error) { return w.decide(w.Manager, r, false) },
		"withdrawn": func(r *ent.PaymentRequest) (*ent.PaymentRequest, error) {
			return w.service.WithdrawPayment(w.Alice, settlement.PayRequestTarget{ID: r.ID, ExpectedVersion: r.Version})
		},
		"withdrawn after it was approved": func(r *ent.PaymentRequest) (*ent.PaymentRequest, error) {
			approved, err := w.decide(w.Manager, r, true)
			fixture.Want(t, "approve", err)
			return w.service.WithdrawPayment(w.Alice, settlement.PayRequestTarget{ID: r.ID, ExpectedVersion: approved.Version})
		},
	} {
		r, err := w.ask(100)
		fixture.Want(t, name, err)
		now, err := end(r)
		fixture.Want(t, name, err)
		if now.State.IsOpen() {
			t.Errorf("%s, it is %s", name, now.State)
		}
	}
}

func TestWhatMovedOnMeanwhileIsNotPaid(t *testing.T) {
	t.Parallel()
	w := paying(t)
	r, err := w.ask(100)
	fixture.Want(t, "ask", err)
	approved, err := w.decide(w.Manager, r, true)
	fixture.Want(t, "approve", err)
	_, err = w.pay(1) // the tenant does not want requests, so this is no request
	fixture.Want(t, "pay otherwise", err)
	if _, err := w.payOut(approved); !slices.Equal(fixture.Faults(err), []string{"WRONG_STATE"}) {
		t.Errorf("the account is full: %v", err)
	}
	w.stands(t, "nothing was booked", []int64{100, 0}, []int64{3900, 0})
}

func TestATenantMayWantEveryPaymentToBeAskedFor(t *testing.T) {
	t.Parallel()
	w := paying(t)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		s := settings.Default()
		s.PaymentRequestsRequired = true
		return tx.Tenant.Update().SetSettings(s).Exec(w.Acme.Ctx)
	})
	if _, err := w.pay(1); !slices.Equal(fixture.Faults(err), []string{"WRONG_STATE"}) {
		t.Errorf("without a request: %v", err)
	}
	r, err := w.ask(1)
	fixture.Want(t, "ask", err)
	approved, err := w.decide(w.Manager, r, true)
	fixture.Want(t, "approve", err)
	paid, err := w.payOut(approved)
	fixture.Want(t, "pay", err)
	if paid.State != payout.Paid || paid.PaymentID == nil {
		t.Errorf("paid, it is %v", paid)
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Contract.Update().Where(contract.ID(w.contract)).SetDirection(lifecycle.Receivable).Exec(w.Acme.Ctx)
	})
	_, err = w.pay(1)
	fixture.Want(t, "money that comes in needs no request", err)
}

func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	w := paying(t)
	me := fixture.Caller(t, w.Alice).UserID
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		rows := make([]*ent.PaymentRequestCreate, settlement.MaxOpenRequests)
		for i := range rows {
			rows[i] = tx.PaymentRequest.Create().SetContractID(w.contract).SetRequestedByID(me).SetContent(payout.Content{
				Amount: money.Of(1, money.CNY), WantedOn: date.MustParse("2026-07-01"), Allocations: []payout.Allocation{{LineID: publicid.NewPaymentPlanLineID(), Amount: money.Of(1, money.CNY)}},
			})
		}
		return tx.PaymentRequest.CreateBulk(rows...).Exec(w.Acme.Ctx)
	})
	if _, err := w.ask(1); !slices.Equal(fixture.Faults(err), []string{"LIMIT_REACHED"}) {
		t.Errorf("one more than may be: %v", err)
	}
}
