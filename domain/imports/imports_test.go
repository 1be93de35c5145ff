package imports_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/imports"
	"heyue/domain/numbers"
	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/ent/obligation"
	"heyue/platform/money"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
)

func importer(w *fixture.World) imports.OCDS {
	return imports.OCDS{
		Client: w.Client, Audit: w.Audit, Sealer: w.Vault, Numbers: numbers.Counters{}, Clock: w.Clock,
		Obligations: alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}, Dates: contracts.DueDates,
	}
}

func files() map[string]string {
	return map[string]string{
		"canada":   "../ocds/testdata/canada-buyandsell.jsonl.gz",
		"airports": "../ocds/testdata/mexico-airports.jsonl.gz",
		"colombia": "../demo/testdata/colombia-compra.jsonl",
		"jalisco":  "../demo/testdata/jalisco.jsonl",
	}
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type result struct {
	imports.Summary
	problems []ocds.Problem
}

// run imports data into the tenant.
func run(t testing.TB, o imports.OCDS, tn *fixture.Tenant, data []byte) result {
	t.Helper()
	r, err := ocds.New(bytes.NewReader(data), ocds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out result
	out.Summary, err = o.Run(tn.Ctx, r, imports.Watch{Problems: func(p []ocds.Problem) error {
		out.problems = append(out.problems, p...)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dump is every row of every table of the database, a line each.
func dump(t testing.TB, w *fixture.World) []string {
	t.Helper()
	super := pgtest.Open(t, w.DB.SuperDSN)
	rows, err := super.Query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, s)
	}
	var out []string
	for _, table := range tables {
		lines, err := super.Query(`SELECT row_to_json(x)::text FROM "` + table + `" x ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		for lines.Next() {
			var s string
			if err := lines.Scan(&s); err != nil {
				t.Fatal(err)
			}
			out = append(out, table+" "+s)
		}
		lines.Close()
	}
	if len(out) == 0 {
		t.Fatal("the dump is empty; it would prove nothing")
	}
	return out
}

type counts struct {
	Customers, Contacts, Contracts, Parties, Lines, Payments, Milestones, Documents, Changes, Obligations int
}

func count(t testing.TB, w *fixture.World, tn *fixture.Tenant) counts {
	t.Helper()
	n := func(count int, err error) int {
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	c := w.Client
	return counts{
		n(c.Customer.Query().Count(tn.Ctx)), n(c.Contact.Query().Count(tn.Ctx)), n(c.Contract.Query().Count(tn.Ctx)),
		n(c.ContractParty.Query().Count(tn.Ctx)), n(c.ContractLine.Query().Count(tn.Ctx)), n(c.Payment.Query().Count(tn.Ctx)),
		n(c.Milestone.Query().Count(tn.Ctx)), n(c.DocumentReference.Query().Count(tn.Ctx)), n(c.ContractChange.Query().Count(tn.Ctx)),
		n(c.Obligation.Query().Count(tn.Ctx)),
	}
}

// TestPublishedFiles: what the reader counts arrives in the tables, sums of payments are kept, and a second run of the
// same file changes no row of any table.
func TestPublishedFiles(t *testing.T) {
	t.Parallel()
	want := map[string]counts{
		"canada":   {Customers: 1, Contracts: 11, Parties: 11, Lines: 11, Changes: 9, Obligations: 11},
		"colombia": {Customers: 19, Contracts: 20, Parties: 40, Lines: 20, Documents: 43, Obligations: 18},
		"jalisco":  {Customers: 37, Contacts: 37, Contracts: 20, Parties: 80, Lines: 151, Payments: 24, Documents: 23, Obligations: 20},
		"airports": {
			Customers: 315, Contacts: 57, Contracts: 292, Parties: 949, Lines: 394, Payments: 103, Milestones: 297, Documents: 1293, Obligations: 223,
		},
	}
	for name, path := range files() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			tn := w.Tenant(t, name)
			data := content(t, path)
			first := run(t, importer(w), tn, data)
			if first.Failed != 0 {
				t.Errorf("%d processes failed, the last for: %+v", first.Failed, first.problems[len(first.problems)-1])
			}
			if diff := cmp.Diff(want[name], count(t, w, tn)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			settled(t, w, tn)
			before := dump(t, w)
			w.Clock.Advance(24 * time.Hour)
			second := run(t, importer(w), tn, data)
			if second.Unchanged != first.Processes || second.Contracts != (imports.Tally{}) {
				t.Errorf("the second run: %+v", second.Summary)
			}
			if diff := cmp.Diff(before, dump(t, w)); diff != "" {
				t.Errorf("the second run changed something:\n%s", diff)
			}
			if diff := cmp.Diff(first.problems, second.problems); diff != "" {
				t.Errorf("the second run reports otherwise:\n%s", diff)
			}
		})
	}
}

// settled compares each contract's sum with its payments.
func settled(t testing.TB, w *fixture.World, tn *fixture.Tenant) {
	t.Helper()
	all, err := w.Client.Contract.Query().WithPayments().All(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		var sum int64
		for _, p := range c.Edges.Payments {
			sum += p.AmountMinor
		}
		if sum != c.SettledMinor {
			t.Errorf("%s has payments of %d and says %d", c.Number, sum, c.SettledMinor)
		}
		owes := c.Status.OwesObligations()
		n, err := c.QueryObligations().Where(obligation.StateEQ(due.Open)).Count(tn.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !owes && n > 0 || owes && c.EndsOn != nil && n == 0 {
			t.Errorf("%s is %s and has %d obligations", c.Number, c.Status, n)
		}
	}
}

// TestABatchIsATransaction: what is written together is told together.
func TestABatchIsATransaction(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "batches")
	r, err := ocds.New(bytes.NewReader(content(t, files()["airports"])), ocds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o := importer(w)
	o.BatchSize = 70
	var after []int
	sum, err := o.Run(tn.Ctx, r, imports.Watch{Progress: func(s imports.Summary) { after = append(after, s.Processes) }})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range after {
		if want := min(70*(i+1), sum.Processes); n != want {
			t.Errorf("after batch %d there are %d processes, want %d", i+1, n, want)
		}
	}
	if len(after) != (sum.Processes+69)/70 || len(after) < 2 {
		t.Errorf("%d batches of %d processes", len(after), sum.Processes)
	}
}

// TestNumbersHaveNoGaps: numbers follow the tenant's rule, one after the other, also beside those given by hand.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "gapless")
	o := importer(w)
	o.BatchSize = 7
	run(t, o, tn, content(t, files()["airports"]))
	got, err := w.Client.Contract.Query().Order(contract.ByNumber()).Select(contract.FieldNumber).Strings(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, number := range got {
		if want := fmt.Sprintf("HT-2026-%05d", i+1); number != want {
			t.Fatalf("number %d is %s, want %s", i+1, number, want)
		}
	}
	codes, err := w.Client.Customer.Query().Order(customer.ByCode()).Select(customer.FieldCode).Strings(tn.Ctx)
	if err != nil || len(codes) == 0 || codes[len(codes)-1] != fmt.Sprintf("C%06d", len(codes)) {
		t.Errorf("%d codes up to %v, %v", len(codes), codes[len(codes)-1:], err)
	}
}

// release writes one release as a line of JSON.
func release(t testing.TB, ocid, id string, contracts ...map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"ocid": ocid, "id": id, "date": "2026-01-0" + id + "T00:00:00Z", "tag": []string{"contract"}, "language": "en",
		"parties": []any{map[string]any{"id": "S1", "name": "Acme Ltd", "roles": []string{"supplier"},
			"identifier": map[string]any{"scheme": "XX", "id": "1"}, "contactPoint": map[string]any{"name": "Ann", "telephone": "123"}}},
		"awards":    []any{map[string]any{"id": "a", "suppliers": []any{map[string]any{"id": "S1", "name": "Acme Ltd"}}}},
		"contracts": contracts,
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func agreement(change func(c map[string]any)) map[string]any {
	c := map[string]any{
		"id": "c1", "awardID": "a", "title": "Paper", "status": "active", "dateSigned": "2026-01-01T00:00:00Z",
		"period": map[string]any{"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"},
		"value":  map[string]any{"amount": 100, "currency": "USD"},
		"items": []any{
			map[string]any{"id": "1", "description": "A4", "quantity": 10, "unit": map[string]any{"name": "box", "value": map[string]any{"amount": 5, "currency": "USD"}}},
			map[string]any{"id": "2", "description": "A3", "quantity": 5, "unit": map[string]any{"name": "box", "value": map[string]any{"amount": 10, "currency": "USD"}}},
		},
		"implementation": map[string]any{
			"transactions": []any{map[string]any{"id": "t1", "date": "2026-02-01T00:00:00Z", "value": map[string]any{"amount": 40, "currency": "USD"}}},
			"milestones":   []any{map[string]any{"id": "m1", "title": "Delivery", "type": "delivery", "dueDate": "2026-09-01T00:00:00Z", "status": "scheduled"}},
		},
		"documents":  []any{map[string]any{"id": "d1", "title": "Text", "url": "https://x.example/1.pdf"}},
		"amendments": []any{map[string]any{"id": "am1", "date": "2026-01-05T00:00:00Z", "rationale": "why", "description": "what"}},
	}
	if change != nil {
		change(c)
	}
	return c
}

// touched names the tables and ids whose rows differ between two dumps, leaving out the journal of the import itself.
func touched(t testing.TB, before, after []string) map[string]int {
	t.Helper()
	was := map[string]bool{}
	for _, l := range before {
		was[l] = true
	}
	out := map[string]int{}
	for _, l := range after {
		table, _, _ := strings.Cut(l, " ")
		if !was[l] && table != "import_sources" && table != "audit_entries" && table != "audit_queue" {
			out[table]++
		}
	}
	return out
}

// TestAChangedReleaseChangesOnlyThat: each change of the source touches the rows that it is about and no others.
func TestAChangedReleaseChangesOnlyThat(t *testing.T) {
	t.Parallel()
	list := func(c map[string]any, in, key string) []any {
		if in != "" {
			c = c[in].(map[string]any)
		}
		return c[key].([]any)
	}
	for name, c := range map[string]struct {
		change func(c map[string]any)
		want   map[string]int
	}{
		"title":  {func(c map[string]any) { c["title"] = "Card" }, map[string]int{"contracts": 1, "obligations": 2}},
		"amount": {func(c map[string]any) { c["value"].(map[string]any)["amount"] = 120 }, map[string]int{"contracts": 1}},
		"end": {func(c map[string]any) { c["period"].(map[string]any)["endDate"] = "2027-06-30T00:00:00Z" },
			map[string]int{"contracts": 1, "obligations": 1, "reminders": 1}},
		"a line": {func(c map[string]any) { list(c, "", "items")[1].(map[string]any)["quantity"] = 6 }, map[string]int{"contract_lines": 1}},
		"a new line": {func(c map[string]any) {
			c["items"] = append(list(c, "", "items"), map[string]any{"id": "3", "description": "A5", "quantity": 1})
		}, map[string]int{"contract_lines": 1}},
		"a new payment": {func(c map[string]any) {
			i := c["implementation"].(map[string]any)
			i["transactions"] = append(list(c, "implementation", "transactions"), map[string]any{"id": "t2", "date": "2026-03-01T00:00:00Z", "value": map[string]any{"amount": 1, "currency": "USD"}})
		}, map[string]int{"contracts": 1, "payments": 1}},
		"a corrected payment": {func(c map[string]any) {
			list(c, "implementation", "transactions")[0].(map[string]any)["value"].(map[string]any)["amount"] = 45
		}, map[string]int{"contracts": 1, "payments": 2}},
		"a met milestone": {func(c map[string]any) {
			m := list(c, "implementation", "milestones")[0].(map[string]any)
			m["status"], m["dateMet"] = "met", "2026-05-01T00:00:00Z"
		}, map[string]int{"milestones": 1, "obligations": 1, "reminders": 1}},
		"a document": {func(c map[string]any) { list(c, "", "documents")[0].(map[string]any)["title"] = "Other" }, map[string]int{"document_references": 1}},
		"an amendment": {func(c map[string]any) {
			c["amendments"] = append(list(c, "", "amendments"), map[string]any{"id": "am2", "rationale": "more"})
		}, map[string]int{"contract_changes": 1}},
		"an early end": {func(c map[string]any) { c["status"] = "terminated" }, map[string]int{"contracts": 1, "obligations": 2, "reminders": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			tn := w.Tenant(t, "changes")
			other := release(t, "ocds-other-1", "1", agreement(nil))
			run(t, importer(w), tn, append(release(t, "ocds-test-1", "1", agreement(nil)), other...))
			before := dump(t, w)
			w.Clock.Advance(time.Hour)
			again := run(t, importer(w), tn, append(release(t, "ocds-test-1", "1", agreement(c.change)), other...))
			if diff := cmp.Diff(c.want, touched(t, before, dump(t, w))); diff != "" {
				t.Errorf("rows touched (-want +got):\n%s", diff)
			}
			if again.Unchanged != 1 || again.Contracts.Created != 0 {
				t.Errorf("%+v", again.Summary)
			}
			settled(t, w, tn)
		})
	}
}

// TestWhatPeopleEditedStays: a field that the source did not change keeps what somebody wrote here, and a list that
// somebody replaced is left alone and named.
func TestWhatPeopleEditedStays(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "edited")
	run(t, importer(w), tn, release(t, "ocds-test-1", "1", agreement(nil)))
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		c, err := tx.Contract.Query().Only(tn.Ctx)
		if err != nil {
			return err
		}
		if err := tx.Contract.UpdateOne(c).SetTitle("Ours").Exec(tn.Ctx); err != nil {
			return err
		}
		if _, err := tx.ContractLine.Delete().Exec(tn.Ctx); err != nil {
			return err
		}
		l := tx.ContractLine.Create().SetContractID(c.ID).SetPosition(0).SetDescription("ours").SetQuantity(money.Whole(1)).SetUnitPrice(money.Whole(0)).SetAmountMinor(0)
		return l.Exec(tn.Ctx)
	})
	again := run(t, importer(w), tn, release(t, "ocds-test-1", "1", agreement(func(c map[string]any) {
		c["value"].(map[string]any)["amount"] = 120
		c["items"].([]any)[0].(map[string]any)["quantity"] = 1
	})))
	c, err := w.Client.Contract.Query().WithLines().Only(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if c.Title != "Ours" || c.AmountMinor != 12000 || len(c.Edges.Lines) != 1 || c.Edges.Lines[0].Description != "ours" {
		t.Errorf("got %s %d %v", c.Title, c.AmountMinor, c.Edges.Lines)
	}
	named := false
	for _, p := range again.problems {
		named = named || p.Path == "contracts[0].items" && p.Severity == ocds.Skipped
	}
	if !named {
		t.Errorf("the list that was left alone is not named: %+v", again.problems)
	}
}

// TestABadProcessIsLeftOutAlone: a process that the database refuses does not take its batch with it.
func TestABadProcessIsLeftOutAlone(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn := w.Tenant(t, "bad")
	super := pgtest.Open(t, w.DB.SuperDSN)
	if _, err := super.Exec(`ALTER TABLE contract_lines ADD CONSTRAINT no_poison CHECK (description <> 'poison')`); err != nil {
		t.Fatal(err)
	}
	var data []byte
	for i := range 9 {
		data = append(data, release(t, fmt.Sprintf("ocds-test-%d", i), "1", agreement(func(c map[string]any) {
			if i == 4 {
				c["items"].([]any)[0].(map[string]any)["description"] = "poison"
			}
		}))...)
	}
	data = append(data, "{broken\n"...)
	got := run(t, importer(w), tn, data)
	if got.Failed != 1 || got.Contracts.Created != 8 || count(t, w, tn).Lines != 16 {
		t.Errorf("%+v, %+v", got.Summary, count(t, w, tn))
	}
	var said []string
	for _, p := range got.problems {
		if p.Severity == ocds.Skipped {
			said = append(said, fmt.Sprintf("%d %s %s", p.Line, p.OCID, p.Path))
		}
	}
	if diff := cmp.Diff([]string{"10  $", "5 ocds-test-4 $"}, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := super.Exec(`ALTER TABLE contract_lines DROP CONSTRAINT no_poison`); err != nil {
		t.Fatal(err)
	}
	if again := run(t, importer(w), tn, data); again.Unchanged != 8 || again.Contracts.Created != 1 {
		t.Errorf("running again: %+v", again.Summary)
	}
}

// cut is an input that ends the import's context after so many processes, as a kill would.
type cut struct {
	imports.Processes
	left int
	stop func()
}

func (c *cut) Next() (ocds.Process, error) {
	if c.left--; c.left == 0 {
		c.stop()
	}
	return c.Processes.Next()
}

// TestACutOffImportLeavesWholeProcesses and running again completes it.
func TestACutOffImportLeavesWholeProcesses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn, whole := w.Tenant(t, "cut"), w.Tenant(t, "whole")
	data := content(t, files()["airports"])
	r, err := ocds.New(bytes.NewReader(data), ocds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, stop := context.WithCancel(tn.Ctx)
	defer stop()
	o := importer(w)
	o.BatchSize = 20
	if _, err := o.Run(ctx, &cut{r, 150, stop}, imports.Watch{}); err == nil {
		t.Fatal("an import that was cut off says it is complete")
	}
	cutOff := count(t, w, tn).Contracts
	if cutOff == 0 || cutOff >= 292 {
		t.Fatalf("%d contracts after the cut; the test proves nothing", cutOff)
	}
	settled(t, w, tn)
	run(t, o, tn, data)
	run(t, o, whole, data)
	if diff := cmp.Diff(count(t, w, whole), count(t, w, tn)); diff != "" {
		t.Errorf("completed and whole differ:\n%s", diff)
	}
}

// TestOneOrganisationIsOneCustomer over processes and files, and gets its blanks filled by later mentions.
func TestOneOrganisationIsOneCustomer(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tn, other := w.Tenant(t, "one"), w.Tenant(t, "other")
	run(t, importer(w), tn, release(t, "ocds-test-1", "1", agreement(nil)))
	got := run(t, importer(w), tn, bytes.Replace(release(t, "ocds-test-2", "1", agreement(nil)),
		[]byte(`"telephone":"123"`), []byte(`"telephone":"999","email":"ann@acme.example"`), 1))
	c, err := w.Client.Customer.Query().WithContacts().Only(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if c.Phone != "123" || c.Email != "ann@acme.example" || c.Version != 2 || len(c.Edges.Contacts) != 1 || c.Edges.Contacts[0].Phone != "123" {
		t.Errorf("got %+v %v", c, c.Edges.Contacts)
	}
	if got.Customers != (imports.Tally{Changed: 1}) || got.Contacts != (imports.Tally{Changed: 1}) {
		t.Errorf("%+v", got.Summary)
	}
	if n := count(t, w, other); n != (counts{}) {
		t.Errorf("the other tenant has %+v", n)
	}
}

func TestErrorFile(t *testing.T) {
	t.Parallel()
	input := filepath.Join(t.TempDir(), "x.jsonl")
	for _, problems := range []int{2, 0} {
		e, err := imports.ErrorsOf(input)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(make([]ocds.Problem, problems)); err != nil {
			t.Fatal(err)
		}
		if written, err := e.Close(); written != (problems > 0) || err != nil {
			t.Errorf("%v, %v", written, err)
		}
		b, _ := os.ReadFile(e.Path())
		if got := bytes.Count(b, []byte("\n")); got != problems {
			t.Errorf("%d lines, want %d", got, problems)
		}
	}
}
