package alerts_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/obligation"
	"heyue/ent/outboxevent"
	"heyue/platform/date"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	if killed() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// bed is a world with one tenant, somebody who sells in a department and its manager.
type bed struct {
	*fixture.World
	acme    *fixture.Tenant
	sales   publicid.DepartmentID
	seller  context.Context
	manager context.Context
	owed    alerts.Obligations
}

func newBed(t testing.TB) *bed {
	t.Helper()
	w := fixture.New(t)
	b := &bed{World: w, acme: w.Tenant(t, "acme"), owed: alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}}
	b.sales = w.Department(t, b.acme, "SALES")
	b.seller = w.User(t, b.acme, "sales", b.sales)
	b.manager = w.User(t, b.acme, "manager", b.sales)
	return b
}

func user(t testing.TB, ctx context.Context) publicid.UserID {
	t.Helper()
	return fixture.Caller(t, ctx).UserID
}

// scanner is one that works at the world's clock.
func (b *bed) scanner() *alerts.Scanner {
	return &alerts.Scanner{Client: b.Client, System: b.System, Policies: b.Policies, Recipients: alerts.Staff{},
		Outbox: b.Outbox, Clock: b.Clock, Log: slog.New(slog.DiscardHandler)}
}

func (b *bed) scan(t testing.TB) alerts.Report {
	t.Helper()
	r, err := b.scanner().ScanOnce(t.Context(), b.Clock.Now())
	if err != nil || r.Failed != 0 {
		t.Fatalf("scan: %+v, %v", r, err)
	}
	return r
}

// date is a payment of the seller's, due so many days from the world's today.
func (b *bed) date(t testing.TB, days int) due.Date {
	t.Helper()
	owner := user(t, b.seller)
	return due.Date{Kind: due.PaymentDue, SubjectID: uuid.Must(uuid.NewV7()), Title: "首付款", DueOn: b.today().AddDays(days),
		Owner: &owner, Department: &b.sales}
}

func (b *bed) today() date.Date { return date.In(b.Clock.Now(), shanghai()) }

func (b *bed) set(t testing.TB, dates ...due.Date) {
	t.Helper()
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Set(b.acme.Ctx, tx, dates...) })
}

func (b *bed) obligation(t testing.TB, d due.Date) *ent.Obligation {
	t.Helper()
	ob, err := b.Client.Obligation.Query().Where(obligation.KindEQ(d.Kind), obligation.SubjectID(d.SubjectID)).WithReminders().Only(b.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(ob.Edges.Reminders) != 1 {
		t.Fatalf("the obligation has %d reminders", len(ob.Edges.Reminders))
	}
	return ob
}

// told is what the alerts of an obligation say, oldest first: step@version:state.
func (b *bed) told(t testing.TB, d due.Date) []string {
	t.Helper()
	rows, err := b.Client.Alert.Query().Where(alert.HasObligationWith(obligation.SubjectID(d.SubjectID))).Order(alert.ByID()).All(b.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range rows {
		out = append(out, a.Step+"@"+string(rune('0'+a.DateVersion))+":"+string(a.State))
	}
	return out
}

// events counts the outbox by kind.
func (b *bed) events(t testing.TB) map[string]int {
	t.Helper()
	rows, err := b.Client.OutboxEvent.Query().Order(outboxevent.ByID()).All(b.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range rows {
		n[e.Kind]++
		var notice alerts.Notice
		if err := json.Unmarshal(e.Payload, &notice); err != nil || notice.Alert.UUID() != e.SubjectID {
			t.Errorf("the payload of %s is %s, %v", e.Kind, e.Payload, err)
		}
	}
	return n
}

func shanghai() *time.Location {
	zone, err := date.LoadZone("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}
