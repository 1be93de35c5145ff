package alerts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tenancy"
)

func TestSetPlansTheFirstStep(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 100)
	amount := money.Of(1234500, money.CNY)
	d.Amount = &amount
	b.set(t, d)
	ob := b.obligation(t, d)
	if ob.State != due.Open || ob.DateVersion != 1 || *ob.AmountMinor != 1234500 || ob.Currency != money.CNY || *ob.OwnerID != *d.Owner {
		t.Errorf("the obligation is %v", ob)
	}
	r := ob.Edges.Reminders[0]
	if want := time.Date(2026, 6, 25, 1, 0, 0, 0, time.UTC); r.Step != "D-90" || r.NextAt == nil || !r.NextAt.Equal(want) {
		t.Errorf("waits for %s at %v, want D-90 at %v", r.Step, r.NextAt, want)
	}
}

func TestSetAgainChangesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 7)
	b.set(t, d)
	b.scan(t)
	if got := b.told(t, d); !cmp.Equal(got, []string{"D-7@1:RAISED"}) {
		t.Fatalf("told %v", got)
	}
	other := user(t, b.manager)
	d.Title, d.Owner = "进度款", &other
	b.set(t, d, d)
	ob := b.obligation(t, d)
	if ob.Title != "进度款" || *ob.OwnerID != other || ob.DateVersion != 1 || ob.Edges.Reminders[0].Step != "D-1" {
		t.Errorf("the obligation is %v, reminder %v", ob, ob.Edges.Reminders[0])
	}
	if got := b.told(t, d); !cmp.Equal(got, []string{"D-7@1:RAISED"}) {
		t.Errorf("a new title withdrew: %v", got)
	}
}

func TestChangedDateWithdrawsAndBeginsAnew(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d, quiet := b.date(t, 7), b.date(t, 7)
	b.set(t, d, quiet)
	b.scan(t)
	d.DueOn = d.DueOn.AddDays(20)
	b.set(t, d, quiet)
	if got := b.told(t, d); !cmp.Equal(got, []string{"D-7@1:WITHDRAWN"}) {
		t.Errorf("told %v", got)
	}
	if got := b.told(t, quiet); !cmp.Equal(got, []string{"D-7@1:RAISED"}) {
		t.Errorf("the other obligation: %v", got)
	}
	if r := b.obligation(t, d).Edges.Reminders[0]; r.DateVersion != 2 {
		t.Errorf("the reminder is of version %d", r.DateVersion)
	}
	b.scan(t)
	if got := b.told(t, d); !cmp.Equal(got, []string{"D-7@1:WITHDRAWN", "D-30@2:RAISED"}) {
		t.Errorf("told %v", got)
	}
	if got := b.events(t); !cmp.Equal(got, map[string]int{alerts.EventRaised: 3, alerts.EventWithdrawn: 1}) {
		t.Errorf("events %v", got)
	}
}

func TestRollbackLeavesEverything(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 7)
	b.set(t, d)
	b.scan(t)
	before := b.obligation(t, d)
	moved := d
	moved.DueOn = d.DueOn.AddDays(90)
	undo := errors.New("the payment was refused")
	for name, change := range map[string]func(tx *ent.Tx) error{
		"set":    func(tx *ent.Tx) error { return b.owed.Set(b.acme.Ctx, tx, moved) },
		"meet":   func(tx *ent.Tx) error { return b.owed.Meet(b.acme.Ctx, tx, d.Kind, d.SubjectID) },
		"cancel": func(tx *ent.Tx) error { return b.owed.Cancel(b.acme.Ctx, tx, d.Kind, d.SubjectID) },
	} {
		err := tenancy.Write(b.acme.Ctx, b.Client, func(tx *ent.Tx) error {
			if err := change(tx); err != nil {
				t.Fatal(err)
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatalf("%s: %v", name, err)
		}
		after := b.obligation(t, d)
		if after.State != due.Open || after.DateVersion != 1 || !after.Edges.Reminders[0].NextAt.Equal(*before.Edges.Reminders[0].NextAt) {
			t.Errorf("%s left %v, %v", name, after, after.Edges.Reminders[0])
		}
		if got := b.told(t, d); !cmp.Equal(got, []string{"D-7@1:RAISED"}) {
			t.Errorf("%s left %v", name, got)
		}
	}
	if got := b.events(t); !cmp.Equal(got, map[string]int{alerts.EventRaised: 1}) {
		t.Errorf("events %v", got)
	}
}

func TestMeetEndsAndReopenBeginsAnew(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d, gone := b.date(t, 0), uuid.Must(uuid.NewV7())
	b.set(t, d)
	b.scan(t)
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Meet(b.acme.Ctx, tx, d.Kind, d.SubjectID, gone) })
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Cancel(b.acme.Ctx, tx, d.Kind, d.SubjectID) })
	if ob := b.obligation(t, d); ob.State != due.Met || ob.Edges.Reminders[0].NextAt != nil {
		t.Errorf("met: %v, %v", ob, ob.Edges.Reminders[0])
	}
	b.Clock.Advance(8 * 24 * time.Hour)
	if r := b.scan(t); r.Handled != 0 {
		t.Errorf("a met obligation was reminded of: %+v", r)
	}
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Reopen(b.acme.Ctx, tx, d.Kind, d.SubjectID, gone) })
	b.scan(t)
	if got := b.told(t, d); !cmp.Equal(got, []string{"D@1:WITHDRAWN", "D+7@2:RAISED"}) {
		t.Errorf("told %v", got)
	}
}

