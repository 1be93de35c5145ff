package changes_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/changes"
	"heyue/domain/changes/order"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/numbers"
	"heyue/domain/settlement"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractversion"
	"heyue/ent/obligation"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	changes   *changes.Service
	contracts *contracts.Service
	account   *settlement.Service
	customer  publicid.CustomerID
}

// wordless has no texts: the contracts of these tests were signed on paper.
type wordless struct{}

func (wordless) CheckFills(context.Context, *ent.Tx, publicid.ContractID, []*text.Fill) error {
	return fault.New(fault.State, fault.WrongState, "no text").At("fill")
}

func (wordless) Render(context.Context, *ent.Client, *ent.Contract) (*changes.Wording, error) {
	return nil, nil
}

func open(t *testing.T) world {
	t.Helper()
	c := fixture.NewCompany(t)
	due := alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock}
	w := world{Company: c, contracts: &contracts.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Numbers: numbers.Counters{}, Fields: c.Fields, Lister: c.Lister, Clock: c.Clock, Obligations: due, Outbox: c.Outbox,
	}}
	w.changes = &changes.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Outbox: c.Outbox, Contracts: w.contracts, Texts: wordless{}, Clock: c.Clock, Limits: changes.DefaultLimits(),
	}
	w.contracts.History = w.changes
	w.account = &settlement.Service{Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Plans: w.contracts, Obligations: due}
	alice := fixture.Caller(t, c.Alice).UserID
	w.Write(t, c.Acme.Ctx, func(tx *ent.Tx) error {
		made, err := tx.Customer.Create().SetName("云汇").SetCode("C1").SetOwnerID(alice).SetDepartmentID(c.City).Save(c.Acme.Ctx)
		if err == nil {
			w.customer = made.ID
		}
		return err
	})
	w.on(t, "2026-06-10")
	return w
}

func ptr[T any](v T) *T { return &v }

func day(s string) date.Date { return date.MustParse(s) }

func yuan(n int64) *money.Input { return &money.Input{Amount: money.Whole(n), Currency: money.CNY} }

// on makes it nine in the morning of a day in Shanghai and lets the calendar work.
func (w world) on(t *testing.T, d string) {
	t.Helper()
	w.Clock.Set(day(d).UTC().Add(time.Hour))
	calendar := &contracts.Calendar{Contracts: w.contracts, Tenants: w.Directory, Clock: w.Clock, Log: slog.New(slog.DiscardHandler)}
	fixture.Want(t, "the calendar", calendar.Once(t.Context()))
}

// running is a contract of 100 in force, in two instalments for two lines.
func (w world) running(t *testing.T) *ent.Contract {
	t.Helper()
	c, err := w.contracts.Create(w.Alice, contracts.Draft{Kind: lifecycle.Service, Registered: ptr(true), Details: contracts.Details{
		Title: ptr("服务合同"), CustomerID: &w.customer, Amount: yuan(100), SignedOn: ptr(day("2026-06-01")), EffectiveOn: ptr(day("2026-06-01")), EndsOn: ptr(day("2026-12-31")),
		Parties: []*contracts.Party{{Role: ptr("甲方"), Name: "云汇"}, {Role: ptr("乙方"), Name: "我们"}},
		Lines: []*contracts.Line{
			{Description: "巡检", Quantity: money.Whole(4), UnitPrice: money.Whole(10)}, {Description: "维修", Quantity: money.Whole(6), UnitPrice: money.Whole(10)},
		},
		PaymentPlan: []*contracts.Instalment{{DueOn: day("2026-07-01"), Amount: money.Whole(40)}, {DueOn: day("2026-09-01"), Amount: money.Whole(60)}},
	}})
	fixture.Want(t, "a contract", err)
	return c
}

func (w world) lines(t *testing.T, id publicid.ContractID) []*ent.ContractLine {
	t.Helper()
	rows, err := w.Client.ContractLine.Query().Where(contractline.ContractID(id)).Order(contractline.ByPosition()).All(w.Acme.Ctx)
	fixture.Want(t, "lines", err)
	return rows
}

func (w world) plan(t *testing.T, id publicid.ContractID) []*ent.PaymentPlanLine {
	t.Helper()
	rows, err := w.Client.PaymentPlanLine.Query().Where(paymentplanline.ContractID(id)).Order(paymentplanline.ByPosition()).All(w.Acme.Ctx)
	fixture.Want(t, "plan", err)
	return rows
}

func (w world) now(t *testing.T, id publicid.ContractID) *ent.Contract {
	t.Helper()
	c, err := w.Client.Contract.Get(w.Acme.Ctx, id)
	fixture.Want(t, "read", err)
	return c
}

func (w world) versions(t *testing.T, id publicid.ContractID) []*ent.ContractVersion {
	t.Helper()
	rows, err := w.Client.ContractVersion.Query().Where(contractversion.ContractID(id)).Order(contractversion.ByNumber()).All(w.Acme.Ctx)
	fixture.Want(t, "versions", err)
	return rows
}

