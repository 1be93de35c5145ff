package reports_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/progress/work"
	"heyue/domain/reports"
	"heyue/ent"
	"heyue/ent/progressline"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// figures are what a measure counts, as plain numbers.
type figures struct {
	Count                        int
	Amount, Settled, Outstanding int64
}

// line is a row as plain values.
type line struct {
	Figures       map[reports.Measure]figures
	OverdueAmount int64
	OverdueLines  int
	Percent       string
}

// TestExecutionIsWhatIsThere holds the report, whoever asks for it, however it is grouped and filtered, to a count by hand over
// the rows, and each of its figures to the list that it opens.
func TestExecutionIsWhatIsThere(t *testing.T) {
	t.Parallel()
	w := many(t, 90)
	lines, err := w.Client.ProgressLine.Query().Order(progressline.ByID()).All(w.Acme.Ctx)
	fixture.Want(t, "the progress lines", err)
	works := map[publicid.ContractID][]*ent.ProgressLine{}
	for _, l := range lines {
		works[l.ContractID] = append(works[l.ContractID], l)
	}
	rapid.Check(t, func(r *rapid.T) {
		who := w.callers[rapid.SampledFrom([]string{"admin", "alice", "manager"}).Draw(r, "who")]
		sel := drawSelection(r)
		by := rapid.Permutation(reports.Dimensions()).Draw(r, "by")[:rapid.IntRange(0, 4).Draw(r, "dimensions")]
		got, err := w.service.Execution(who.ctx, sel.filter, by)
		if err != nil {
			r.Fatal(err)
		}
		want, totals := map[string]*tally{}, map[string]*tally{}
		for _, c := range w.rows {
			if who.sees(c) && sel.holds(c) && c.ArchivedAt == nil {
				count(want, keyOf(c, by), c, works[c.ID])
				count(totals, keyOf(c, nil), c, works[c.ID])
			}
		}
		compare(r, want, got.Rows, by)
		compare(r, totals, got.Totals, nil)
		if len(got.Rows) > 0 {
			row := rapid.SampledFrom(got.Rows).Draw(r, "row")
			w.open(r, who, sel, row, by, rapid.SampledFrom(reports.Measures()).Draw(r, "measure"))
		}
	})
}

func drawSelection(r *rapid.T) selection {
	from := date.MustParse(today).AddDays(-rapid.IntRange(1, 90).Draw(r, "days"))
	return rapid.SampledFrom([]selection{
		{nil, func(*ent.Contract) bool { return true }},
		{&criteria.Filter{Kind: []lifecycle.Kind{lifecycle.Sales}}, func(c *ent.Contract) bool { return c.Kind == lifecycle.Sales }},
		{&criteria.Filter{SignedOn: &listing.Dates{From: &from}}, func(c *ent.Contract) bool { return c.SignedOn != nil && !c.SignedOn.Before(from) }},
		{&criteria.Filter{Or: []*criteria.Filter{{Currency: []money.Currency{"USD"}}, {Status: []lifecycle.Status{lifecycle.Active, lifecycle.Expired}}}},
			func(c *ent.Contract) bool {
				return c.Currency == "USD" || c.Status == lifecycle.Active || c.Status == lifecycle.Expired
			}},
	}).Draw(r, "filter")
}

// tally is a row that is being counted by hand.
type tally struct {
	line
	shares []*big.Rat
}

func keyOf(c *ent.Contract, by []reports.Dimension) string {
	key := fmt.Sprint(c.Direction, c.Currency)
	for _, d := range reports.Dimensions() {
		for _, b := range by {
			if b != d {
				continue
			}
			switch d {
			case reports.ByDepartment:
				key += text(c.DepartmentID)
			case reports.ByOwner:
				key += text(c.OwnerID)
			case reports.ByKind:
				key += "|" + string(c.Kind)
			case reports.ByMonth:
				if c.SignedOn != nil {
					key += fmt.Sprintf("|%d-%02d-01", c.SignedOn.Year, c.SignedOn.Month)
				} else {
					key += "|"
				}
			}
		}
	}
	return key
}

func text[T fmt.Stringer](v *T) string {
	if v == nil {
		return "|"
	}
	return "|" + (*v).String()
}

