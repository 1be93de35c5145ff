package progress_test

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/progress"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/progressentry"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// TestALineAndItsReminder takes a line from its plan to its end and back; after each step its reminder is the right one.
func TestALineAndItsReminder(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-07-01")
	o := w.due(t, l)
	if o == nil || o.DueOn != l.PlannedOn || o.Title != "销售合同 · 货" || *o.ContractID != w.contract {
		t.Fatalf("planned, and asked for %v", o)
	}
	_, err := w.record(l.ID, "4.5")
	fixture.Want(t, "a part", err)
	if now := w.line(t, l.ID); now.State != work.Started || now.DoneOn != nil || w.due(t, l) == nil {
		t.Errorf("a part is done: %v", now)
	}
	_, err = w.record(l.ID, "5.5001")
	fixture.Want(t, "beyond the plan", err, "quantity OUT_OF_RANGE")
	early := date.MustParse("2026-05-01")
	last, err := w.service.Record(w.Alice, progress.Work{LineID: l.ID, Quantity: money.MustDecimal("5.5"), HappenedOn: &early})
	fixture.Want(t, "the rest", err)
	if now := w.line(t, l.ID); now.State != work.Done || now.DoneOn.String() != "2026-06-15" || w.due(t, l) != nil {
		t.Errorf("all is done: %v, asked for %v", now, w.due(t, l))
	}
	back, err := w.service.Reverse(w.Manager, progress.Reversal{ID: last.ID, Reason: "错录"})
	fixture.Want(t, "a reversal", err)
	if now := w.line(t, l.ID); now.State != work.Started || now.DoneOn != nil || w.due(t, l) == nil || back.Note != "错录" {
		t.Errorf("reversed: %v", now)
	}
	for name, id := range map[string]publicid.ProgressEntryID{"twice": last.ID, "a reversal": back.ID} {
		_, err = w.service.Reverse(w.Manager, progress.Reversal{ID: id, Reason: "错录"})
		fixture.Want(t, name, err, "WRONG_STATE")
	}
	w.consistent(t)
}

