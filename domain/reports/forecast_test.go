package reports_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/reports"
	"heyue/domain/reports/cash"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// owed is an open instalment as a count by hand needs it.
type owed struct {
	line      *ent.PaymentPlanLine
	contract  *ent.Contract
	day       date.Date
	supposed  date.Date
	in        bool
	leftMinor int64
}

// flowed is a period as plain numbers: in, out, together with the periods before.
type flowed struct{ In, Out, Cumulative int64 }

// TestForecastIsWhatIsOpen holds the forecast, whoever asks for it, whatever its window, filter and suppositions, to sums by
// hand over the instalments, and its figures to the lists that they open.
func TestForecastIsWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := many(t, 90)
	rapid.Check(t, func(r *rapid.T) {
		who, sel := w.callers[rapid.SampledFrom([]string{"admin", "alice", "manager"}).Draw(r, "who")], drawSelection(r)
		all := w.owed(who, sel)
		from := date.MustParse(today).AddDays(rapid.IntRange(0, 40).Draw(r, "from"))
		req := reports.Request{
			Bucket: rapid.SampledFrom(cash.Buckets()).Draw(r, "bucket"), From: &from, To: from.AddDays(rapid.IntRange(0, 120).Draw(r, "to")), Filter: sel.filter,
		}
		req.WhatIf = suppose(r, all)
		got, err := w.service.Forecast(who.ctx, req)
		if err != nil {
			r.Fatal(err)
		}
		if len(got.Shifts) != len(req.WhatIf) || got.Today.String() != today {
			r.Fatalf("%d of %d shifts as of %s", len(got.Shifts), len(req.WhatIf), got.Today)
		}
		for _, s := range got.Currencies {
			var sums, base [][2]int64
			for _, p := range s.Periods {
				sums = append(sums, add(all, s.Currency, p, func(o *owed) date.Date { return o.supposed }))
				base = append(base, add(all, s.Currency, p, func(o *owed) date.Date { return o.day }))
			}
			same(r, s, sums, func(p *reports.Period) *reports.Sums { return p.Figures })
			same(r, s, base, func(p *reports.Period) *reports.Sums { return p.Base })
			for _, p := range s.Periods {
				if p.Base.Cumulative.Minor()+p.Difference.Cumulative.Minor() != p.Figures.Cumulative.Minor() || p.Base.Net.Minor()+p.Difference.Net.Minor() != p.Figures.Net.Minor() {
					r.Fatalf("the difference of %v does not lead from base to figures", p.Period)
				}
			}
			w.instalments(r, who, req, s, rapid.SampledFrom(s.Periods).Draw(r, "period"))
		}
		for _, o := range all {
			within := !o.day.After(req.To) || !o.supposed.After(req.To)
			shown := false
			for _, s := range got.Currencies {
				shown = shown || s.Currency == o.contract.Currency
			}
			if within && !shown {
				r.Fatalf("%s is not in the forecast", o.contract.Currency)
			}
		}
	})
}

// owed finds the open instalments by hand.
func (w *world) owed(who caller, sel selection) []*owed {
	day := date.MustParse(today)
	var out []*owed
	for _, c := range w.rows {
		stands := c.Status == lifecycle.Signed || c.Status == lifecycle.Active || c.Status == lifecycle.Expired
		if !stands || c.ArchivedAt != nil || !who.sees(c) || !sel.holds(c) {
			continue
		}
		for _, l := range c.Edges.PaymentPlan {
			if !l.State.IsOpen() {
				continue
			}
			o := &owed{line: l, contract: c, day: l.DueOn, in: c.Direction == lifecycle.Receivable, leftMinor: l.AmountMinor - l.SettledMinor}
			if l.Awaiting && o.day.Before(day) {
				o.day = day
			}
			o.supposed = o.day
			out = append(out, o)
		}
	}
	return out
}

// suppose moves some instalments, by days or to a date.
func suppose(r *rapid.T, all []*owed) []*reports.Shift {
	var out []*reports.Shift
	seen := map[publicid.PaymentPlanLineID]bool{}
	for range rapid.IntRange(0, min(3, len(all))).Draw(r, "shifts") {
		o := rapid.SampledFrom(all).Draw(r, "instalment")
		if seen[o.line.ID] {
			continue
		}
		seen[o.line.ID] = true
		days := rapid.IntRange(-90, 200).Draw(r, "days")
		sh := &reports.Shift{PlanLineID: o.line.ID, ShiftDays: &days}
		o.supposed = o.day.AddDays(days)
		if rapid.Bool().Draw(r, "to a date") {
			on := date.MustParse(today).AddDays(days)
			sh.ShiftDays, sh.NewDate, o.supposed = nil, &on, on
		}
		out = append(out, sh)
	}
	return out
}

func add(all []*owed, c money.Currency, p *reports.Period, on func(*owed) date.Date) (sums [2]int64) {
	for _, o := range all {
		day := on(o)
		if o.contract.Currency != c || p.From != nil && day.Before(*p.From) || day.After(p.To) {
			continue
		}
		if o.in {
			sums[0] += o.leftMinor
		} else {
			sums[1] += o.leftMinor
		}
	}
	return sums
}