func count(rows map[string]*tally, key string, c *ent.Contract, works []*ent.ProgressLine) {
	t := rows[key]
	if t == nil {
		t = &tally{line: line{Figures: map[reports.Measure]figures{}}}
		for _, m := range reports.Measures() {
			t.Figures[m] = figures{}
		}
		rows[key] = t
	}
	day, stands := date.MustParse(today), map[lifecycle.Status]bool{lifecycle.Signed: true, lifecycle.Active: true, lifecycle.Expired: true}[c.Status]
	lateMoney, lateParts, lateLines := int64(0), 0, 0
	for _, l := range c.Edges.PaymentPlan {
		if l.State.IsOpen() && !l.Awaiting && l.DueOn.Before(day) {
			lateMoney += l.AmountMinor - l.SettledMinor
			lateParts++
		}
	}
	for _, m := range c.Edges.Milestones {
		if m.State == milestone.Open && m.DueOn != nil && m.DueOn.Before(day) {
			lateParts++
		}
	}
	share, weights := new(big.Rat), int64(0)
	for _, l := range works {
		if l.State == work.Cancelled {
			continue
		}
		if l.State != work.Done && l.PlannedOn.Before(day) {
			lateLines++
		}
		weights += int64(l.Weight)
		part := new(big.Rat).Quo(l.ActualQuantity.Rat(), l.PlannedQuantity.Rat())
		share.Add(share, part.Mul(part, big.NewRat(int64(l.Weight), 1)))
	}
	if weights > 0 {
		t.shares = append(t.shares, share.Quo(share, big.NewRat(weights, 1)))
	}
	overdue := stands && lateParts+lateLines > 0
	if overdue {
		t.OverdueAmount += lateMoney
		t.OverdueLines += lateLines
	}
	in := func(of ...lifecycle.Status) bool {
		for _, s := range of {
			if s == c.Status {
				return true
			}
		}
		return false
	}
	for m, counts := range map[reports.Measure]bool{
		reports.All: true, reports.Overdue: overdue, reports.Completed: in(lifecycle.Completed), reports.Active: in(lifecycle.Active, lifecycle.Suspended),
		reports.Signed: in(lifecycle.Signed, lifecycle.Active, lifecycle.Suspended, lifecycle.Completed, lifecycle.Expired, lifecycle.Terminated, lifecycle.Renewed),
	} {
		if !counts {
			continue
		}
		f := t.Figures[m]
		f.Count++
		f.Amount += c.AmountMinor
		f.Settled += c.SettledMinor
		if in(lifecycle.Signed, lifecycle.Active, lifecycle.Suspended, lifecycle.Expired) {
			f.Outstanding += c.AmountMinor - c.SettledMinor
		}
		t.Figures[m] = f
	}
}

func compare(r *rapid.T, want map[string]*tally, rows []*reports.Row, by []reports.Dimension) {
	r.Helper()
	got, expected := map[string]line{}, map[string]line{}
	for _, row := range rows {
		c := &ent.Contract{Direction: row.Direction, Currency: row.Currency, DepartmentID: row.Department, OwnerID: row.Owner, SignedOn: row.Month}
		if row.Kind != nil {
			c.Kind = *row.Kind
		}
		l := line{Figures: map[reports.Measure]figures{}, OverdueAmount: row.OverdueAmount.Minor(), OverdueLines: row.OverdueLines}
		for m, f := range map[reports.Measure]*reports.Figures{reports.All: row.All, reports.Signed: row.Signed, reports.Active: row.Active, reports.Completed: row.Completed, reports.Overdue: row.Overdue} {
			l.Figures[m] = figures{f.Count, f.Amount.Minor(), f.Settled.Minor(), f.Outstanding.Minor()}
			if f.Amount.Currency() != row.Currency || f.Settled.Currency() != row.Currency {
				r.Fatalf("a sum in %s in a row of %s", f.Amount.Currency(), row.Currency)
			}
		}
		if row.Percent != nil {
			l.Percent = row.Percent.String()
		}
		got[keyOf(c, by)] = l
	}
	for key, t := range want {
		if n := int64(len(t.shares)); n > 0 {
			sum := new(big.Rat)
			for _, s := range t.shares {
				sum.Add(sum, s)
			}
			t.Percent = money.Truncate(sum.Mul(sum, big.NewRat(100, n)), 2).String()
		}
		expected[key] = t.line
	}
	if d := cmp.Diff(expected, got); d != "" {
		r.Fatalf("by %v (-want +got):\n%s", by, d)
	}
}

