package progress_test

import (
	"strings"
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/progress"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestThePlanOfALineChanges(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-07-01")
	_, err := w.record(l.ID, "4")
	fixture.Want(t, "work", err)
	later, title, unit, weight := date.MustParse("2026-09-01"), " 货二 ", "台", 7
	old, err := w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: l.Version, PlannedOn: &later})
	fixture.Want(t, "a stale version", err, "expectedVersion VERSION_CONFLICT")
	if old == nil || old.Version != 2 {
		t.Fatalf("the line as it is: %v", old)
	}
	now, err := w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: 2, PlannedOn: &later, Title: &title, Unit: &unit, Weight: &weight})
	fixture.Want(t, "another plan", err)
	if now.Title != "货二" || now.Unit != "台" || now.Weight != 7 || now.PlannedOn != later || now.State != work.Started {
		t.Errorf("the line is %v", now)
	}
	if o := w.due(t, l); o.DueOn != later || o.Title != "销售合同 · 货二" {
		t.Errorf("asked for %v", o)
	}
	less, done := money.MustDecimal("3.9999"), money.Whole(4)
	_, err = w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: 3, PlannedQuantity: &less})
	fixture.Want(t, "less than is done", err, "plannedQuantity OUT_OF_RANGE")
	_, err = w.service.Cancel(w.Alice, progress.Target{ID: l.ID, ExpectedVersion: 3})
	fixture.Want(t, "cancel with work", err, "IN_USE")
	now, err = w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: 3, PlannedQuantity: &done})
	fixture.Want(t, "what is done", err)
	if now.State != work.Done || now.DoneOn == nil || w.due(t, l) != nil {
		t.Errorf("the line is %v, asked for %v", now, w.due(t, l))
	}
	more := money.Whole(5)
	now, err = w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: 4, PlannedQuantity: &more})
	fixture.Want(t, "more again", err)
	if now.State != work.Started || now.DoneOn != nil || w.due(t, l) == nil {
		t.Errorf("the line is %v", now)
	}
	gone := w.plan(t, work.Acceptance, "2026-07-01")
	now, err = w.service.Cancel(w.Alice, progress.Target{ID: gone.ID, ExpectedVersion: 1})
	fixture.Want(t, "cancel", err)
	if now.State != work.Cancelled || w.due(t, gone) != nil {
		t.Errorf("the line is %v", now)
	}
	for what, err := range map[string]error{
		"work on it": func() error { _, err := w.record(gone.ID, "1"); return err }(),
		"a new plan": func() error {
			_, err := w.service.Update(w.Alice, progress.Change{ID: gone.ID, ExpectedVersion: 2})
			return err
		}(),
		"again": func() error {
			_, err := w.service.Cancel(w.Alice, progress.Target{ID: gone.ID, ExpectedVersion: 2})
			return err
		}(),
	} {
		fixture.Want(t, what, err, "WRONG_STATE")
	}
	w.consistent(t)
}

func TestWhatIsPlannedIsChecked(t *testing.T) {
	t.Parallel()
	w := open(t)
	long, none, heavy := strings.Repeat("x", 61), 0, work.MaxWeight+1
	_, err := w.service.Add(w.Alice, progress.Addition{ContractID: w.contract})
	fixture.Want(t, "no lines", err, "lines REQUIRED")
	_, err = w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{
		{Kind: "GIFT", Unit: &long, Weight: &none},
		{Kind: work.Service, Title: strings.Repeat("长", 301), PlannedOn: date.MustParse("2026-07-01"), PlannedQuantity: money.Whole(-1), Weight: &heavy},
	}})
	fixture.Want(t, "everything wrong", err, "lines.0.kind UNKNOWN_VALUE", "lines.0.title REQUIRED", "lines.0.plannedOn REQUIRED",
		"lines.0.plannedQuantity OUT_OF_RANGE", "lines.0.unit TOO_LONG", "lines.0.weight OUT_OF_RANGE",
		"lines.1.title TOO_LONG", "lines.1.plannedQuantity OUT_OF_RANGE", "lines.1.weight OUT_OF_RANGE")
	empty, zero := " ", money.Whole(0)
	_, err = w.service.Update(w.Alice, progress.Change{ID: publicid.NewProgressLineID(), Title: &empty, PlannedQuantity: &zero, PlannedOn: &date.Date{}, Unit: &long, Weight: &none})
	fixture.Want(t, "a change with everything wrong", err, "title REQUIRED", "plannedQuantity OUT_OF_RANGE", "plannedOn REQUIRED", "unit TOO_LONG", "weight OUT_OF_RANGE")
	for _, s := range lifecycle.Statuses() {
		w.contract = w.agree(t, s)
		_, err := w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{
			{Kind: work.Delivery, Title: "货", PlannedOn: date.MustParse("2026-07-01"), PlannedQuantity: money.Whole(1)}}})
		switch s {
		case lifecycle.Completed, lifecycle.Terminated, lifecycle.Renewed, lifecycle.Rejected, lifecycle.Withdrawn:
			fixture.Want(t, "a plan for a contract that is "+string(s), err, "WRONG_STATE")
		default:
			fixture.Want(t, "a plan for a contract that is "+string(s), err)
		}
	}
	w.consistent(t)
}

