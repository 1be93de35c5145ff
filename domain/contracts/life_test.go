package contracts_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	method "heyue/domain/contracts/signature"
	"heyue/ent"
	"heyue/ent/contractparty"
	"heyue/ent/contractstep"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func day(s string) *date.Date { return ptr(date.MustParse(s)) }

// twoParties is a draft of a term that anybody could sign.
func (w world) twoParties() contracts.Draft {
	d := w.draft()
	d.EffectiveOn, d.EndsOn = day("2026-07-01"), day("2026-12-31")
	d.Amount = &money.Input{Amount: money.Whole(100), Currency: money.CNY}
	d.Parties = []*contracts.Party{{Role: ptr("甲方"), Name: "云汇"}, {Role: ptr("乙方"), Name: "我们"}}
	return d
}

func (w world) create(t *testing.T, d contracts.Draft) *ent.Contract {
	t.Helper()
	c, err := w.service.Create(w.Alice, d)
	fixture.Want(t, "create", err)
	return c
}

func note(c *ent.Contract) contracts.Note {
	return contracts.Note{ID: c.ID, ExpectedVersion: c.Version, Reason: ptr("因此")}
}

// then calls a use case that must go well.
func then[A any](t *testing.T, what string, call func(context.Context, A) (*ent.Contract, error), ctx context.Context, arg A) *ent.Contract {
	t.Helper()
	c, err := call(ctx, arg)
	fixture.Want(t, what, err)
	if c == nil {
		t.FailNow()
	}
	return c
}

// approved takes a draft through approval.
func (w world) approved(t *testing.T, d contracts.Draft) *ent.Contract {
	t.Helper()
	c := w.create(t, d)
	c = then(t, "submit", w.service.Submit, w.Alice, contracts.Submission{Note: note(c)})
	return then(t, "approve", w.service.Approve, w.Manager, note(c))
}

func (w world) signing(t *testing.T, c *ent.Contract, position int) contracts.Signing {
	t.Helper()
	p, err := w.Client.ContractParty.Query().Where(contractparty.ContractID(c.ID), contractparty.Position(position)).Only(w.Acme.Ctx)
	fixture.Want(t, "a party", err)
	return contracts.Signing{ID: c.ID, ExpectedVersion: c.Version, PartyID: p.ID, Signatory: "张三", Method: method.Seal, Seal: ptr("合同专用章"),
		Understood: true, Originals: ptr(1), Evidence: &contracts.Document{Title: "签字页"}}
}

func (w world) signed(t *testing.T, d contracts.Draft) *ent.Contract {
	t.Helper()
	c := w.approved(t, d)
	c = then(t, "sign", w.service.Sign, w.Alice, w.signing(t, c, 0))
	return then(t, "sign last", w.service.Sign, w.Alice, w.signing(t, c, 1))
}

func (w world) calendar() *contracts.Calendar {
	return &contracts.Calendar{Contracts: w.service, Tenants: w.Directory, Clock: w.Clock, Log: slog.New(slog.DiscardHandler)}
}

// on moves the clock to nine in the morning of a day in Shanghai and lets the calendar work.
func (w world) on(t *testing.T, c *ent.Contract, d string) *ent.Contract {
	t.Helper()
	w.Clock.Set(date.MustParse(d).UTC().Add(time.Hour))
	fixture.Want(t, "the calendar", w.calendar().Once(w.Context(t)))
	return w.now(t, c.ID)
}

func (w world) Context(t *testing.T) context.Context { return t.Context() }

func (w world) now(t *testing.T, id publicid.ContractID) *ent.Contract {
	t.Helper()
	c, err := w.Client.Contract.Get(w.Acme.Ctx, id)
	fixture.Want(t, "read", err)
	return c
}

func (w world) events(t *testing.T, id publicid.ContractID) []string {
	t.Helper()
	rows, err := w.service.StepsOf(w.Acme.Ctx, []publicid.ContractID{id})
	fixture.Want(t, "history", err)
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = string(r.Event)
	}
	return out
}