// TestParallelPostingsStayWithinThePlan posts fifty times at once, while others reverse: what is done never goes beyond the
// plan, is the sum of the entries, and nothing is reversed twice.
func TestParallelPostingsStayWithinThePlan(t *testing.T) {
	t.Parallel()
	w := open(t)
	l, other := w.plan(t, work.Delivery, "2026-07-01"), w.plan(t, work.Acceptance, "2026-08-01")
	first, err := w.record(l.ID, "1")
	fixture.Want(t, "work to reverse", err)
	allowed := [][]string{nil, {"quantity OUT_OF_RANGE"}, {"WRONG_STATE"}}
	var g errgroup.Group
	for i := range 50 {
		g.Go(func() error {
			var err error
			switch i % 5 {
			case 0:
				_, err = w.service.Reverse(w.Manager, progress.Reversal{ID: first.ID, Reason: "错录"})
			case 1:
				_, err = w.record(other.ID, "0.7")
			default:
				_, err = w.record(l.ID, "0.7")
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
	w.consistent(t)
	n, err := w.Client.ProgressEntry.Query().Where(progressentry.ReversalOfID(first.ID)).Count(w.Acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("reversed %d times, %v", n, err)
	}
	if got := w.line(t, l.ID).ActualQuantity; got.Cmp(money.MustDecimal("9.1")) < 0 { // thirty wanted 21 in all
		t.Errorf("only %s of 10 was taken", got)
	}
	if got := w.line(t, other.ID).ActualQuantity; !got.Equal(money.Whole(7)) {
		t.Errorf("%s was taken of the other line, want 7", got)
	}
}

// TestAnyOrderKeepsRemindersAndTotals does anything in any order with lines and their contract; the reminders are always those
// of what is open, whatever came before.
func TestAnyOrderKeepsRemindersAndTotals(t *testing.T) {
	t.Parallel()
	w := open(t)
	rapid.Check(t, func(r *rapid.T) {
		w.contract = w.agree(t, lifecycle.Active)
		lines := []publicid.ProgressLineID{w.plan(t, work.Delivery, "2026-07-01").ID, w.plan(t, work.Service, "2026-06-01").ID}
		var entries []publicid.ProgressEntryID
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			l := w.line(t, rapid.SampledFrom(lines).Draw(r, "line"))
			c, err := w.Client.Contract.Get(w.Acme.Ctx, w.contract)
			if err != nil {
				r.Fatal(err)
			}
			note := contracts.Note{ID: c.ID, ExpectedVersion: c.Version}
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0:
				e, err := w.record(l.ID, rapid.SampledFrom([]string{"3", "10", "0.1", "11"}).Draw(r, "quantity"))
				if err == nil {
					entries = append(entries, e.ID)
				}
			case 1:
				if len(entries) > 0 {
					_, _ = w.service.Reverse(w.Manager, progress.Reversal{ID: rapid.SampledFrom(entries).Draw(r, "entry"), Reason: "错录"})
				}
			case 2:
				on := date.MustParse("2026-06-01").AddDays(rapid.IntRange(0, 60).Draw(r, "day"))
				_, _ = w.service.Update(w.Alice, progress.Change{ID: l.ID, ExpectedVersion: l.Version, PlannedOn: &on})
			case 3:
				_, _ = w.service.Cancel(w.Alice, progress.Target{ID: l.ID, ExpectedVersion: l.Version})
			case 4:
				_, _ = w.contracts.Suspend(w.Manager, contracts.Ending{ID: c.ID, ExpectedVersion: c.Version, Reason: "不可抗力"})
			default:
				_, _ = w.contracts.Resume(w.Manager, note)
			}
		}
		w.consistent(r)
	})
}

// TestTheTablesRefuseWhatTheCodeWouldNot writes past the service.
func TestTheTablesRefuseWhatTheCodeWouldNot(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-07-01")
	update := func() *ent.ProgressLineUpdateOne { return w.Client.ProgressLine.UpdateOneID(l.ID) }
	for name, err := range map[string]error{
		"more than planned": update().SetActualQuantity(money.Whole(11)).SetState(work.Done).SetDoneOn(l.PlannedOn).Exec(w.Acme.Ctx),
		"less than nothing": update().SetActualQuantity(money.MustDecimal("-1")).Exec(w.Acme.Ctx),
		"done without work": update().SetState(work.Done).SetDoneOn(l.PlannedOn).Exec(w.Acme.Ctx),
		"no plan":           update().SetPlannedQuantity(money.Whole(0)).Exec(w.Acme.Ctx),
		"no weight":         update().SetWeight(10001).Exec(w.Acme.Ctx),
		"an entry of nothing": w.Client.ProgressEntry.Create().SetContractID(w.contract).SetLineID(l.ID).SetQuantity(money.Whole(0)).
			SetHappenedOn(l.PlannedOn).Exec(w.Acme.Ctx),
	} {
		if err == nil {
			t.Errorf("%s was written", name)
		}
	}
	e, err := w.record(l.ID, "1")
	fixture.Want(t, "work", err)
	if _, err := w.Pool.ExecContext(w.Acme.Ctx, `UPDATE progress_entries SET note = 'x' WHERE id = $1`, e.ID); err == nil {
		t.Error("an entry was changed")
	}
}

func TestWhatIsRecordedIsChecked(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-07-01")
	tomorrow := date.MustParse("2026-06-16")
	long := string(make([]rune, 101))
	_, err := w.service.Record(w.Alice, progress.Work{LineID: l.ID, Reference: &long})
	fixture.Want(t, "nothing, with a long reference", err, "quantity OUT_OF_RANGE", "reference TOO_LONG")
	_, err = w.service.Record(w.Alice, progress.Work{LineID: l.ID, Quantity: money.Whole(1), HappenedOn: &tomorrow})
	fixture.Want(t, "tomorrow", err, "happenedOn OUT_OF_RANGE")
	_, err = w.service.Reverse(w.Manager, progress.Reversal{ID: publicid.NewProgressEntryID()})
	fixture.Want(t, "no reason", err, "reason REQUIRED")
	_, err = w.service.Reverse(w.Manager, progress.Reversal{ID: publicid.NewProgressEntryID(), Reason: "x"})
	fixture.Want(t, "no entry", err, "id NOT_FOUND")
	w.contract = w.agree(t, lifecycle.Draft)
	draft := w.plan(t, work.Delivery, "2026-07-01")
	if w.due(t, draft) != nil {
		t.Error("a draft's line is asked for")
	}
	_, err = w.record(draft.ID, "1")
	fixture.Want(t, "on a draft", err, "WRONG_STATE")
}

func TestOutOfReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	l := w.plan(t, work.Delivery, "2026-07-01")
	e, err := w.record(l.ID, "1")
	fixture.Want(t, "work", err)
	for _, c := range []struct {
		who  string
		ctx  context.Context
		want string
	}{{"nobody", w.Nobody, "FORBIDDEN"}, {"finance", w.Finance, "FORBIDDEN"}, {"a colleague", w.Bob, "NOT_FOUND"}, {"another tenant", w.Stranger, "NOT_FOUND"}} {
		want := func(what, field string, err error) {
			t.Helper()
			if c.want == "NOT_FOUND" {
				fixture.Want(t, c.who+" "+what, err, field+" NOT_FOUND")
			} else {
				fixture.Want(t, c.who+" "+what, err, c.want)
			}
		}
		_, err := w.service.Add(c.ctx, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{{
			Kind: work.Delivery, Title: "x", PlannedOn: l.PlannedOn, PlannedQuantity: money.Whole(1)}}})
		want("plans", "contractId", err)
		_, err = w.service.Generate(c.ctx, progress.Generation{ContractID: w.contract})
		want("generates", "contractId", err)
		_, err = w.service.Update(c.ctx, progress.Change{ID: l.ID, ExpectedVersion: l.Version})
		want("updates", "id", err)
		_, err = w.service.Cancel(c.ctx, progress.Target{ID: l.ID, ExpectedVersion: l.Version})
		want("cancels", "id", err)
		_, err = w.service.Record(c.ctx, progress.Work{LineID: l.ID, Quantity: money.Whole(1)})
		want("records", "lineId", err)
		if c.who != "a colleague" { // who may not reverse at all
			_, err = w.service.Reverse(c.ctx, progress.Reversal{ID: e.ID, Reason: "x"})
			want("reverses", "id", err)
		}
		if c.want == "NOT_FOUND" {
			if o, err := w.service.Of(c.ctx, w.contract); o != nil || err != nil {
				t.Errorf("%s sees %v, %v", c.who, o, err)
			}
			if got, err := w.service.Line(c.ctx, l.ID); got != nil || err != nil {
				t.Errorf("%s sees %v, %v", c.who, got, err)
			}
			if got, err := w.service.Entry(c.ctx, e.ID); got != nil || err != nil {
				t.Errorf("%s sees %v, %v", c.who, got, err)
			}
		}
	}
	_, err = w.service.Of(w.Nobody, w.contract)
	fixture.Want(t, "nobody reads", err, "FORBIDDEN")
}
