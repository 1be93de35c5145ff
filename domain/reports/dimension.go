package reports

import (
	"slices"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Dimension is what the rows of an execution report are told apart by, beside direction and currency, which always are:
// what is to come is never added to what is to go, nor one currency to another.
type Dimension string

// The dimensions (I3).
const (
	ByDepartment Dimension = "DEPARTMENT"
	ByOwner      Dimension = "OWNER"
	ByKind       Dimension = "KIND"
	ByMonth      Dimension = "MONTH" // of the signature
)

// Dimensions returns all dimensions.
func Dimensions() []Dimension { return []Dimension{ByDepartment, ByOwner, ByKind, ByMonth} }

// Valid reports whether d is a known dimension.
func (d Dimension) Valid() bool { return slices.Contains(Dimensions(), d) }

// Measure is a column of an execution report: which of a row's contracts it counts.
type Measure string

// The measures.
const (
	All       Measure = "ALL"
	Signed    Measure = "SIGNED"    // every party has signed, whatever became of them
	Active    Measure = "ACTIVE"    // in force now, suspended ones too
	Completed Measure = "COMPLETED" // everything owed is done
	Overdue   Measure = "OVERDUE"   // something should have happened by now
)

// Measures returns all measures.
func Measures() []Measure { return []Measure{All, Signed, Active, Completed, Overdue} }

// Valid reports whether m is a known measure.
func (m Measure) Valid() bool { return slices.Contains(Measures(), m) }

// counts reports whether a contract in a status counts in the measure.
func (m Measure) counts(s lifecycle.Status, overdue bool) bool {
	switch m {
	case Signed:
		return s.IsBinding() || s.IsEnded()
	case Active:
		return s.IsRunning()
	case Completed:
		return s == lifecycle.Completed
	case Overdue:
		return overdue
	case All:
	}
	return true
}

// Cell names a figure of an execution report: the measure and what its row is told apart by. What is left out does not
// matter.
type Cell struct {
	Measure           Measure
	Direction         *lifecycle.Direction
	Currency          *money.Currency
	Kind              *lifecycle.Kind
	DepartmentID      *publicid.DepartmentID
	WithoutDepartment *bool
	OwnerID           *publicid.UserID
	WithoutOwner      *bool
	Month             *date.Date // any day of it
	WithoutMonth      *bool      // not signed
}

// filter selects what the cell counts among what the report selects. The report's own filter keeps its depth.
func (c Cell) filter(report *criteria.Filter, today date.Date) *criteria.Filter {
	var f criteria.Filter
	if report != nil {
		f = *report
	}
	row := &criteria.Filter{WithoutDepartment: c.WithoutDepartment, WithoutOwner: c.WithoutOwner}
	row.Direction, row.Currency, row.Kind = only(c.Direction), only(c.Currency), only(c.Kind)
	row.DepartmentID, row.OwnerID = only(c.DepartmentID), only(c.OwnerID)
	if c.Month != nil {
		first := date.Of(c.Month.Year, c.Month.Month, 1)
		last := date.Of(c.Month.Year, c.Month.Month+1, 1).AddDays(-1)
		row.SignedOn = &listing.Dates{From: &first, To: &last}
	}
	if c.WithoutMonth != nil {
		row.And = append(row.And, &criteria.Filter{SignedOn: &listing.Dates{IsNull: c.WithoutMonth}})
	}
	f.And = append(slices.Clone(f.And), row)
	switch c.Measure {
	case All:
	case Overdue:
		f.And = append(f.And, criteria.Overdue(today))
	case Signed, Active, Completed:
		var statuses []lifecycle.Status
		for _, s := range lifecycle.Statuses() {
			if c.Measure.counts(s, false) {
				statuses = append(statuses, s)
			}
		}
		f.And = append(f.And, &criteria.Filter{Status: statuses})
	}
	return &f
}

func only[T any](v *T) []T {
	if v == nil {
		return nil
	}
	return []T{*v}
}
