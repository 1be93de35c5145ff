package reports

import (
	"context"
	"math/big"
	"slices"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/reports/cash"
	"heyue/ent"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Request says what a forecast is to look at.
type Request struct {
	Bucket cash.Bucket
	From   *date.Date // today unless given
	To     date.Date
	Filter *criteria.Filter
	WhatIf []*Shift
}

// Shift supposes that an instalment falls due on another day. It is never written.
type Shift struct {
	PlanLineID publicid.PaymentPlanLineID
	ShiftDays  *int
	NewDate    *date.Date // in place of ShiftDays
}

// maxShiftDays is a hundred years.
const maxShiftDays = 36500

// Forecast is the money that is to come and to go, by period and currency (H2, H3).
type Forecast struct {
	Today, From, To date.Date
	Currencies      []*Series
	Shifts          []*Shifted
}

// Series is a forecast in one currency.
type Series struct {
	Currency money.Currency
	Periods  []*Period
}

// Period is what is to come and to go in some days: as supposed, as planned, and the difference.
type Period struct {
	cash.Period
	Figures, Base, Difference *Sums
}

// Sums are the money of one period, and of all up to its end.
type Sums struct{ Inflow, Outflow, Net, Cumulative money.Money }

// Shifted is an instalment whose day was supposed to be another.
type Shifted struct {
	PlanLineID   publicid.PaymentPlanLineID
	ContractID   publicid.ContractID
	DueOn, NewOn date.Date
	Direction    lifecycle.Direction
	Amount       money.Money // what is left of it
}

// Forecast adds up what is left of the instalments of the contracts that the caller may see, the filter selects and whose
// dates stand. Needs contract:read. Faults: BAD_REQUEST for days, buckets and shifts outside the limits, for an instalment
// that is not there or not open, and for filters outside their limits.
func (s *Service) Forecast(ctx context.Context, r Request) (*Forecast, error) {
	where, err := s.Contracts.Selected(ctx, r.Filter)
	if err != nil {
		return nil, err
	}
	w, periods, err := s.window(ctx, r)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	var found []flowing
	err = s.Client.PaymentPlanLine.Query().Where(open(where)...).Modify(flow{me.TenantID, w}.statement).Scan(ctx, &found)
	if err != nil {
		return nil, tenancy.Fault(err, "add up instalments")
	}
	shifts, err := s.shifts(ctx, where, r.WhatIf, w.Today)
	if err != nil {
		return nil, err
	}
	out := &Forecast{Today: w.Today, From: w.From, To: w.To, Shifts: shifts}
	out.Currencies, err = series(periods, found, shifts)
	return out, err
}

// window checks the days of a request.
func (s *Service) window(ctx context.Context, r Request) (w cash.Window, periods []cash.Period, err error) {
	today, err := s.today(ctx)
	if err != nil {
		return w, nil, err
	}
	w = cash.Window{Today: today, From: today, To: r.To, Bucket: r.Bucket}
	if r.From != nil {
		w.From = *r.From
	}
	switch {
	case !r.Bucket.Valid():
		return w, nil, refuse("bucket", "%.20q is no bucket", string(r.Bucket))
	case w.From.Before(today):
		return w, nil, refuse("from", "a forecast begins on %s or later; what should have come before is shown as overdue", today)
	case w.To.Before(w.From):
		return w, nil, refuse("to", "the last day is before the first")
	case w.To.Since(today) > s.Limits.Days:
		return w, nil, refuse("to", "a forecast looks at most %d days ahead", s.Limits.Days)
	}
	periods, ok := w.Periods(s.Limits.Buckets)
	if !ok {
		return w, nil, refuse("bucket", "the forecast would have more than %d buckets; take longer ones or fewer days", s.Limits.Buckets)
	}
	return w, periods, nil
}

// shifts finds the instalments whose dates are supposed to be others.
func (s *Service) shifts(ctx context.Context, where contractCondition, list []*Shift, today date.Date) ([]*Shifted, error) {
	if err := s.checkShifts(list); err != nil {
		return nil, err
	}
	out := make([]*Shifted, len(list))
	if len(list) == 0 {
		return out, nil
	}
	ids := make([]publicid.PaymentPlanLineID, len(list))
	for i, sh := range list {
		ids[i] = sh.PlanLineID
	}
	rows, err := s.Client.PaymentPlanLine.Query().Where(append(open(where), among(ids))...).WithContract().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read instalments")
	}
	for i, sh := range list {
		at := slices.IndexFunc(rows, func(l *ent.PaymentPlanLine) bool { return l.ID == sh.PlanLineID })
		if at < 0 {
			return nil, refuse("whatIf", "entry %d names no open instalment of these contracts", i)
		}
		l := rows[at]
		day := cash.Falls(l.DueOn, l.Awaiting, today)
		moved := day
		if sh.ShiftDays != nil {
			moved = day.AddDays(*sh.ShiftDays)
		} else if sh.NewDate != nil {
			moved = *sh.NewDate
		}
		out[i] = &Shifted{
			PlanLineID: l.ID, ContractID: l.ContractID, DueOn: day, NewOn: moved, Direction: l.Edges.Contract.Direction,
			Amount: money.Of(l.AmountMinor-l.SettledMinor, l.Currency),
		}
	}
	return out, nil
}