func (w world) submitted(t *testing.T, d changes.Draft) *ent.ChangeOrder {
	t.Helper()
	if d.Reason == "" {
		d.Reason = "客户要求"
	}
	o, err := w.changes.Draft(w.Alice, d)
	fixture.Want(t, "draft", err)
	if o == nil {
		t.FailNow()
	}
	o, err = w.changes.Submit(w.Alice, changes.Submission{ID: o.ID, ExpectedVersion: o.Version})
	fixture.Want(t, "submit", err)
	return o
}

func decision(o *ent.ChangeOrder) changes.Decision {
	return changes.Decision{ID: o.ID, ExpectedVersion: o.Version, Opinion: ptr("同意")}
}

func (w world) approved(t *testing.T, d changes.Draft) *ent.ChangeOrder {
	t.Helper()
	o, err := w.changes.Approve(w.Manager, decision(w.submitted(t, d)))
	fixture.Want(t, "approve", err)
	return o
}

// due lists the open obligations of a contract as "KIND date".
func (w world) due(t *testing.T, id publicid.ContractID) []string {
	t.Helper()
	rows, err := w.Client.Obligation.Query().Where(obligation.ContractID(id), obligation.StateEQ(due.Open)).All(w.Acme.Ctx)
	fixture.Want(t, "obligations", err)
	out := []string{}
	for _, o := range rows {
		out = append(out, string(o.Kind)+" "+o.DueOn.String())
	}
	slices.Sort(out)
	return out
}

func same[T comparable](t *testing.T, what string, want, got []T) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s: want %v, got %v", what, want, got)
	}
}

// TestAnApprovedChangeIsInForceAtOnce: rows keep their ids, what falls due follows, and a version is saved by itself (G1,
// G2, HR8).
func TestAnApprovedChangeIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	lines, instalments := w.lines(t, c.ID), w.plan(t, c.ID)
	o := w.approved(t, changes.Draft{ContractID: c.ID, Reason: "增加培训", Said: changes.Said{Impact: ptr("多二十元"), Evidence: []*document.Reference{{Title: "补充协议"}}}, Changes: changes.Changes{
		Amount: yuan(120), EndsOn: ptr(day("2027-03-31")),
		Parties: []*changes.Party{{Name: ptr("监理"), Role: ptr("丙方")}},
		Lines:   []*changes.Line{{ContractLineID: &lines[0].ID, Drop: ptr(true)}, {ContractLineID: &lines[1].ID, Quantity: ptr(money.Whole(8))}, {Description: ptr("培训"), Quantity: ptr(money.Whole(4)), UnitPrice: ptr(money.Whole(10))}},
		PaymentPlan: []*changes.Instalment{
			{PlanLineID: &instalments[1].ID, DueOn: ptr(day("2026-10-01"))}, {DueOn: ptr(day("2026-12-01")), Amount: ptr(money.Whole(20)), Purpose: ptr("培训")},
		},
	}})
	if o.State != order.Approved || o.DecidedByID == nil || o.DecidedAt == nil {
		t.Errorf("the order is %+v", o)
	}
	now := w.now(t, c.ID)
	if now.AmountMinor != 12000 || *now.EndsOn != day("2027-03-31") || now.Version != c.Version+1 {
		t.Errorf("the contract is %+v", now)
	}
	after := w.lines(t, c.ID)
	if len(after) != 2 || after[0].ID != lines[1].ID || after[0].AmountMinor != 8000 || after[0].Position != 0 || after[1].Description != "培训" || after[1].Position != 1 {
		t.Errorf("the lines are %+v", after)
	}
	if p := w.plan(t, c.ID); len(p) != 3 || p[0].ID != instalments[0].ID || p[1].ID != instalments[1].ID {
		t.Errorf("the plan is %+v", p)
	}
	same(t, "due", []string{"CONTRACT_END 2027-03-31", "PAYMENT_DUE 2026-07-01", "PAYMENT_DUE 2026-10-01", "PAYMENT_DUE 2026-12-01"}, w.due(t, c.ID))
	v := w.versions(t, c.ID)
	if len(v) != 2 || v[0].Source != terms.FromContract || v[1].Source != terms.FromOrder || *v[1].ChangeOrderID != o.ID || v[1].RecordID == nil {
		t.Fatalf("the versions are %+v", v)
	}
	if v[0].Content.Amount.Minor() != 10000 || v[1].Content.Amount.Minor() != 12000 || v[1].Digest != v[1].Content.Digest() || len(v[1].Content.Parties) != 3 {
		t.Errorf("the contents are %+v and %+v", v[0].Content, v[1].Content)
	}
	w.quiet(t, c.ID)
}

// quiet proves that the record knows all that the rows say.
func (w world) quiet(t *testing.T, id publicid.ContractID) {
	t.Helper()
	before := len(w.versions(t, id))
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		c, err := tx.Contract.Query().Where().All(w.Acme.Ctx)
		if err != nil {
			return err
		}
		for _, each := range c {
			if each.ID == id {
				return w.changes.Keep(w.Acme.Ctx, tx, each, nil)
			}
		}
		return nil
	})
	if after := len(w.versions(t, id)); after != before {
		t.Errorf("the rows say what %d versions did not", before)
	}
}

