package alerts_test

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/alertrecipient"
	entuser "heyue/ent/user"
	"heyue/identity/account"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// fill makes n obligations that are all due for a step.
func (b *bed) fill(t testing.TB, tn *fixture.Tenant, n int) {
	t.Helper()
	dates := make([]due.Date, n)
	for i := range dates {
		dates[i] = b.date(t, 7)
		dates[i].Owner, dates[i].Department = nil, nil
	}
	b.Write(t, tn.Ctx, func(tx *ent.Tx) error { return b.owed.Set(tn.Ctx, tx, dates...) })
}

// exactlyOnce fails unless a tenant has one alert, one inbox row and one event for each of n obligations.
func (b *bed) exactlyOnce(t testing.TB, tn *fixture.Tenant, n int) {
	t.Helper()
	raised, err := b.Client.Alert.Query().Count(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	inboxes, err := b.Client.AlertRecipient.Query().Count(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	told, err := b.Client.OutboxEvent.Query().Count(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if raised != n || inboxes != n || told != n {
		t.Errorf("%s: %d alerts, %d inbox rows, %d events; want %d of each", tn.Slug, raised, inboxes, told, n)
	}
}

// TestFourScannersThatAreCancelled: whenever their transactions break off, each step fires once.
func TestFourScannersThatAreCancelled(t *testing.T) {
	t.Parallel()
	const many, few = 600, 5
	b := newBed(t)
	globex := b.Tenant(t, "globex")
	b.fill(t, b.acme, many)
	b.fill(t, globex, few)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 12 {
				ctx, kill := context.WithTimeout(t.Context(), time.Duration(rand.IntN(40_000))*time.Microsecond)
				s := b.scanner()
				s.Batch = 10
				_, _ = s.ScanOnce(ctx, b.Clock.Now()) // cut short or not
				kill()
			}
		})
	}
	wg.Wait()
	b.scan(t)
	b.exactlyOnce(t, b.acme, many)
	b.exactlyOnce(t, globex, few)
}

// childEnv makes the test's own binary a process that does nothing but scan, until it is killed.
const childEnv = "HEYUE_TEST_SCAN"

func killed() bool {
	if os.Getenv(childEnv) == "" {
		return false
	}
	open := func(open func(tenancy.Options) (*sql.DB, error), dsn string) *sql.DB {
		db, err := open(tenancy.Defaults(os.Getenv(dsn)))
		if err != nil {
			panic(err)
		}
		return db
	}
	now, err := time.Parse(time.RFC3339, os.Getenv(childEnv))
	if err != nil {
		panic(err)
	}
	client := tenancy.NewClient(tenancy.NewCells(open(tenancy.Open, childEnv+"_APP")))
	at := clock.At(now)
	engine, err := policies.NewEngine(client, at, 10)
	if err != nil {
		panic(err)
	}
	s := alerts.Scanner{Client: client, System: open(tenancy.OpenSystem, childEnv+"_SYSTEM"), Policies: engine, Recipients: alerts.Staff{},
		Outbox: outbox.Writer{Clock: at}, Clock: at, Log: slog.Default(), Batch: 3, Poll: time.Millisecond}
	s.Run(context.Background())
	return true
}

// TestProcessesThatAreKilled with SIGKILL, at whatever they are doing.
func TestProcessesThatAreKilled(t *testing.T) {
	t.Parallel()
	const n = 400
	b := newBed(t)
	b.fill(t, b.acme, n)
	for round := 1; round <= 5; round++ {
		children := make([]*exec.Cmd, 2)
		for i := range children {
			c := exec.CommandContext(t.Context(), os.Args[0])
			c.Env = append(os.Environ(), childEnv+"="+b.Clock.Now().Format(time.RFC3339), childEnv+"_APP="+b.DB.AppDSN, childEnv+"_SYSTEM="+b.DB.SystemDSN)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			children[i] = c
		}
		b.waitForAlerts(t, round*n/10)
		for _, c := range children {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // killed
		}
	}
	b.scan(t)
	b.exactlyOnce(t, b.acme, n)
}