func TestLinesAreLimited(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.service.Lines = 2
	l := w.plan(t, work.Delivery, "2026-07-01")
	_, err := w.service.Cancel(w.Alice, progress.Target{ID: l.ID, ExpectedVersion: 1})
	fixture.Want(t, "cancel", err)
	one := &progress.Line{Kind: work.Delivery, Title: "货", PlannedOn: l.PlannedOn, PlannedQuantity: money.Whole(1)}
	_, err = w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{one, one}})
	fixture.Want(t, "two more", err, "lines LIMIT_REACHED")
	_, err = w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{one}})
	fixture.Want(t, "one more", err)
}

func TestGoodsArePlanned(t *testing.T) {
	t.Parallel()
	w := open(t)
	days, far := 5, progress.MaxAcceptanceDays+1
	_, err := w.service.Generate(w.Alice, progress.Generation{ContractID: w.contract})
	fixture.Want(t, "no goods", err, "WRONG_STATE")
	_, err = w.service.Generate(w.Alice, progress.Generation{ContractID: w.contract, AcceptanceAfterDays: &far})
	fixture.Want(t, "too far", err, "acceptanceAfterDays OUT_OF_RANGE")
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		for i, item := range []struct {
			what, model string
			on          *date.Date
			worth       int64
			quantity    money.Decimal
		}{{"压路机", "XS223", at("2026-07-10"), 7500, money.Whole(3)}, {"滤芯", "", nil, 2500, money.MustDecimal("0.5")}, {"赠品", "", nil, 0, money.Whole(0)}} {
			err := tx.ContractLine.Create().SetContractID(w.contract).SetPosition(i).SetDescription(item.what).SetModel(item.model).SetQuantity(item.quantity).
				SetUnit("台").SetUnitPrice(money.Whole(1)).SetAmountMinor(item.worth).SetNillableDeliveryOn(item.on).Exec(w.Acme.Ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	made, err := w.service.Generate(w.Alice, progress.Generation{ContractID: w.contract, On: at("2026-08-01"), AcceptanceAfterDays: &days})
	fixture.Want(t, "plan the goods", err)
	want := []struct {
		kind   work.Kind
		title  string
		on     string
		of     string
		weight int
	}{
		{work.Delivery, "压路机 XS223", "2026-07-10", "3", 7500}, {work.Delivery, "滤芯", "2026-08-01", "0.5", 2500},
		{work.Acceptance, "压路机 XS223", "2026-07-15", "3", 7500}, {work.Acceptance, "滤芯", "2026-08-06", "0.5", 2500},
	}
	if len(made) != len(want) {
		t.Fatalf("%d lines are planned, want %d", len(made), len(want))
	}
	for i, x := range want {
		l := made[i]
		if l.Kind != x.kind || l.Title != x.title || l.PlannedOn.String() != x.on || l.PlannedQuantity.String() != x.of || l.Weight != x.weight || l.Unit != "台" {
			t.Errorf("line %d is %v", i, l)
		}
		if o := w.due(t, l); o == nil || o.DueOn != l.PlannedOn {
			t.Errorf("line %d is asked for as %v", i, o)
		}
	}
	_, err = w.service.Generate(w.Alice, progress.Generation{ContractID: w.contract})
	fixture.Want(t, "a second time", err, "IN_USE")
	for _, l := range made {
		_, err := w.service.Cancel(w.Alice, progress.Target{ID: l.ID, ExpectedVersion: 1})
		fixture.Want(t, "cancel", err)
	}
	made, err = w.service.Generate(w.Alice, progress.Generation{ContractID: w.contract})
	fixture.Want(t, "anew, without a day", err)
	if len(made) != 2 || made[1].PlannedOn.String() != "2026-12-31" {
		t.Errorf("planned anew: %v", made)
	}
	w.consistent(t)
}

func at(s string) *date.Date {
	d := date.MustParse(s)
	return &d
}
