package reports

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Execution is how contracts are executed as of a day (I3).
type Execution struct {
	Today  date.Date
	Rows   []*Row
	Totals []*Row // one for each direction and currency
}

// Row is contracts of one direction and currency that are alike in the dimensions asked for. A dimension that was not asked
// for is nil, and so is one that a contract lacks: nobody owns it, it is in no department, it is not signed.
type Row struct {
	Department *publicid.DepartmentID
	Owner      *publicid.UserID
	Kind       *lifecycle.Kind
	Month      *date.Date // the first day of it
	Direction  lifecycle.Direction
	Currency   money.Currency

	All, Signed, Active, Completed, Overdue *Figures

	OverdueAmount money.Money    // what is left of instalments whose day has passed
	OverdueLines  int            // progress lines whose day has passed
	Percent       *money.Decimal // the mean of the contracts' percent complete, of those that have progress lines
	done          *big.Rat       // sum of the shares that are done
	planned       int            // contracts with progress lines
	finished      int            // of which everything is done
}

// Figures are what one measure counts.
type Figures struct {
	Count       int
	Amount      money.Money // what the contracts are worth
	Settled     money.Money // what was received or paid
	Outstanding money.Money // what is left of the amounts, of contracts that bind or have expired
}

// Execution reports on the contracts that the caller may see and the filter selects, told apart by at most four dimensions. It
// is one statement. Needs contract:read. Faults: BAD_REQUEST for a dimension named twice, for a filter outside its limits,
// and for more rows than the limit.
func (s *Service) Execution(ctx context.Context, filter *criteria.Filter, by []Dimension) (*Execution, error) {
	where, err := s.Contracts.Selected(ctx, filter)
	if err != nil {
		return nil, err
	}
	for i, d := range by {
		if !d.Valid() || slices.Contains(by[:i], d) {
			return nil, refuse("groupBy", "%.20q is named twice or no dimension", string(d))
		}
	}
	today, err := s.today(ctx)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	var found []counted
	most := s.Limits.Rows * 2 * len(lifecycle.Statuses()) // a row is of any status, overdue or not
	err = s.Client.Contract.Query().Where(where).Modify(count{me.TenantID, today, by, most + 1}.statement).Scan(ctx, &found)
	if err != nil {
		return nil, tenancy.Fault(err, "count contracts")
	}
	report := &Execution{Today: today}
	if report.Rows, err = fold(found, true); err != nil {
		return nil, err
	}
	if len(report.Rows) > s.Limits.Rows || len(found) > most {
		return nil, refuse("groupBy", "the report would have more than %d rows; narrow the filter or name fewer dimensions", s.Limits.Rows)
	}
	report.Totals, err = fold(found, false)
	return report, err
}

// Counted is the page of contracts that a cell of a report under the same filter counts. Needs contract:read. Faults: those of
// the list of contracts.
func (s *Service) Counted(ctx context.Context, filter *criteria.Filter, cell Cell, args page.Args, sort []*listing.Sort) (*page.Connection[*ent.Contract], error) {
	if _, err := s.Contracts.Selected(ctx, filter); err != nil { // nobody without the permission gets further
		return nil, err
	}
	today, err := s.today(ctx)
	if err != nil {
		return nil, err
	}
	if !cell.Measure.Valid() {
		return nil, refuse("cell", "%.20q is no measure", string(cell.Measure))
	}
	return s.Contracts.List(ctx, args, cell.filter(filter, today), sort)
}

// fold makes rows of what was counted by status; without dimensions, totals.
func fold(found []counted, dimensions bool) ([]*Row, error) {
	rows, byKey := []*Row{}, map[key]*Row{}
	for _, c := range found {
		if !dimensions {
			c.Department, c.Owner, c.Kind, c.Month = nil, nil, nil, nil
		}
		r := byKey[c.key()]
		if r == nil {
			r = c.row()
			byKey[c.key()] = r
			rows = append(rows, r)
		}
		if err := r.add(c); err != nil {
			return nil, err
		}
	}
	for _, r := range rows {
		r.Percent = r.percent()
	}
	slices.SortFunc(rows, func(a, b *Row) int { return a.key().compare(b.key()) })
	return rows, nil
}

func (r *Row) add(c counted) error {
	zero := money.Of(0, r.Currency)
	for _, at := range []struct {
		measure Measure
		figures **Figures
	}{{All, &r.All}, {Signed, &r.Signed}, {Active, &r.Active}, {Completed, &r.Completed}, {Overdue, &r.Overdue}} {
		if *at.figures == nil {
			*at.figures = &Figures{Amount: zero, Settled: zero, Outstanding: zero}
		}
		if !at.measure.counts(c.Status, c.Overdue) {
			continue
		}
		f := *at.figures
		f.Count += c.Count
		outstanding := c.Outstanding
		if !c.Status.IsBinding() && c.Status != lifecycle.Expired {
			outstanding = 0
		}
		for _, sum := range []struct {
			of *money.Money
			by minor
		}{{&f.Amount, c.Amount}, {&f.Settled, c.Settled}, {&f.Outstanding, outstanding}} {
			if err := grow(sum.of, sum.by); err != nil {
				return err
			}
		}
	}
	if c.Overdue {
		r.OverdueLines += int(c.LateLines)
		if err := grow(&r.OverdueAmount, c.LateAmount); err != nil {
			return err
		}
	}
	if c.Planned > 0 {
		r.planned += c.Planned
		r.finished += c.Finished
		r.done.Add(r.done, c.Done.Rat)
	}
	return nil
}

func grow(sum *money.Money, by minor) error {
	after, err := plus(minor(sum.Minor()), by)
	if err != nil {
		return err
	}
	*sum = money.Of(int64(after), sum.Currency())
	return nil
}

// percent is the mean, cut off after two decimals. The database divides to at least 16 digits; rounding to ten first puts
// right what it cut off, and 100 is kept for rows of which everything is done.
func (r *Row) percent() *money.Decimal {
	if r.planned == 0 {
		return nil
	}
	p := money.Whole(100)
	if r.finished < r.planned {
		mean := new(big.Rat).Quo(r.done, big.NewRat(int64(r.planned), 1))
		rounded, _ := new(big.Rat).SetString(mean.Mul(mean, big.NewRat(100, 1)).FloatString(10))
		p = money.Truncate(rounded, 2)
		if most := money.MustDecimal("99.99"); p.Cmp(most) > 0 {
			p = most
		}
	}
	return &p
}

// key is what a row is told apart by, as text; "" for nothing.
type key [6]string

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k[0], other[0]), cmp.Compare(k[1], other[1]), cmp.Compare(k[2], other[2]), cmp.Compare(k[3], other[3]),
		cmp.Compare(k[4], other[4]), cmp.Compare(k[5], other[5]))
}

func (r *Row) key() key {
	var k key
	if r.Month != nil {
		k[0] = r.Month.String()
	}
	if r.Department != nil {
		k[1] = r.Department.String()
	}
	if r.Owner != nil {
		k[2] = r.Owner.String()
	}
	if r.Kind != nil {
		k[3] = string(*r.Kind)
	}
	k[4], k[5] = string(r.Direction), string(r.Currency)
	return k
}
