package settlement_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/contracts"
	"heyue/domain/numbers"
	"heyue/domain/settlement"
	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/payment"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// editing is a world whose plan can be corrected; Finance asks, Manager decides.
func editing(t *testing.T) *world {
	t.Helper()
	w := open(t)
	w.service.Lister = w.Lister
	w.service.Plans = &contracts.Service{
		Client: w.Client, Policies: w.Policies, Fields: w.Fields, Audit: w.Audit, Numbers: numbers.Counters{}, Lister: w.Lister, Clock: w.Clock,
		Obligations: alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}, Outbox: w.Outbox,
	}
	return w
}

func ptr[T any](v T) *T { return &v }

func whole(n int64) *money.Decimal { return ptr(money.Whole(n)) }

// moving asks to move sums between the two instalments.
func (w *world) moving(first, second int64) settlement.PlanEdit {
	return settlement.PlanEdit{ContractID: w.contract, Reason: "客户要求", Lines: []*settlement.Instalment{
		{PlanLineID: w.lines[0], Amount: whole(first), DueOn: ptr(date.MustParse("2026-07-15"))}, {PlanLineID: w.lines[1], Amount: whole(second)},
	}}
}

func (w *world) asked(t *testing.T, e settlement.PlanEdit) *ent.BillEdit {
	t.Helper()
	made, err := w.service.RequestPlanEdit(w.Finance, e)
	fixture.Want(t, "ask for a plan edit", err)
	return made
}

func (w *world) correcting(t *testing.T, e settlement.EntryEdit) *ent.BillEdit {
	t.Helper()
	e.Reason = "记错了"
	made, err := w.service.RequestEntryEdit(w.Finance, e)
	fixture.Want(t, "ask for a correction", err)
	return made
}

func yes(e *ent.BillEdit) settlement.BillDecision {
	return settlement.BillDecision{ID: e.ID, ExpectedVersion: e.Version, Approve: true}
}

func (w *world) agreed(t *testing.T, e *ent.BillEdit) *ent.BillEdit {
	t.Helper()
	now, err := w.service.DecideBillEdit(w.Manager, yes(e))
	fixture.Want(t, "agree", err)
	return now
}

func TestInstalmentsChangeWhenASecondPersonAgrees(t *testing.T) {
	t.Parallel()
	w := editing(t)
	_, err := w.pay(30)
	fixture.Want(t, "pay", err)
	e := w.asked(t, w.moving(50, 50))
	w.stands(t, "asked for", []int64{3000, 0}, []int64{1000, 0})
	now := w.agreed(t, e)
	if now.State != billedit.Approved || *now.DecidedByID != fixture.Caller(t, w.Manager).UserID || now.DecidedAt == nil || now.Version != 2 {
		t.Errorf("agreed to, it is %v", now)
	}
	w.stands(t, "agreed", []int64{3000, 0}, []int64{2000, 5000})
	l, err := w.Client.PaymentPlanLine.Get(w.Acme.Ctx, w.lines[0])
	fixture.Want(t, "the instalment", err)
	if l.DueOn != date.MustParse("2026-07-15") || l.AmountMinor != 5000 || l.State != plan.PartlyPaid {
		t.Errorf("the instalment is %v", l)
	}
	changes, err := w.Client.ContractChange.Query().All(w.Acme.Ctx)
	if err != nil || len(changes) != 1 || changes[0].Reason != "客户要求" {
		t.Errorf("on record are %v, %v", changes, err)
	}
	lower := w.asked(t, settlement.PlanEdit{ContractID: w.contract, Reason: "再改", Lines: []*settlement.Instalment{
		{PlanLineID: w.lines[0], Amount: whole(30)}, {PlanLineID: w.lines[1], Amount: whole(70)}}})
	w.agreed(t, lower)
	w.stands(t, "paid by a lower sum", []int64{3000, 0}, []int64{0, 7000})
}

