package drafting_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/drafting"
	"heyue/domain/numbers"
	"heyue/domain/templates"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contracttext"
	"heyue/ent/template"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	contracts *contracts.Service
	drafting  *drafting.Service
	legal     context.Context
	customer  publicid.CustomerID
	service   publicid.TemplateID // the shipped service contract
}

func open(t *testing.T) world {
	t.Helper()
	c := fixture.NewCompany(t)
	w := world{Company: c, legal: c.User(t, c.Acme, "legal", c.Acme.Root)}
	w.contracts = &contracts.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Numbers: numbers.Counters{}, Fields: c.Fields, Lister: c.Lister, Clock: c.Clock,
		Obligations: alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock},
	}
	w.drafting = &drafting.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Contracts: w.contracts, Clock: c.Clock, Limits: drafting.DefaultLimits(),
		Templates: &templates.Service{Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Limits: templates.DefaultLimits()},
	}
	w.contracts.Texts = w.drafting
	w.Write(t, c.Acme.Ctx, func(tx *ent.Tx) error {
		made, err := tx.Customer.Create().SetName("华东汽车").SetCode("C1").SetOwnerID(fixture.Caller(t, c.Alice).UserID).SetDepartmentID(c.City).Save(c.Acme.Ctx)
		if err != nil {
			return err
		}
		w.customer = made.ID
		if err := (templates.Seed{Clock: c.Clock}).Run(c.Acme.Ctx, tx, "zh-CN"); err != nil {
			return err
		}
		w.service, err = tx.Template.Query().Where(template.Code("SERVICE")).OnlyID(c.Acme.Ctx)
		return err
	})
	return w
}

func ptr[T any](v T) *T { return &v }

