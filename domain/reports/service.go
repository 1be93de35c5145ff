// Package reports counts and sums over many contracts: how they are executed (I3), and what money is to come and to go
// (H2, H3). It reads and never writes. Contracts are selected by the condition of their own list, so that a report counts
// what its caller may see and nothing else, and every figure can be opened as the list of what it counts.
package reports

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"

	"entgo.io/ent/dialect/sql"

	"heyue/domain/contracts/criteria"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/tenancy"
)

// Contracts selects and lists contracts within the caller's reach; see package contracts.
type Contracts interface {
	Selected(ctx context.Context, filter *criteria.Filter) (func(*sql.Selector), error)
	List(ctx context.Context, args page.Args, filter *criteria.Filter, sort []*listing.Sort) (*page.Connection[*ent.Contract], error)
}

// Limits bound one report.
type Limits struct {
	Rows    int // of an execution report
	Days    int // from today to the end of a forecast
	Buckets int // of a forecast
	Shifts  int // dates that a forecast moves
}

// DefaultLimits are those of an installation that says nothing else.
func DefaultLimits() Limits { return Limits{Rows: 1000, Days: 3660, Buckets: 400, Shifts: 100} }

// Service is the reports' use cases.
type Service struct {
	Client    *ent.Client
	Contracts Contracts
	Lister    listing.Lister
	Clock     clock.Clock
	Limits    Limits
}

func (s *Service) today(ctx context.Context) (date.Date, error) {
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	return today, err
}

// refuse is the fault of an argument of a query.
func refuse(field, format string, args ...any) error {
	return fault.New(fault.BadRequest, fault.CodeBadRequest, format, args...).At(field)
}

// minor is a sum of minor units that the database made of many; one that is too large to be shown is a fault and never a
// wrong figure.
type minor int64

// Scan implements sql.Scanner.
func (m *minor) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case nil:
		*m = 0
		return nil
	case int64:
		*m = minor(v)
		return nil
	case []byte:
		text = string(v)
	case string:
		text = v
	default:
		return fmt.Errorf("reports: cannot scan %T", src)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return tooLarge()
	}
	*m = minor(n)
	return nil
}

// Value implements driver.Valuer, as scanners in rows of ent do.
func (m minor) Value() (driver.Value, error) { return int64(m), nil }

// plus adds without wrapping around.
func plus(a, b minor) (minor, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return 0, tooLarge()
	}
	return sum, nil
}

func tooLarge() error {
	return fault.New(fault.BadRequest, fault.CodeBadRequest, "a sum is too large to be shown; narrow the filter")
}