// open reads the list behind a figure and adds it up.
func (w *world) open(r *rapid.T, who caller, sel selection, row *reports.Row, by []reports.Dimension, m reports.Measure) {
	r.Helper()
	yes := true
	cell := reports.Cell{Measure: m, Direction: &row.Direction, Currency: &row.Currency, Kind: row.Kind, DepartmentID: row.Department, OwnerID: row.Owner, Month: row.Month}
	for _, d := range by {
		switch {
		case d == reports.ByDepartment && row.Department == nil:
			cell.WithoutDepartment = &yes
		case d == reports.ByOwner && row.Owner == nil:
			cell.WithoutOwner = &yes
		case d == reports.ByMonth && row.Month == nil:
			cell.WithoutMonth = &yes
		}
	}
	f := map[reports.Measure]*reports.Figures{reports.All: row.All, reports.Signed: row.Signed, reports.Active: row.Active, reports.Completed: row.Completed, reports.Overdue: row.Overdue}[m]
	first := 100
	list, err := w.service.Counted(who.ctx, sel.filter, cell, page.Args{First: &first}, nil)
	if err != nil {
		r.Fatal(err)
	}
	amount := int64(0)
	for _, c := range list.Nodes() {
		amount += c.AmountMinor
	}
	if n, err := list.TotalCount(who.ctx); err != nil || n != f.Count || len(list.Nodes()) != n || amount != f.Amount.Minor() {
		r.Fatalf("%s opens %d contracts over %d, %v; the figure says %d over %d", m, n, amount, err, f.Count, f.Amount.Minor())
	}
}

func TestExecutionIsBounded(t *testing.T) {
	t.Parallel()
	w := many(t, 30)
	for name, by := range map[string][]reports.Dimension{"twice": {reports.ByKind, reports.ByKind}, "unknown": {"COLOUR"}} {
		_, err := w.service.Execution(w.Admin, nil, by)
		fixture.Want(t, name, err, "groupBy BAD_REQUEST")
	}
	w.service.Limits.Rows = 2
	_, err := w.service.Execution(w.Admin, nil, reports.Dimensions())
	fixture.Want(t, "too many rows", err, "groupBy BAD_REQUEST")
	_, err = w.service.Execution(w.Nobody, nil, nil)
	fixture.Want(t, "nobody", err, "FORBIDDEN")
	_, err = w.service.Counted(w.Nobody, nil, reports.Cell{Measure: reports.All}, page.Args{}, nil)
	fixture.Want(t, "nobody opens a figure", err, "FORBIDDEN")
	_, err = w.service.Counted(w.Admin, nil, reports.Cell{Measure: "SOME"}, page.Args{}, nil)
	fixture.Want(t, "no measure", err, "cell BAD_REQUEST")
}

// TestSumsTooLargeAreSaid: a wrong figure is worse than none.
func TestSumsTooLargeAreSaid(t *testing.T) {
	t.Parallel()
	w := many(t, 1)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		buyer, err := tx.Customer.Query().FirstID(w.Acme.Ctx)
		if err != nil {
			return err
		}
		for _, number := range []string{"A", "B"} {
			c, err := tx.Contract.Create().SetNumber(number).SetTitle("巨").SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).SetStatus(lifecycle.Active).
				SetCustomerID(buyer).SetAmountMinor(1 << 62).SetCurrency("EUR").Save(w.Acme.Ctx)
			if err != nil {
				return err
			}
			err = tx.PaymentPlanLine.Create().SetContractID(c.ID).SetPosition(0).SetDueOn(date.MustParse(today)).SetAmountMinor(1 << 62).SetCurrency("EUR").Exec(w.Acme.Ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, err := w.service.Execution(w.Admin, nil, nil)
	fixture.Want(t, "a sum beyond 64 bits", err, "BAD_REQUEST")
	_, err = w.service.Forecast(w.Admin, reports.Request{Bucket: "DAY", To: date.MustParse(today)})
	fixture.Want(t, "a forecast beyond 64 bits", err, "BAD_REQUEST")
}