func (s *Service) checkShifts(list []*Shift) error {
	if len(list) > s.Limits.Shifts {
		return refuse("whatIf", "%d dates are moved, at most %d are allowed", len(list), s.Limits.Shifts)
	}
	seen := map[publicid.PaymentPlanLineID]bool{}
	for i, sh := range list {
		switch {
		case seen[sh.PlanLineID]:
			return refuse("whatIf", "entry %d names an instalment twice", i)
		case (sh.ShiftDays == nil) == (sh.NewDate == nil):
			return refuse("whatIf", "entry %d says either shiftDays or newDate", i)
		case sh.ShiftDays != nil && (*sh.ShiftDays > maxShiftDays || *sh.ShiftDays < -maxShiftDays):
			return refuse("whatIf", "entry %d moves a date by more than %d days", i, maxShiftDays)
		}
		seen[sh.PlanLineID] = true
	}
	return nil
}

// series puts sums into periods, by currency, and then moves what is supposed to move.
func series(periods []cash.Period, found []flowing, shifts []*Shifted) ([]*Series, error) {
	base := map[money.Currency]*cash.Flow{}
	of := func(c money.Currency) *cash.Flow {
		if base[c] == nil {
			base[c] = cash.NewFlow(len(periods))
		}
		return base[c]
	}
	for _, f := range found {
		if at, ok := cash.Find(periods, f.Day); ok {
			of(f.Currency).Add(at, f.Direction == lifecycle.Receivable, int64(f.Left))
		}
	}
	for _, sh := range shifts { // one that is moved into the window from behind it may be the only one in its currency
		of(sh.Amount.Currency())
	}
	supposed := map[money.Currency]*cash.Flow{}
	for c := range base {
		supposed[c] = base[c].Clone()
	}
	for _, sh := range shifts {
		to, in := supposed[sh.Amount.Currency()], sh.Direction == lifecycle.Receivable
		if at, ok := cash.Find(periods, sh.DueOn); ok {
			to.Add(at, in, -sh.Amount.Minor())
		}
		if at, ok := cash.Find(periods, sh.NewOn); ok {
			to.Add(at, in, sh.Amount.Minor())
		}
	}
	out := []*Series{}
	for c := range base {
		one, err := shown(c, periods, supposed[c].Figures(), base[c].Figures())
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b *Series) int {
		if a.Currency < b.Currency {
			return -1
		}
		return 1
	})
	return out, nil
}

// shown turns exact figures into sums of money. Faults: BAD_REQUEST for a sum that is too large to be shown.
func shown(c money.Currency, periods []cash.Period, supposed, base []cash.Figures) (*Series, error) {
	s := &Series{Currency: c, Periods: make([]*Period, len(periods))}
	for i, p := range periods {
		row := &Period{Period: p}
		for _, to := range []struct {
			at   **Sums
			from cash.Figures
		}{{&row.Figures, supposed[i]}, {&row.Base, base[i]}, {&row.Difference, supposed[i].Minus(base[i])}} {
			var sums Sums
			for _, part := range []struct {
				to   *money.Money
				from *big.Int
			}{{&sums.Inflow, to.from.In}, {&sums.Outflow, to.from.Out}, {&sums.Net, to.from.Net}, {&sums.Cumulative, to.from.Cumulative}} {
				if !part.from.IsInt64() {
					return nil, tooLarge()
				}
				*part.to = money.Of(part.from.Int64(), c)
			}
			*to.at = &sums
		}
		s.Periods[i] = row
	}
	return s, nil
}