func (w world) draft(t *testing.T, fills ...*text.Fill) *ent.Contract {
	t.Helper()
	made, err := w.contracts.Draft(w.Alice, contracts.Drafted{
		Contract: contracts.Draft{Kind: lifecycle.Service, Details: contracts.Details{Title: ptr("系统服务"), CustomerID: &w.customer}},
		Text:     text.Wish{TemplateID: &w.service, Fill: fills},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func fill(slot, said string) *text.Fill {
	return &text.Fill{Slot: slot, Value: &text.Value{Text: &said}}
}

func code(err error) fault.Code {
	if all := fault.All(err); len(all) > 0 {
		return all[0].Code
	}
	return ""
}

func (w world) hash(t *testing.T, id publicid.ContractID) [32]byte {
	t.Helper()
	hashes, err := w.drafting.Hashes(w.Acme.Ctx, w.Client, []publicid.ContractID{id})
	if err != nil || len(hashes) != 1 {
		t.Fatalf("no text: %v", err)
	}
	return hashes[id]
}

func (w world) plain(t *testing.T, id publicid.ContractID) string {
	t.Helper()
	all, err := w.drafting.Of(w.Acme.Ctx, []publicid.ContractID{id})
	if err != nil || len(all) != 1 {
		t.Fatalf("no text: %v", err)
	}
	return all[0].Plain
}

// TestTextFollowsTheContract: the contract's own values cannot differ from the text, and what the customer is called
// follows while the contract is a draft and stands still between fills.
func TestTextFollowsTheContract(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	before := w.hash(t, c.ID)
	c, err := w.contracts.Update(w.Alice, contracts.Change{ID: c.ID, ExpectedVersion: c.Version, Details: contracts.Details{Amount: &money.Input{Amount: money.Whole(88), Currency: money.CNY}}})
	if err != nil {
		t.Fatal(err)
	}
	after := w.hash(t, c.ID)
	if plain := w.plain(t, c.ID); after == before || !strings.Contains(plain, "人民币捌拾捌元整") {
		t.Errorf("the text does not follow the amount:\n%s", plain)
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Customer.UpdateOneID(w.customer).SetName("华东汽车集团").Exec(w.Acme.Ctx)
	})
	if w.hash(t, c.ID) != after {
		t.Error("the text changed although nobody touched the contract")
	}
	if _, err = w.drafting.Fill(w.Alice, drafting.Filling{ID: c.ID, ExpectedVersion: c.Version}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.plain(t, c.ID), "华东汽车集团") {
		t.Error("a fill did not read the customer anew")
	}
}

// TestNothingIsHalfMade: when the text is refused there is no contract, and the number it had is given again.
func TestNothingIsHalfMade(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := w.draft(t)
	wish := text.Wish{TemplateID: &w.service, ContactID: ptr(publicid.NewContactID())}
	_, err := w.contracts.Draft(w.Alice, contracts.Drafted{
		Contract: contracts.Draft{Kind: lifecycle.Service, Details: contracts.Details{Title: ptr("x"), CustomerID: &w.customer}}, Text: wish,
	})
	if fs := fault.All(err); len(fs) != 1 || strings.Join(fs[0].Field, ".") != "text.contactId" {
		t.Fatalf("an unknown contact: %v", err)
	}
	if n, err := w.Client.Contract.Query().Count(w.Acme.Ctx); err != nil || n != 1 {
		t.Errorf("%d contracts, %v", n, err)
	}
	second := w.draft(t)
	if first.Number[:len(first.Number)-1] != second.Number[:len(second.Number)-1] || second.Number[len(second.Number)-1] != first.Number[len(first.Number)-1]+1 {
		t.Errorf("%s comes after %s", second.Number, first.Number)
	}
}

// TestPreviousIsWhatTheCallerMaySee: a value is taken over from the customer's last contract under the template, and never
// from one that the drafter may not read.
func TestPreviousIsWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.draft(t, fill("court", "上海市浦东新区人民法院"))
	w.Clock.Advance(time.Minute)
	mine := w.draft(t)
	if !strings.Contains(w.plain(t, mine.ID), "上海市浦东新区人民法院") {
		t.Error("the court of the last contract was not taken over")
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Customer.UpdateOneID(w.customer).SetOwnerID(fixture.Caller(t, w.Bob).UserID).Exec(w.Acme.Ctx)
	})
	theirs, err := w.contracts.Draft(w.Bob, contracts.Drafted{
		Contract: contracts.Draft{Kind: lifecycle.Service, Details: contracts.Details{Title: ptr("x"), CustomerID: &w.customer}},
		Text:     text.Wish{TemplateID: &w.service},
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.plain(t, theirs.ID), "浦东") {
		t.Error("a value came from a contract that the drafter may not see")
	}
}

// TestExceptionsBuildOnEachOther: an exception is accepted only on the words that it was proposed for, and only once.
func TestExceptionsBuildOnEachOther(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	propose := func(said string) *ent.ClauseException {
		x, err := w.drafting.Propose(w.Alice, drafting.Proposal{ContractID: c.ID, Clause: "breach", NewText: said, Reason: "r"})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	first := propose("甲")
	var g errgroup.Group
	wins := make(chan bool, 16)
	for i := range 8 {
		g.Go(func() error {
			_, err := w.drafting.Decide(w.legal, drafting.Decision{ID: first.ID, ExpectedVersion: 1, Accept: i%2 == 0})
			if err == nil {
				wins <- true
				return nil
			}
			if c := code(err); c != fault.VersionConflict && c != fault.WrongState {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil || len(wins) != 1 {
		t.Fatalf("%d decisions were made, %v", len(wins), err)
	}
	second := propose("乙")
	accepted, err := w.drafting.Decide(w.legal, drafting.Decision{ID: second.ID, ExpectedVersion: 1, Accept: true})
	if err != nil || accepted.Status != text.Accepted {
		t.Fatalf("%v, %v", accepted, err)
	}
	if _, err := w.drafting.Of(w.Acme.Ctx, []publicid.ContractID{c.ID}); err != nil {
		t.Fatal(err)
	}
	third := propose("丙")
	if third.OldText != "乙" {
		t.Errorf("the third exception replaces %q", third.OldText)
	}
}

// TestExceptionsWaitForTheContract: past review, nothing is decided or proposed any more.
func TestExceptionsWaitForTheContract(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	p := drafting.Proposal{ContractID: c.ID, Clause: "breach", NewText: "甲", Reason: "r"}
	x, err := w.drafting.Propose(w.Alice, p)
	if err != nil {
		t.Fatal(err)
	}
	hash := w.hash(t, c.ID)
	for status, may := range map[lifecycle.Status]bool{lifecycle.Approved: false, lifecycle.Active: false, lifecycle.Withdrawn: false, lifecycle.InReview: true} {
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error { return tx.Contract.UpdateOneID(c.ID).SetStatus(status).Exec(w.Acme.Ctx) })
		p.Clause = "force_majeure"
		if _, err := w.drafting.Propose(w.Alice, p); code(err) != fault.WrongState {
			t.Errorf("a proposal while %s: %v", status, err)
		}
		if _, err := w.drafting.Fill(w.Alice, drafting.Filling{ID: c.ID, ExpectedVersion: c.Version, Fill: []*text.Fill{fill("court", "x")}}); code(err) != fault.WrongState {
			t.Errorf("a fill while %s: %v", status, err)
		}
		if may {
			continue
		}
		if _, err := w.drafting.Decide(w.legal, drafting.Decision{ID: x.ID, ExpectedVersion: 1, Accept: true}); code(err) != fault.WrongState {
			t.Errorf("a decision while %s: %v", status, err)
		}
	}
	if w.hash(t, c.ID) != hash {
		t.Error("the text changed")
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Contract.UpdateOneID(c.ID).SetStatus(lifecycle.InReview).Exec(w.Acme.Ctx)
	})
	if _, err := w.drafting.Decide(w.legal, drafting.Decision{ID: x.ID, ExpectedVersion: 1, Accept: true}); err != nil {
		t.Errorf("a decision in review: %v", err)
	}
}

// TestRacingFillsLoseNothing: of fills at once on one version, one is taken.
func TestRacingFillsLoseNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	var g errgroup.Group
	wins := make(chan string, 8)
	for _, said := range []string{"a", "b", "c", "d", "e", "f"} {
		g.Go(func() error {
			_, err := w.drafting.Fill(w.Alice, drafting.Filling{ID: c.ID, ExpectedVersion: 1, Fill: []*text.Fill{fill("court", said)}})
			if err == nil {
				wins <- said
			} else if code(err) != fault.VersionConflict {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil || len(wins) != 1 {
		t.Fatalf("%d fills were taken, %v", len(wins), err)
	}
	row, err := w.Client.ContractText.Query().Where(contracttext.ContractID(c.ID)).Only(w.Acme.Ctx)
	if won := <-wins; err != nil || *row.Slots["court"].Text != won {
		t.Errorf("%v, %v; %s won", row, err, won)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	w.drafting.Limits.Exceptions, w.drafting.Limits.Text.ValueText, w.drafting.Limits.Text.Rows, w.drafting.Limits.Text.ClauseText = 1, 3, 1, 5
	p := drafting.Proposal{ContractID: c.ID, Clause: "breach", NewText: "甲", Reason: "r"}
	x, err := w.drafting.Propose(w.Alice, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.drafting.Withdraw(w.Alice, drafting.Withdrawal{ID: x.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = w.drafting.Propose(w.Alice, p)
	if code(err) != fault.LimitReached {
		t.Errorf("an exception too many: %v", err)
	}
	p.NewText, p.Reason = "一二三四五六", strings.Repeat("字", drafting.MaxReason+1)
	if _, err = w.drafting.Propose(w.Alice, p); len(fault.All(err)) != 2 || code(err) != fault.TooLong {
		t.Errorf("long words: %v", err)
	}
	if _, err = w.drafting.Decide(w.legal, drafting.Decision{Opinion: ptr(strings.Repeat("字", drafting.MaxOpinion+1))}); code(err) != fault.TooLong {
		t.Errorf("a long opinion: %v", err)
	}
	for slot, v := range map[string]*text.Value{"court": {Text: ptr("四个字了")}, "services": {Rows: [][]string{{"a", "b", "c"}, {"a", "b", "c"}}}} {
		_, err = w.drafting.Fill(w.Alice, drafting.Filling{ID: c.ID, ExpectedVersion: 1, Fill: []*text.Fill{{Slot: slot, Value: v}}})
		if c := code(err); c != fault.TooLong && c != fault.LimitReached {
			t.Errorf("%s: %v", slot, err)
		}
	}
}

// TestTextWithinATransaction is what that transaction sees, and nothing of it stays when it fails.
func TestTextWithinATransaction(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.draft(t)
	before := w.hash(t, c.ID)
	tx, err := w.Client.Tx(w.Acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = tx.Contract.UpdateOneID(c.ID).SetAmountMinor(12345).Exec(w.Acme.Ctx)
	inside, rerr := w.drafting.Hashes(w.Acme.Ctx, tx.Client(), []publicid.ContractID{c.ID})
	if err := errors.Join(err, rerr, tx.Rollback()); err != nil || len(inside) != 1 || inside[c.ID] == before {
		t.Errorf("within: %v, %v", inside, err)
	}
	if w.hash(t, c.ID) != before {
		t.Error("what was undone shows")
	}
	none, err := w.drafting.Hashes(w.Acme.Ctx, w.Client, []publicid.ContractID{publicid.NewContractID()})
	if err != nil || len(none) != 0 {
		t.Errorf("a contract that does not exist has a text: %v, %v", none, err)
	}
}