func TestAContractsWholeLife(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.signed(t, w.twoParties())
	if c.Status != lifecycle.Signed || c.SignedOn == nil {
		t.Fatalf("signed by all, it is %s", c.Status)
	}
	if got, want := w.open(t, c.ID), []string{"CONTRACT_END 2026-12-31", "CONTRACT_START 2026-07-01"}; !slices.Equal(got, want) {
		t.Errorf("owed are %q, want %q", got, want)
	}
	c = w.on(t, c, "2026-06-30")
	if c.Status != lifecycle.Signed {
		t.Errorf("the day before its term it is %s", c.Status)
	}
	c = w.on(t, c, "2026-07-01")
	if got, want := w.open(t, c.ID), []string{"CONTRACT_END 2026-12-31"}; c.Status != lifecycle.Active || !slices.Equal(got, want) {
		t.Errorf("on its first day it is %s and owes %q", c.Status, got)
	}
	c = then(t, "suspend", w.service.Suspend, w.Manager, contracts.Ending{ID: c.ID, ExpectedVersion: c.Version, Reason: "台风", Until: day("2026-08-31")})
	if got, want := w.open(t, c.ID), []string{"SUSPENSION_END 2026-08-31"}; !slices.Equal(got, want) {
		t.Errorf("suspended, it owes %q", got)
	}
	c = w.on(t, c, "2026-08-31")
	if c.Status != lifecycle.Suspended {
		t.Errorf("on the last day of its suspension it is %s", c.Status)
	}
	c = w.on(t, c, "2026-09-01")
	if got, want := w.open(t, c.ID), []string{"CONTRACT_END 2026-12-31"}; c.Status != lifecycle.Active || c.SuspendedUntil != nil || !slices.Equal(got, want) {
		t.Errorf("after its suspension it is %s and owes %q", c.Status, got)
	}
	c = w.on(t, c, "2027-01-01")
	if c.Status != lifecycle.Expired || c.EndedOn == nil || *c.EndedOn != *day("2026-12-31") {
		t.Errorf("after its term it is %s, ended on %v", c.Status, c.EndedOn)
	}
	c = then(t, "complete", w.service.Complete, w.Manager, note(c))
	if got := w.open(t, c.ID); c.Status != lifecycle.Completed || len(got) != 0 {
		t.Errorf("completed, it is %s and owes %q", c.Status, got)
	}
	want := []string{"SUBMIT", "APPROVE", "SIGN", "SIGN_LAST", "ACTIVATE", "SUSPEND", "RESUME", "EXPIRE", "COMPLETE"}
	if got := w.events(t, c.ID); !slices.Equal(got, want) {
		t.Errorf("its history is %q, want %q", got, want)
	}
}

// TestTheCalendarCatchesUp: years of downtime and any number of instances at once take every step once.
func TestTheCalendarCatchesUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.twoParties()
	d.Renewal, d.RenewalMonths, d.NoticeDays = ptr(lifecycle.Automatic), ptr(6), ptr(30)
	var made []*ent.Contract
	for range 6 {
		made = append(made, w.signed(t, d))
	}
	w.Clock.Set(time.Date(2028, 3, 1, 1, 0, 0, 0, time.UTC))
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return w.calendar().Once(t.Context()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	fixture.Want(t, "whatever the others held", w.calendar().Once(t.Context()))
	want := []string{"SUBMIT", "APPROVE", "SIGN", "SIGN_LAST", "ACTIVATE", "EXTEND", "EXTEND", "EXTEND"}
	for _, c := range made {
		now := w.now(t, c.ID)
		if got := w.events(t, c.ID); now.Status != lifecycle.Active || *now.EndsOn != *day("2028-06-30") || !slices.Equal(got, want) {
			t.Errorf("it is %s until %s after %q", now.Status, now.EndsOn, got)
		}
		if got := w.open(t, c.ID); !slices.Equal(got, []string{"OPT_OUT_NOTICE 2028-05-31"}) {
			t.Errorf("it owes %q", got)
		}
	}
	c := then(t, "opt out", w.service.OptOut, w.Manager, contracts.Declaration{ID: made[0].ID, ExpectedVersion: w.now(t, made[0].ID).Version, DeclaredBy: "云汇"})
	if got := w.open(t, c.ID); !slices.Equal(got, []string{"CONTRACT_END 2028-06-30"}) {
		t.Errorf("after notice it owes %q", got)
	}
	if c = w.on(t, c, "2028-07-01"); c.Status != lifecycle.Expired {
		t.Errorf("after notice and term it is %s", c.Status)
	}
}