func TestAnEntryIsReversedAndEnteredAnew(t *testing.T) {
	t.Parallel()
	w := editing(t)
	p, err := w.pay(100)
	fixture.Want(t, "pay", err)
	_, err = w.refund(60)
	fixture.Want(t, "give back", err)
	e := w.correcting(t, settlement.EntryEdit{PaymentID: p.ID, Amount: whole(90), Method: ptr(plan.BankTransfer), Reference: ptr(" 0042 "), PaidOn: ptr(date.MustParse("2026-06-12"))})
	if got := *e.After.Entry; got.Amount != money.Of(9000, money.CNY) || got.Reference != "0042" || len(got.Allocations) != 2 {
		t.Errorf("it shall be %v", got)
	}
	w.agreed(t, e) // to reverse 100 alone would leave less than was given back
	w.stands(t, "corrected", []int64{3000, 0}, []int64{1000, 6000})
	rows, err := w.Client.Payment.Query().Where(payment.ContractID(w.contract)).Order(ent.Asc(payment.FieldCreatedAt, payment.FieldID)).All(w.Acme.Ctx)
	fixture.Want(t, "entries", err)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s %d %s", r.Kind, r.AmountMinor, r.Note))
	}
	slices.Sort(got)
	if want := []string{"PAYMENT 10000 ", "PAYMENT 9000 ", "REFUND -6000 ", "REVERSAL -10000 记错了"}; !slices.Equal(got, want) {
		t.Errorf("the account has %q, want %q", got, want)
	}
	_, err = w.service.RequestEntryEdit(w.Finance, settlement.EntryEdit{PaymentID: p.ID, Amount: whole(80), Reason: "又错"})
	fixture.Want(t, "what was reversed", err, "WRONG_STATE")
}

func TestARefundIsCorrected(t *testing.T) {
	t.Parallel()
	w := editing(t)
	_, err := w.pay(100)
	fixture.Want(t, "pay", err)
	back, err := w.refund(20)
	fixture.Want(t, "give back", err)
	w.stands(t, "given back", []int64{4000, 4000}, []int64{0, 2000})
	w.agreed(t, w.correcting(t, settlement.EntryEdit{PaymentID: back.ID, Amount: whole(50),
		Allocations: []*settlement.Allocation{{PlanLineID: w.lines[0], Amount: money.Whole(10)}, {PlanLineID: w.lines[1], Amount: money.Whole(40)}}}))
	w.stands(t, "corrected", []int64{3000, 2000}, []int64{1000, 4000})
	other, err := w.service.RequestEntryEdit(w.Finance, settlement.EntryEdit{PaymentID: back.ID, Reason: "x", Note: ptr("y")})
	if fixture.Want(t, "the old one", err, "WRONG_STATE"); other != nil {
		t.Error("it was made all the same")
	}
}

// TestWhatWasOvertakenIsRefused changes under an edit what it is about.
func TestWhatWasOvertakenIsRefused(t *testing.T) {
	t.Parallel()
	w := editing(t)
	p, err := w.pay(10)
	fixture.Want(t, "pay", err)
	first, second := w.asked(t, w.moving(50, 50)), w.asked(t, w.moving(30, 70))
	entry := w.correcting(t, settlement.EntryEdit{PaymentID: p.ID, Amount: whole(20)})
	w.agreed(t, first)
	_, err = w.service.DecideBillEdit(w.Manager, yes(second))
	fixture.Want(t, "an instalment that changed", err, "WRONG_STATE")
	if got := fault.All(err)[0].Message; !strings.Contains(got, "instalment 1 changed") || !strings.Contains(got, "due date was 2026-07-01 and is 2026-07-15, amount was") {
		t.Errorf("it says %q", got)
	}
	_, err = w.service.Reverse(w.Finance, settlement.Reversal{ID: p.ID, Reason: "错"})
	fixture.Want(t, "reverse", err)
	_, err = w.service.DecideBillEdit(w.Manager, yes(entry))
	fixture.Want(t, "an entry that was reversed", err, "WRONG_STATE")
	third := w.asked(t, settlement.PlanEdit{ContractID: w.contract, Reason: "x", Lines: []*settlement.Instalment{
		{PlanLineID: w.lines[0], Amount: whole(20)}, {PlanLineID: w.lines[1], Amount: whole(80)}}})
	_, err = w.pay(40)
	fixture.Want(t, "pay", err)
	_, err = w.service.DecideBillEdit(w.Manager, yes(third))
	fixture.Want(t, "an instalment that was paid", err, "WRONG_STATE")
	w.stands(t, "all refused", []int64{4000, 0}, []int64{1000, 5000})
	for _, e := range []*ent.BillEdit{second, entry, third} {
		now, err := w.service.BillEdit(w.Finance, e.ID)
		if err != nil || now.State != billedit.Pending || now.Version != 1 {
			t.Errorf("it is %v, %v", now, err)
		}
	}
}