// TestSetOfWhatIsMetStaysMet: a plan line that was paid may still be moved, and reminds nobody.
func TestSetOfWhatIsMetStaysMet(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 7)
	b.set(t, d)
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Meet(b.acme.Ctx, tx, d.Kind, d.SubjectID) })
	d.DueOn = b.today()
	b.set(t, d)
	if r := b.scan(t); r.Handled != 0 {
		t.Errorf("%+v", r)
	}
	if ob := b.obligation(t, d); ob.State != due.Met || ob.DueOn != b.today() {
		t.Errorf("%v", ob)
	}
}

func TestImportKeepsQuietAboutThePast(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	var dates []due.Date
	for i := range 1200 {
		dates = append(dates, b.date(t, i-1000))
	}
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Import(b.acme.Ctx, tx, dates...) })
	if n, err := b.Client.Reminder.Query().Count(b.acme.Ctx); err != nil || n != len(dates) {
		t.Fatalf("%d reminders, %v", n, err)
	}
	if r := b.scan(t); r.Handled != 0 {
		t.Errorf("an import raised: %+v", r)
	}
	b.Clock.Advance(24 * time.Hour)
	if r := b.scan(t); r.Raised == 0 || r.Raised != r.Handled || r.Skipped != 0 {
		t.Errorf("the day after: %+v", r)
	}
}

func TestDatesAreChecked(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	err := tenancy.Write(b.acme.Ctx, b.Client, func(tx *ent.Tx) error { return b.owed.Set(b.acme.Ctx, tx, due.Date{Kind: "BIRTHDAY"}) })
	if l := fault.All(err); len(l) != 4 || l[0].Kind != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

// TestTwoMakeTheSameObligation: whoever comes second finds it there.
func TestTwoMakeTheSameObligation(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 7)
	later := d
	later.DueOn = d.DueOn.AddDays(30)
	first, err := b.Client.Tx(b.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.owed.Set(b.acme.Ctx, first, d); err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		second <- tenancy.Write(b.acme.Ctx, b.Client, func(tx *ent.Tx) error { return b.owed.Set(b.acme.Ctx, tx, later) })
	}()
	waitForLock(t, b.DB)
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if ob := b.obligation(t, d); ob.DueOn != later.DueOn || ob.DateVersion != 2 {
		t.Errorf("%v", ob)
	}
}

func TestReplanFollowsTheSettings(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	waiting, finished := b.date(t, 45), b.date(t, 5)
	b.set(t, waiting, finished)
	b.scan(t)
	change := func(before []int, every, most int) {
		b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
			s := settings.Default()
			s.ReminderLadders[due.PaymentDue] = schedule.Ladder{Before: before, OverdueEvery: every, OverdueMax: most, At: schedule.LocalTime{Hour: 8}}
			if err := tx.Tenant.Update().SetSettings(s).Exec(b.acme.Ctx); err != nil {
				return err
			}
			return b.owed.Replan(b.acme.Ctx, tx)
		})
	}
	change([]int{60, 40, 7}, 0, 0)
	if r := b.obligation(t, waiting).Edges.Reminders[0]; r.Step != "D-40" || !r.NextAt.Equal(time.Date(2026, 6, 20, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("waiting is at %s, %v", r.Step, r.NextAt)
	}
	if r := b.obligation(t, finished).Edges.Reminders[0]; r.NextAt != nil {
		t.Errorf("finished is at %s, %v", r.Step, r.NextAt)
	}
	change([]int{60, 40, 3}, 7, 2)
	if r := b.obligation(t, finished).Edges.Reminders[0]; r.Step != "D-3" {
		t.Errorf("revived is at %s, %v", r.Step, r.NextAt)
	}
	if got := b.scan(t); got.Handled != 0 {
		t.Errorf("a change of settings raised: %+v", got)
	}
}