func same(r *rapid.T, s *reports.Series, sums [][2]int64, of func(*reports.Period) *reports.Sums) {
	r.Helper()
	var want, got []flowed
	together := int64(0)
	for i, p := range s.Periods {
		together += sums[i][0] - sums[i][1]
		want = append(want, flowed{sums[i][0], sums[i][1], together})
		f := of(p)
		got = append(got, flowed{f.Inflow.Minor(), f.Outflow.Minor(), f.Cumulative.Minor()})
		if f.Net.Minor() != sums[i][0]-sums[i][1] || f.Net.Currency() != s.Currency {
			r.Fatalf("net %s of %v", f.Net, sums[i])
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		r.Fatalf("%s (-want +got):\n%s", s.Currency, d)
	}
}

// instalments opens the figures of a period and adds the lists up, page by page in both directions.
func (w *world) instalments(r *rapid.T, who caller, req reports.Request, s *reports.Series, p *reports.Period) {
	r.Helper()
	for direction, want := range map[lifecycle.Direction]money.Money{lifecycle.Receivable: p.Figures.Inflow, lifecycle.Payable: p.Figures.Outflow} {
		share := reports.Share{Direction: &direction, Currency: &s.Currency, From: p.From, To: &p.To, WhatIf: req.WhatIf}
		sum := int64(0)
		for args := (page.Args{First: new(7)}); ; {
			list, err := w.service.Instalments(who.ctx, req.Filter, share, args)
			if err != nil {
				r.Fatal(err)
			}
			for _, l := range list.Nodes() {
				sum += l.AmountMinor - l.SettledMinor
			}
			if !list.PageInfo.HasNextPage {
				break
			}
			args.After = list.PageInfo.EndCursor
		}
		if sum != want.Minor() {
			r.Fatalf("%s of %v opens %d, the figure says %s", direction, p.Period, sum, want)
		}
	}
}

func TestForecastIsBounded(t *testing.T) {
	t.Parallel()
	w := many(t, 30)
	day := date.MustParse(today)
	yesterday, days, far := day.AddDays(-1), 1, maxDays+1
	all := w.owed(w.callers["admin"], selection{holds: func(*ent.Contract) bool { return true }})
	line := all[0].line.ID
	w.service.Limits = reports.Limits{Rows: 1, Days: 100, Buckets: 10, Shifts: 2}
	for name, c := range map[string]struct {
		request reports.Request
		want    string
	}{
		"no bucket":          {reports.Request{Bucket: "YEAR", To: day}, "bucket BAD_REQUEST"},
		"from yesterday":     {reports.Request{Bucket: cash.Day, From: &yesterday, To: day}, "from BAD_REQUEST"},
		"the wrong way":      {reports.Request{Bucket: cash.Day, To: yesterday}, "to BAD_REQUEST"},
		"too far":            {reports.Request{Bucket: cash.Month, To: day.AddDays(101)}, "to BAD_REQUEST"},
		"too many buckets":   {reports.Request{Bucket: cash.Day, To: day.AddDays(10)}, "bucket BAD_REQUEST"},
		"as many as allowed": {reports.Request{Bucket: cash.Day, To: day.AddDays(9)}, ""},
		"three shifts":       {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{}, {}, {}}}, "whatIf BAD_REQUEST"},
		"twice": {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{
			{PlanLineID: line, ShiftDays: &days}, {PlanLineID: line, ShiftDays: &days}}}, "whatIf BAD_REQUEST"},
		"neither":    {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: line}}}, "whatIf BAD_REQUEST"},
		"both":       {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: line, ShiftDays: &days, NewDate: &day}}}, "whatIf BAD_REQUEST"},
		"centuries":  {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: line, ShiftDays: &far}}}, "whatIf BAD_REQUEST"},
		"not there":  {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: publicid.NewPaymentPlanLineID(), ShiftDays: &days}}}, "whatIf BAD_REQUEST"},
		"what there": {reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: line, ShiftDays: &days}}}, ""},
	} {
		_, err := w.service.Forecast(w.Admin, c.request)
		if c.want == "" {
			fixture.Want(t, name, err)
		} else {
			fixture.Want(t, name, err, c.want)
		}
	}
	_, err := w.service.Forecast(w.Nobody, reports.Request{Bucket: cash.Day, To: day})
	fixture.Want(t, "nobody", err, "FORBIDDEN")
	_, err = w.service.Forecast(w.Stranger, reports.Request{Bucket: cash.Day, To: day, WhatIf: []*reports.Shift{{PlanLineID: line, ShiftDays: &days}}})
	fixture.Want(t, "another tenant's instalment", err, "whatIf BAD_REQUEST")
	_, err = w.service.Instalments(w.Nobody, nil, reports.Share{}, page.Args{})
	fixture.Want(t, "nobody opens a figure", err, "FORBIDDEN")
}

// TestSupposingWritesNothing: the days are the same before and after.
func TestSupposingWritesNothing(t *testing.T) {
	t.Parallel()
	w := many(t, 30)
	all := w.owed(w.callers["admin"], selection{holds: func(*ent.Contract) bool { return true }})
	days := 30
	_, err := w.service.Forecast(w.Admin, reports.Request{Bucket: cash.Month, To: date.MustParse(today).AddDays(60), WhatIf: []*reports.Shift{{PlanLineID: all[0].line.ID, ShiftDays: &days}}})
	fixture.Want(t, "a forecast", err)
	now, err := w.Client.PaymentPlanLine.Get(w.Acme.Ctx, all[0].line.ID)
	fixture.Want(t, "the instalment", err)
	if now.DueOn != all[0].line.DueOn || now.Version != all[0].line.Version {
		t.Errorf("the instalment was moved to %s", now.DueOn)
	}
}

// maxDays is how far one date can be moved.
const maxDays = 36500