func TestWhatABillEditRefuses(t *testing.T) {
	t.Parallel()
	w := editing(t)
	p, err := w.pay(50)
	fixture.Want(t, "pay", err)
	gone, err := w.service.Reverse(w.Finance, settlement.Reversal{ID: p.ID, Reason: "错"})
	fixture.Want(t, "reverse", err)
	p, err = w.pay(50)
	fixture.Want(t, "pay", err)
	e := w.asked(t, w.moving(50, 50))
	done := w.asked(t, w.moving(45, 55))
	done, err = w.service.WithdrawBillEdit(w.Finance, settlement.BillEditTarget{ID: done.ID, ExpectedVersion: 1})
	fixture.Want(t, "withdraw", err)
	lines := func(ctx context.Context, edit func(*settlement.PlanEdit)) func() error {
		return func() error {
			in := w.moving(50, 50)
			edit(&in)
			_, err := w.service.RequestPlanEdit(ctx, in)
			return err
		}
	}
	entry := func(in settlement.EntryEdit) func() error {
		return func() error {
			in.Reason = "错"
			_, err := w.service.RequestEntryEdit(w.Finance, in)
			return err
		}
	}
	decide := func(ctx context.Context, d settlement.BillDecision) func() error {
		return func() error { _, err := w.service.DecideBillEdit(ctx, d); return err }
	}
	for what, test := range map[string]struct {
		call func() error
		want []string
	}{
		"nothing said":         {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines, in.Reason = nil, "" }), []string{"lines REQUIRED", "reason REQUIRED"}},
		"twice":                {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines[1].PlanLineID = w.lines[0] }), []string{"lines.1.planLineId DUPLICATE"}},
		"nothing changed":      {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines = []*settlement.Instalment{{PlanLineID: w.lines[0]}} }), []string{"lines INCONSISTENT"}},
		"an unknown line":      {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines[0].PlanLineID = publicid.NewPaymentPlanLineID() }), []string{"lines.0.planLineId NOT_FOUND"}},
		"less than settled":    {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines[0].Amount, in.Lines[1].Amount = whole(39), whole(61) }), []string{"lines.0.amount OUT_OF_RANGE"}},
		"more than agreed":     {lines(w.Finance, func(in *settlement.PlanEdit) { in.Lines[1].Amount = whole(51) }), []string{"lines INCONSISTENT"}},
		"by sales":             {lines(w.Alice, func(*settlement.PlanEdit) {}), []string{"FORBIDDEN"}},
		"by another tenant":    {lines(w.Stranger, func(*settlement.PlanEdit) {}), []string{"contractId NOT_FOUND"}},
		"a reversal":           {entry(settlement.EntryEdit{PaymentID: gone.ID, Amount: whole(1)}), []string{"WRONG_STATE"}},
		"as it is":             {entry(settlement.EntryEdit{PaymentID: p.ID, Amount: whole(50)}), []string{"paymentId INCONSISTENT"}},
		"beyond the contract":  {entry(settlement.EntryEdit{PaymentID: p.ID, Amount: whole(101)}), []string{"amount OUT_OF_RANGE"}},
		"tomorrow":             {entry(settlement.EntryEdit{PaymentID: p.ID, PaidOn: ptr(date.MustParse("2026-06-16"))}), []string{"paidOn OUT_OF_RANGE"}},
		"more than it is":      {entry(settlement.EntryEdit{PaymentID: p.ID, Allocations: []*settlement.Allocation{{PlanLineID: w.lines[1], Amount: money.Whole(51)}}}), []string{"allocations.0.amount INCONSISTENT"}},
		"one's own":            {decide(w.Finance, yes(e)), []string{"id NOT_ALLOWED"}},
		"refused without word": {decide(w.Manager, settlement.BillDecision{ID: e.ID, ExpectedVersion: 1}), []string{"opinion REQUIRED"}},
		"stale":                {decide(w.Manager, settlement.BillDecision{ID: e.ID, ExpectedVersion: 9, Approve: true}), []string{"expectedVersion VERSION_CONFLICT"}},
		"another tenant's":     {decide(w.Stranger, yes(e)), []string{"id NOT_FOUND"}},
		"without a role":       {decide(w.Nobody, yes(e)), []string{"FORBIDDEN"}},
		"what was withdrawn":   {decide(w.Manager, yes(done)), []string{"WRONG_STATE"}},
		"somebody else's back": {func() error {
			_, err := w.service.WithdrawBillEdit(w.Admin, settlement.BillEditTarget{ID: e.ID, ExpectedVersion: 1})
			return err
		}, []string{"id NOT_ALLOWED"}},
	} {
		fixture.Want(t, what, test.call(), test.want...)
	}
	w.stands(t, "all refused", []int64{4000, 1000}, []int64{0, 5000})
	no, err := w.service.DecideBillEdit(w.Manager, settlement.BillDecision{ID: e.ID, ExpectedVersion: 1, Opinion: ptr("不必")})
	if fixture.Want(t, "refuse", err); no.State != billedit.Rejected || no.Opinion != "不必" {
		t.Errorf("refused, it is %v", no)
	}
}