func TestDaysAreTheTenants(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.signed(t, w.twoParties())
	for instant, want := range map[time.Time]lifecycle.Status{
		time.Date(2026, 6, 30, 15, 59, 0, 0, time.UTC): lifecycle.Signed, // 23:59 in Shanghai
	} {
		w.Clock.Set(instant)
		calendar := w.calendar()
		fixture.Want(t, "before midnight", calendar.Once(t.Context()))
		if got := w.now(t, c.ID).Status; got != want {
			t.Errorf("at %s it is %s", instant, got)
		}
		w.Clock.Set(instant.Add(time.Minute))
		fixture.Want(t, "at midnight", calendar.Once(t.Context()))
		if got := w.now(t, c.ID).Status; got != lifecycle.Active {
			t.Errorf("a minute later it is %s", got)
		}
	}
}

// TestAVoidApprovalStopsEverything changes a contract behind the use cases' back: it can neither be signed nor take effect.
func TestAVoidApprovalStopsEverything(t *testing.T) {
	t.Parallel()
	w := open(t)
	alter := func(c *ent.Contract, amount int64) {
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error { return tx.Contract.UpdateOneID(c.ID).SetAmountMinor(amount).Exec(w.Acme.Ctx) })
	}
	c := w.approved(t, w.twoParties())
	alter(c, 1)
	_, err := w.service.Sign(w.Alice, w.signing(t, c, 0))
	fixture.Want(t, "sign", err, "WRONG_STATE")
	alter(c, 10000)
	c = then(t, "sign", w.service.Sign, w.Alice, w.signing(t, c, 0))
	c = then(t, "sign last", w.service.Sign, w.Alice, w.signing(t, c, 1))
	alter(c, 1)
	w.Clock.Set(time.Date(2026, 7, 2, 1, 0, 0, 0, time.UTC))
	passed, _, err := w.calendar().Pass(w.Acme.Ctx)
	if err != nil || passed != (contracts.Passed{Refused: 1}) || w.now(t, c.ID).Status != lifecycle.Signed {
		t.Errorf("the calendar %+v, %v", passed, err)
	}
	now := w.now(t, c.ID)
	said, err := w.service.ApprovalsOf(w.Alice, []*ent.Contract{w.create(t, w.twoParties()), now})
	if err != nil || said[0] != nil || said[1].Valid || len(said[1].Changed) != 1 || said[1].Changed[0] != "AMOUNT" {
		t.Errorf("the approvals are %+v, %v", said, err)
	}
	_, err = w.service.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: now.Version, Reason: ptr("x"), Details: contracts.Details{Title: ptr("另一个")}})
	fixture.Want(t, "an edit of what was approved", err, "WRONG_STATE")
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.twoParties()
	d.NoticeDays = ptr(60)
	c := w.signed(t, d)
	c = w.on(t, c, "2026-07-01")
	if got, want := w.open(t, c.ID), []string{"CONTRACT_END 2026-12-31", "RENEWAL_DECISION 2026-11-01"}; !slices.Equal(got, want) {
		t.Errorf("owed are %q, want %q", got, want)
	}
	renewal := func() contracts.Renewal { return contracts.Renewal{ID: c.ID, ExpectedVersion: c.Version} }
	_, err := w.service.Renew(w.Alice, renewal())
	fixture.Want(t, "renew without agreement", err, "WRONG_STATE")
	c = then(t, "agree", w.service.AgreeRenewal, w.Manager, contracts.Declaration{ID: c.ID, ExpectedVersion: c.Version, DeclaredBy: "双方"})
	if got, want := w.open(t, c.ID), []string{"CONTRACT_END 2026-12-31"}; !slices.Equal(got, want) {
		t.Errorf("owed are %q, want %q", got, want)
	}
	next := then(t, "renew", w.service.Renew, w.Alice, renewal())
	if next.Status != lifecycle.Draft || *next.EffectiveOn != *day("2027-01-01") || *next.EndsOn != *day("2027-06-30") || next.AmountMinor != 10000 {
		t.Errorf("the successor is %s from %s to %s", next.Status, next.EffectiveOn, next.EndsOn)
	}
	_, err = w.service.Renew(w.Alice, renewal())
	fixture.Want(t, "renew twice", err, "WRONG_STATE")
	next = then(t, "submit", w.service.Submit, w.Alice, contracts.Submission{Note: note(next)})
	next = then(t, "approve", w.service.Approve, w.Manager, note(next))
	next = then(t, "sign", w.service.Sign, w.Alice, w.signing(t, next, 0))
	next = then(t, "sign last", w.service.Sign, w.Alice, w.signing(t, next, 1))
	next = w.on(t, next, "2027-01-01")
	if old := w.now(t, c.ID); next.Status != lifecycle.Active || old.Status != lifecycle.Renewed {
		t.Errorf("the successor is %s, its predecessor %s", next.Status, old.Status)
	}
}

