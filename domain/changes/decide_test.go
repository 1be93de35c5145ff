package changes_test

import (
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/changes"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tests/fixture"
)

// TestOneDecisionEach: however many decide at the same moment, one does.
func TestOneDecisionEach(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	o := w.submitted(t, changes.Draft{ContractID: c.ID, Changes: changes.Changes{Description: ptr("一次")}})
	results := make(chan error, 8)
	var g errgroup.Group
	for i := range cap(results) {
		g.Go(func() error {
			var err error
			if i%2 == 0 {
				_, err = w.changes.Approve(w.Manager, decision(o))
			} else {
				_, err = w.changes.Reject(w.Admin, decision(o))
			}
			results <- err
			return nil
		})
	}
	fixture.Want(t, "the race", g.Wait())
	close(results)
	decided := 0
	for err := range results {
		if err == nil {
			decided++
		} else if fault.KindOf(err) != fault.Conflict {
			t.Errorf("a loser of the race: %v", err)
		}
	}
	now, err := w.changes.Lookup(w.Manager, o.ID)
	fixture.Want(t, "read", err)
	if decided != 1 || !now.State.Decided() || now.Version != o.Version+1 {
		t.Errorf("%d decisions, the order is %+v", decided, now)
	}
}

// TestWhatIsBookedStays: a change neither drops nor cuts an instalment that money is booked on, today or on any day to come,
// and nobody decides on what they submitted.
func TestWhatIsBookedStays(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	first := w.plan(t, c.ID)[0].ID
	cut := changes.Changes{Amount: yuan(80), PaymentPlan: []*changes.Instalment{{PlanLineID: &first, Amount: ptr(money.Whole(20))}}}
	gone := changes.Changes{Amount: yuan(60), PaymentPlan: []*changes.Instalment{{PlanLineID: &first, Drop: ptr(true)}}}
	later := changes.Said{EffectiveOn: ptr(day("2026-08-01"))}
	var waiting []*ent.ChangeOrder
	for _, d := range []changes.Draft{{Changes: cut}, {Changes: gone}, {Changes: cut, Said: later}, {Changes: gone, Said: later}} {
		d.ContractID = c.ID
		waiting = append(waiting, w.submitted(t, d))
	}
	_, err := w.account.Record(w.Finance, settlement.Receipt{ContractID: c.ID, Amount: *yuan(30), Method: plan.BankTransfer})
	fixture.Want(t, "a payment", err)
	for i, want := range []fault.Code{fault.NotAllowed, fault.InUse, fault.NotAllowed, fault.InUse} {
		_, err := w.changes.Approve(w.Manager, decision(waiting[i]))
		if fault.KindOf(err) != fault.State || fault.All(err)[0].Code != want {
			t.Errorf("change %d: want %s, got %v", i, want, err)
		}
	}
	if _, err := w.changes.Approve(w.Alice, decision(waiting[0])); fault.KindOf(err) != fault.Denied {
		t.Errorf("without the permission: %v", err)
	}
	fits := changes.Changes{Amount: yuan(90), PaymentPlan: []*changes.Instalment{{PlanLineID: &first, Amount: ptr(money.Whole(30))}}}
	w.approved(t, changes.Draft{ContractID: c.ID, Changes: fits})
	if l := w.plan(t, c.ID)[0]; l.State != plan.Paid || l.AmountMinor != 3000 {
		t.Errorf("cut to what is booked: %+v", l)
	}
	same(t, "due", []string{"CONTRACT_END 2026-12-31", "PAYMENT_DUE 2026-09-01"}, w.due(t, c.ID))
}