// TestTwoDecidersDecideOnce has eight people decide the same moment, half against.
func TestTwoDecidersDecideOnce(t *testing.T) {
	t.Parallel()
	w := editing(t)
	e := w.asked(t, w.moving(50, 50))
	var g errgroup.Group
	won := make([]bool, 8)
	for n := range won {
		g.Go(func() error {
			ctx := w.Manager
			if n%2 == 1 {
				ctx = w.Admin
			}
			_, err := w.service.DecideBillEdit(ctx, settlement.BillDecision{ID: e.ID, ExpectedVersion: 1, Approve: n%4 < 2, Opinion: ptr("看过")})
			if won[n] = err == nil; fault.KindOf(err) == fault.Conflict {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := len(slices.DeleteFunc(won, func(ok bool) bool { return !ok })); n != 1 {
		t.Errorf("%d decided", n)
	}
	now, err := w.service.BillEdit(w.Finance, e.ID)
	fixture.Want(t, "read", err)
	l, err := w.Client.PaymentPlanLine.Get(w.Acme.Ctx, w.lines[0])
	fixture.Want(t, "the instalment", err)
	if (l.AmountMinor == 5000) != (now.State == billedit.Approved) || now.Version != 2 {
		t.Errorf("it is %s and the instalment %d", now.State, l.AmountMinor)
	}
}

// TestEditsAmongPostings decides on edits while fifty postings run: whatever wins, every total is the sum of what it counts
// and the plan makes up the contract.
func TestEditsAmongPostings(t *testing.T) {
	t.Parallel()
	w := editing(t)
	p, err := w.pay(20)
	fixture.Want(t, "pay", err)
	edits := []*ent.BillEdit{
		w.asked(t, w.moving(45, 55)), w.asked(t, w.moving(60, 40)), w.correcting(t, settlement.EntryEdit{PaymentID: p.ID, Amount: whole(25)}),
		w.correcting(t, settlement.EntryEdit{PaymentID: p.ID, Amount: whole(5)}),
	}
	var g errgroup.Group
	g.SetLimit(12)
	for n := range 50 {
		if n%12 == 0 && n/12 < len(edits) {
			g.Go(func() error { _, err := w.service.DecideBillEdit(w.Manager, yes(edits[n/12])); return business(err) })
		}
		g.Go(func() error {
			if n%3 == 0 {
				_, err := w.refund(1)
				return business(err)
			}
			_, err := w.pay(2)
			return business(err)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	w.settled(t)
	rows, err := w.Client.PaymentPlanLine.Query().All(w.Acme.Ctx)
	fixture.Want(t, "the plan", err)
	var total int64
	for _, l := range rows {
		total += l.AmountMinor
	}
	if total != 10000 {
		t.Errorf("the plan adds up to %d", total)
	}
	done := 0
	for _, e := range edits {
		now, err := w.service.BillEdit(w.Finance, e.ID)
		fixture.Want(t, "read", err)
		if now.State == billedit.Approved {
			done++
		}
	}
	if done == 0 || done > 2 { // of each pair at most one
		t.Errorf("%d edits took effect", done)
	}
}

// business lets pass what an account that is full or empty refuses.
func business(err error) error {
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.State) {
		return nil
	}
	return err
}

func TestBillEditsAreListedToWhoSeesTheContract(t *testing.T) {
	t.Parallel()
	w := editing(t)
	var want []publicid.BillEditID
	for n := range int64(3) {
		want = append(want, w.asked(t, w.moving(50+n, 50-n)).ID)
	}
	for who, test := range map[string]struct {
		ctx  context.Context
		want []publicid.BillEditID
	}{"finance": {w.Finance, want}, "the owner": {w.Alice, want}, "a colleague": {w.Bob, nil}, "a stranger": {w.Stranger, nil}} {
		forwards, backwards := fixture.Walk(t, 2, func(args page.Args) (*settlement.BillEditList, error) {
			return w.service.BillEdits(test.ctx, args, &settlement.BillEditFilter{State: []billedit.State{billedit.Pending}}, nil)
		})
		for _, got := range [][]*ent.BillEdit{forwards, backwards} {
			var ids []publicid.BillEditID
			for _, e := range got {
				ids = append(ids, e.ID)
			}
			slices.SortFunc(ids, func(a, b publicid.BillEditID) int { return strings.Compare(a.String(), b.String()) })
			if !slices.Equal(ids, test.want) {
				t.Errorf("%s sees %v, want %v", who, ids, test.want)
			}
		}
	}
}