// TestATemporaryChangeComesAndGoes: on its days it holds, before and after them nothing is left of it, whatever else was
// changed meanwhile; every day can be asked for, as it was known at any moment.
func TestATemporaryChangeComesAndGoes(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	instalments := w.plan(t, c.ID)
	w.approved(t, changes.Draft{ContractID: c.ID, Said: changes.Said{EffectiveOn: ptr(day("2026-07-01")), Until: ptr(day("2026-07-31"))}, Changes: changes.Changes{
		Amount: yuan(90), Title: ptr("夏季合同"), PaymentPlan: []*changes.Instalment{{PlanLineID: &instalments[1].ID, Amount: ptr(money.Whole(50))}},
	}})
	if now := w.now(t, c.ID); now.AmountMinor != 10000 || now.Title != "服务合同" {
		t.Errorf("before its first day: %+v", now)
	}
	before := w.Clock.Now()
	w.on(t, "2026-07-01")
	if now := w.now(t, c.ID); now.AmountMinor != 9000 || now.Title != "夏季合同" || w.plan(t, c.ID)[1].AmountMinor != 5000 {
		t.Errorf("on its first day: %+v", now)
	}
	w.approved(t, changes.Draft{ContractID: c.ID, Changes: changes.Changes{EndsOn: ptr(day("2027-01-31")), Description: ptr("延长")}})
	w.on(t, "2026-07-31")
	if now := w.now(t, c.ID); now.AmountMinor != 9000 {
		t.Errorf("on its last day: %+v", now)
	}
	w.on(t, "2026-08-01")
	now := w.now(t, c.ID)
	if now.AmountMinor != 10000 || now.Title != "服务合同" || *now.EndsOn != day("2027-01-31") || now.Description != "延长" || w.plan(t, c.ID)[1].AmountMinor != 6000 {
		t.Errorf("after it: %+v", now)
	}
	w.quiet(t, c.ID)
	for _, at := range []struct {
		asOf    string
		knownAt *time.Time
		amount  int64
		ends    string
	}{
		{"2026-06-30", nil, 10000, "2026-12-31"}, {"2026-07-15", nil, 9000, "2027-01-31"}, {"2026-08-15", nil, 10000, "2027-01-31"},
		{"2026-07-15", ptr(before), 9000, "2026-12-31"}, {"2026-07-15", ptr(before.Add(-time.Hour)), 10000, "2026-12-31"}, {"2030-01-01", nil, 10000, "2027-01-31"},
	} {
		then, err := w.changes.AsOf(w.Alice, c.ID, ptr(day(at.asOf)), at.knownAt)
		fixture.Want(t, "as of "+at.asOf, err)
		if then.AmountMinor != at.amount || then.EndsOn.String() != at.ends || len(then.Edges.PaymentPlan) != 2 {
			t.Errorf("on %s as known at %v: %d until %s", at.asOf, at.knownAt, then.AmountMinor, then.EndsOn)
		}
	}
	if then, err := w.changes.AsOf(w.Bob, c.ID, nil, nil); then != nil || err != nil {
		t.Errorf("out of reach: %v, %v", then, err)
	}
}

// TestChangesMergeAsTheyWereRecorded: two changes of different fields of one line both hold; the second of two that cannot
// both hold is refused, and nothing of it is written.
func TestChangesMergeAsTheyWereRecorded(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.running(t)
	line := w.lines(t, c.ID)[0].ID
	edit := func(l changes.Line) changes.Draft {
		l.ContractLineID = &line
		return changes.Draft{ContractID: c.ID, Changes: changes.Changes{Lines: []*changes.Line{&l}}}
	}
	day, name, drop := w.submitted(t, edit(changes.Line{DeliveryOn: ptr(day("2026-08-08"))})), w.submitted(t, edit(changes.Line{Description: ptr("巡检与保养")})), w.submitted(t, edit(changes.Line{Drop: ptr(true)}))
	late := w.submitted(t, edit(changes.Line{Unit: ptr("次")}))
	var g errgroup.Group
	for _, o := range []*ent.ChangeOrder{day, name} {
		g.Go(func() error {
			_, err := w.changes.Approve(w.Manager, decision(o))
			return err
		})
	}
	fixture.Want(t, "two at once", g.Wait())
	if l := w.lines(t, c.ID)[0]; l.Description != "巡检与保养" || l.DeliveryOn == nil || len(w.versions(t, c.ID)) != 3 {
		t.Errorf("merged: %+v", l)
	}
	_, err := w.changes.Approve(w.Manager, decision(drop))
	fixture.Want(t, "drop", err)
	version := w.now(t, c.ID).Version
	_, err = w.changes.Approve(w.Manager, decision(late))
	if fault.KindOf(err) != fault.State || fault.All(err)[0].Code != fault.WrongState {
		t.Fatalf("a line that is gone: %v", err)
	}
	if o, err := w.changes.Lookup(w.Manager, late.ID); err != nil || o.State != order.InReview || w.now(t, c.ID).Version != version || len(w.versions(t, c.ID)) != 4 {
		t.Errorf("something was written: %+v, %v", o, err)
	}
	w.quiet(t, c.ID)
}