// TestCorrectionsAreOnRecordToo: what is written without a change order is a version of its own, so that the days before
// stay what they were.
func TestCorrectionsAreOnRecordToo(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	w.on(t, "2026-06-20")
	_, err := w.contracts.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: c.Version, Reason: ptr("笔误"), Details: contracts.Details{Title: ptr("维保合同")}})
	fixture.Want(t, "a correction", err)
	v := w.versions(t, c.ID)
	if len(v) != 2 || v[1].Source != terms.FromCorrection || v[1].RecordID == nil || *v[1].EffectiveOn != day("2026-06-20") || v[1].Content.Title != "维保合同" {
		t.Fatalf("the versions are %+v", v)
	}
	for asOf, want := range map[string]string{"2026-06-19": "服务合同", "2026-06-20": "维保合同"} {
		then, err := w.changes.AsOf(w.Alice, c.ID, ptr(day(asOf)), nil)
		fixture.Want(t, "as of", err)
		if then.Title != want {
			t.Errorf("on %s it was called %s", asOf, then.Title)
		}
	}
	w.quiet(t, c.ID)
}

// TestAChangeOutlivesTheTermItExtends: a change that begins on the day after the term ends is applied before the term's end
// takes the contract down.
func TestAChangeOutlivesTheTermItExtends(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	w.approved(t, changes.Draft{ContractID: c.ID, Said: changes.Said{EffectiveOn: ptr(day("2027-01-01"))}, Changes: changes.Changes{EndsOn: ptr(day("2027-12-31"))}})
	w.on(t, "2027-01-01")
	if now := w.now(t, c.ID); now.Status != lifecycle.Active || *now.EndsOn != day("2027-12-31") {
		t.Errorf("the contract is %s until %s", now.Status, now.EndsOn)
	}
	w.on(t, "2028-01-01")
	if now := w.now(t, c.ID); now.Status != lifecycle.Expired {
		t.Errorf("the contract is %s", now.Status)
	}
	_, err := w.changes.Draft(w.Alice, changes.Draft{ContractID: c.ID, Reason: "太晚", Changes: changes.Changes{Description: ptr("x")}})
	if fault.KindOf(err) != fault.State {
		t.Errorf("a change of a contract that has ended: %v", err)
	}
}

// TestApprovalCoversTheChange: a contract that was approved and signed says, after an approved change, what was approved.
func TestApprovalCoversTheChange(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		print, err := w.contracts.Fingerprint(w.Acme.Ctx, tx, c)
		if err != nil {
			return err
		}
		return tx.Contract.UpdateOneID(c.ID).SetApprovedPrint(print).Exec(w.Acme.Ctx)
	})
	w.approved(t, changes.Draft{ContractID: c.ID, Said: changes.Said{Until: ptr(day("2026-06-30"))}, Changes: changes.Changes{Title: ptr("六月合同")}})
	valid := func(title string) {
		t.Helper()
		now := w.now(t, c.ID)
		approvals, err := w.contracts.ApprovalsOf(w.Alice, []*ent.Contract{now})
		fixture.Want(t, "the approval", err)
		if len(approvals) != 1 || now.Title != title || !approvals[0].Valid {
			t.Errorf("%s: %+v", now.Title, approvals)
		}
	}
	valid("六月合同")
	w.on(t, "2026-07-01")
	valid("服务合同")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	w.changes.Limits = changes.Limits{Open: 2, Evidence: 1}
	d := changes.Draft{ContractID: c.ID, Reason: "因此", Changes: changes.Changes{Title: ptr("新名")}}
	reached := func(what, field string, err error) {
		t.Helper()
		if all := fault.All(err); len(all) != 1 || all[0].Code != fault.LimitReached || !slices.Equal(all[0].Field, []string{field}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	full := d
	full.Evidence = []*document.Reference{{Title: "一"}, {Title: "二"}}
	_, err := w.changes.Draft(w.Alice, full)
	reached("too much evidence", "evidence", err)
	full.Evidence = full.Evidence[:1]
	o, err := w.changes.Draft(w.Alice, full)
	fixture.Want(t, "a change with evidence", err)
	_, err = w.changes.Edit(w.Alice, changes.Edit{ID: o.ID, ExpectedVersion: 1, Said: changes.Said{Evidence: full.Evidence}})
	reached("more evidence", "evidence", err)
	w.submitted(t, d)
	_, err = w.changes.Draft(w.Alice, d)
	reached("too many open", "contractId", err)
	_, err = w.changes.Withdraw(w.Alice, changes.Target{ID: o.ID, ExpectedVersion: 1})
	fixture.Want(t, "withdraw", err)
	w.submitted(t, d)
}