func (b *bed) waitForAlerts(t testing.TB, n int) {
	t.Helper()
	for {
		have, err := b.Client.Alert.Query().Count(b.acme.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		if have >= n {
			return
		}
	}
}

// TestAYearDayByDay: each step fires once, on its day, at nine in Shanghai.
func TestAYearDayByDay(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	d := b.date(t, 200)
	d.Kind = due.ContractEnd
	b.set(t, d)
	for range 300 {
		b.Clock.Advance(24 * time.Hour)
		b.scan(t)
		if r := b.scan(t); r.Handled != 0 {
			t.Fatalf("a second scan did %+v", r)
		}
	}
	want := []string{"D-90", "D-30", "D-7", "D-1", "D", "D+7", "D+14", "D+21", "D+28", "D+35", "D+42", "D+49", "D+56"}
	rows, err := b.Client.Alert.Query().Order(alert.ByID()).All(b.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range rows {
		got = append(got, a.Step)
		if at := a.DueOn.AddDays(-a.DaysLeft).At(9, 0, shanghai()); !a.RaisedAt.Equal(at) {
			t.Errorf("%s was raised at %v instead of %v", a.Step, a.RaisedAt, at)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if ob := b.obligation(t, d); ob.Edges.Reminders[0].NextAt != nil {
		t.Errorf("the finished ladder waits for %v", ob.Edges.Reminders[0])
	}
}

// TestMonthsOfDowntime end in one alert for each obligation, the one that says how things stand.
func TestMonthsOfDowntime(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	overdue, soon, stale := b.date(t, 100), b.date(t, 157), b.date(t, 10)
	b.set(t, overdue, soon, stale)
	b.Clock.Advance(150 * 24 * time.Hour)
	r := b.scan(t)
	if r.Handled != 3 || r.Raised != 2 {
		t.Errorf("%+v", r)
	}
	for d, want := range map[*due.Date][]string{&overdue: {"D+49@1:RAISED"}, &soon: {"D-7@1:RAISED"}, &stale: nil} {
		if got := b.told(t, *d); !cmp.Equal(got, want) {
			t.Errorf("due on %s: told %v, want %v", d.DueOn, got, want)
		}
	}
}

// TestASmallTenantIsNotStarved by one with a long backlog.
func TestASmallTenantIsNotStarved(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	globex := b.Tenant(t, "globex")
	b.fill(t, b.acme, 300)
	b.fill(t, globex, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	batches := 0
	w := b.Outbox
	w.Committed = func(tenant int64) {
		if batches++; tenant == globex.ID {
			cancel()
		}
	}
	s := b.scanner()
	s.Batch, s.Outbox = 5, w
	_, _ = s.ScanOnce(ctx, b.Clock.Now())
	if batches == 0 || batches > 3 {
		t.Errorf("globex was served in batch %d", batches)
	}
	b.exactlyOnce(t, globex, 1)
}

// TestABrokenTenantHoldsNobodyUp: its failure is counted, the others are served.
func TestABrokenTenantHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	globex := b.Tenant(t, "globex")
	b.fill(t, b.acme, 3)
	b.fill(t, globex, 3)
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		_, err := tx.ExecContext(b.acme.Ctx, `UPDATE tenants SET settings = '{"timeZone": "Nowhere/At_All"}'`)
		return err
	})
	r, err := b.scanner().ScanOnce(t.Context(), b.Clock.Now())
	if err != nil || r.Failed != 1 || r.Raised != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	b.exactlyOnce(t, globex, 3)
	b.exactlyOnce(t, b.acme, 0)
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	seller, manager, admin := user(t, b.seller), user(t, b.manager), user(t, b.acme.Admin)
	finance := user(t, b.User(t, b.acme, "finance"))
	stranger := user(t, b.User(t, b.acme, ""))
	gone := user(t, b.User(t, b.acme, "sales", b.sales))
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		return tx.User.Update().Where(entuser.ID(gone)).SetState(account.Disabled).Exec(b.acme.Ctx)
	})
	empty := b.Department(t, b.acme, "EMPTY")
	for name, c := range map[string]struct {
		owner      *publicid.UserID
		department *publicid.DepartmentID
		want       publicid.UserID
	}{
		"the owner":                             {&seller, &b.sales, seller},
		"an owner who reads by role":            {&finance, &b.sales, finance},
		"the department's manager":              {nil, &b.sales, manager},
		"the manager of an owner who left":      {&gone, &b.sales, manager},
		"the manager of one who may not read":   {&stranger, &b.sales, manager},
		"the administrator of an empty one":     {nil, &empty, admin},
		"the administrator of nobody's":         {nil, nil, admin},
		"the administrator of a stranger's own": {&stranger, nil, admin},
	} {
		d := b.date(t, 7)
		d.Owner, d.Department = c.owner, c.department
		b.set(t, d)
		b.scan(t)
		got, err := b.Client.AlertRecipient.Query().Where(alertrecipient.HasAlertWith(alert.ObligationID(b.obligation(t, d).ID))).All(b.acme.Ctx)
		if err != nil || len(got) != 1 || got[0].UserID != c.want {
			t.Errorf("%s: told %v, %v; want %v", name, got, err, c.want)
		}
	}
}