func TestAVehicleContractWaitsForTheCustomer(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.twoParties()
	d.Kind = lifecycle.Vehicle
	c := w.create(t, d)
	_, err := w.service.Submit(w.Alice, contracts.Submission{Note: note(c)})
	fixture.Want(t, "submit at once", err, "WRONG_STATE")
	agree := func() contracts.Declaration {
		return contracts.Declaration{ID: c.ID, ExpectedVersion: c.Version, DeclaredBy: "车主"}
	}
	c = then(t, "no objection", w.service.RecordNoObjection, w.Alice, agree())
	c = then(t, "edit", w.service.Update, w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: c.Version, Details: contracts.Details{Title: ptr("改")}})
	_, err = w.service.Submit(w.Alice, contracts.Submission{Note: note(c)})
	fixture.Want(t, "submit what the customer has not seen", err, "WRONG_STATE")
	c = then(t, "no objection again", w.service.RecordNoObjection, w.Alice, agree())
	if c = then(t, "submit", w.service.Submit, w.Alice, contracts.Submission{Note: note(c)}); c.Status != lifecycle.InReview {
		t.Errorf("it is %s", c.Status)
	}
}

func TestSignaturesAreVoidedNotLost(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.signed(t, w.twoParties())
	sigs, err := w.service.SignaturesOf(w.Acme.Ctx, []publicid.ContractID{c.ID})
	if err != nil || len(sigs) != 2 {
		t.Fatal(len(sigs), err)
	}
	c = then(t, "void", w.service.VoidSignature, w.Alice, contracts.Voiding{ID: sigs[0].ID, Reason: "假章"})
	if got := w.open(t, c.ID); c.Status != lifecycle.PartlySigned || len(got) != 0 {
		t.Errorf("it is %s and owes %q", c.Status, got)
	}
	_, err = w.service.VoidSignature(w.Alice, contracts.Voiding{ID: sigs[0].ID, Reason: "again"})
	fixture.Want(t, "void twice", err, "WRONG_STATE")
	c = then(t, "sign anew", w.service.Sign, w.Alice, w.signing(t, c, 0))
	_, err = w.service.Sign(w.Alice, w.signing(t, c, 0))
	fixture.Want(t, "sign a signed contract", err, "WRONG_STATE")
	if c.Status != lifecycle.Signed {
		t.Errorf("it is %s", c.Status)
	}
	rows, err := w.service.SignaturesOf(w.Acme.Ctx, []publicid.ContractID{c.ID})
	if err != nil || len(rows) != 3 || len(rows[0].Edges.Voids) != 1 {
		t.Errorf("%d signatures on record, %v", len(rows), err)
	}
}

func TestNobodyDecidesAlone(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.create(t, w.twoParties())
	c = then(t, "submit", w.service.Submit, w.Manager, contracts.Submission{Note: note(c)})
	_, err := w.service.Approve(w.Manager, note(c))
	fixture.Want(t, "approve one's own", err, "id NOT_ALLOWED")
	var g errgroup.Group
	results := make([]error, 6)
	for i := range results {
		g.Go(func() error {
			_, results[i] = w.service.Approve(w.Admin, note(c))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		}
	}
	n, err := w.Client.ContractStep.Query().Where(contractstep.ContractID(c.ID), contractstep.EventEQ(lifecycle.Approve)).Count(w.Acme.Ctx)
	if won != 1 || n != 1 || err != nil {
		t.Errorf("%d approvals won, %d are on record, %v", won, n, err)
	}
}
