package progress_test

import (
	"testing"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/progress"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// TestTheOverviewAddsUp: figures that were reckoned by hand.
func TestTheOverviewAddsUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	heavy := 3
	made, err := w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{
		{Kind: work.Delivery, Title: "一", PlannedOn: date.MustParse("2026-06-14"), PlannedQuantity: money.Whole(3), Weight: &heavy},
		{Kind: work.Delivery, Title: "二", PlannedOn: date.MustParse("2026-06-15"), PlannedQuantity: money.Whole(1)},
		{Kind: work.Acceptance, Title: "三", PlannedOn: date.MustParse("2026-06-20"), PlannedQuantity: money.Whole(2)},
		{Kind: work.Acceptance, Title: "四", PlannedOn: date.MustParse("2026-06-01"), PlannedQuantity: money.Whole(9)},
	}})
	fixture.Want(t, "plan", err)
	for i, q := range []string{"1", "1", "1"} {
		_, err := w.record(made[i].ID, q)
		fixture.Want(t, "work", err)
	}
	_, err = w.service.Cancel(w.Alice, progress.Target{ID: made[3].ID, ExpectedVersion: 1})
	fixture.Want(t, "cancel", err)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		for i, on := range []string{"2026-06-10", "2026-06-12", "2026-07-01"} {
			err := tx.PaymentPlanLine.Create().SetContractID(w.contract).SetPosition(i).SetDueOn(date.MustParse(on)).SetAmountMinor(3000).SetCurrency(money.CNY).Exec(w.Acme.Ctx)
			if err != nil {
				return err
			}
		}
		if err := tx.Milestone.Create().SetContractID(w.contract).SetTitle("验收会").SetDueOn(date.MustParse("2026-06-30")).Exec(w.Acme.Ctx); err != nil {
			return err
		}
		return tx.Contract.UpdateOneID(w.contract).SetSettledMinor(3333).Exec(w.Acme.Ctx)
	})
	o, err := w.service.Of(w.Manager, w.contract)
	fixture.Want(t, "an overview", err)
	// 3 × 1/3 + 1 × 1 + 1 × 1/2 of 5; deliveries 2 of 4; acceptances 1/2 of 1.
	if o.Percent.String() != "50" || o.Kinds[0].Percent.String() != "50" || o.Kinds[1].Percent.String() != "50" || len(o.Kinds) != 2 {
		t.Errorf("%s %% in all, %v, %v", o.Percent, o.Kinds[0], o.Kinds[1])
	}
	if k := o.Kinds[0]; k.Lines != 2 || k.Done != 1 || k.Overdue != 1 {
		t.Errorf("deliveries: %+v", k)
	}
	if k := o.Kinds[1]; k.Lines != 1 || k.Done != 0 || k.Overdue != 0 {
		t.Errorf("acceptances: %+v", k)
	}
	p := o.Payment
	if p.Percent.String() != "33.33" || p.Overdue.String() != "60.00 CNY" || p.OverdueInstalments != 2 || p.NextDueOn.String() != "2026-07-01" {
		t.Errorf("payment: %+v", p)
	}
	var steps []due.Kind
	for _, s := range o.NextSteps(nil) {
		steps = append(steps, s.Kind)
		if s.Overdue != (s.DaysLeft < 0) {
			t.Errorf("%s on %s has %d days and is overdue: %v", s.Kind, s.DueOn, s.DaysLeft, s.Overdue)
		}
	}
	want := []due.Kind{due.PaymentDue, due.PaymentDue, due.DeliveryDue, due.AcceptanceDue, due.MilestoneDue, due.PaymentDue}
	if len(steps) != len(want) {
		t.Fatalf("next are %v, want %v", steps, want)
	}
	for i := range want {
		if steps[i] != want[i] {
			t.Errorf("next are %v, want %v", steps, want)
		}
	}
	if n := 2; len(o.NextSteps(&n)) != 2 {
		t.Error("more steps than were asked for")
	}
	late, err := w.service.Overdue(w.Manager, o.Lines)
	fixture.Want(t, "overdue", err)
	for _, l := range o.Lines {
		if late[l.ID] != (l.Title == "一") {
			t.Errorf("%s is overdue: %v", l.Title, late[l.ID])
		}
	}
}

// TestADraftIsNeverOverdue: its dates do not stand, and neither do those of a contract that was terminated.
func TestADraftIsNeverOverdue(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-06-01")
	for _, s := range lifecycle.Statuses() {
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
			return tx.Contract.Update().Where(contract.ID(w.contract)).SetStatus(s).Exec(w.Acme.Ctx)
		})
		o, err := w.service.Of(w.Manager, w.contract)
		fixture.Want(t, "an overview", err)
		late, err := w.service.Overdue(w.Manager, o.Lines)
		fixture.Want(t, "overdue", err)
		if late[l.ID] != s.OwesObligations() || o.NextSteps(nil)[0].Overdue != s.OwesObligations() || (o.Kinds[0].Overdue == 1) != s.OwesObligations() {
			t.Errorf("in a contract that is %s the line is overdue: %v", s, late[l.ID])
		}
	}
}

func TestManyOverviewsAreLikeOneByOne(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.plan(t, work.Delivery, "2026-06-01")
	first := w.contract
	w.contract = w.agree(t, lifecycle.Signed)
	l := w.plan(t, work.Service, "2026-06-01")
	_, err := w.record(l.ID, "2.5")
	fixture.Want(t, "work", err)
	all, err := w.service.Overviews(w.Manager, []publicid.ContractID{first, w.contract, w.contract})
	fixture.Want(t, "overviews", err)
	got := map[publicid.ContractID]string{}
	for _, o := range all {
		got[o.Contract.ID] = o.Percent.String()
	}
	if len(all) != 2 || got[first] != "0" || got[w.contract] != "25" {
		t.Errorf("overviews: %v", got)
	}
}
