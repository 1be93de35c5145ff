package tenancy_test

import (
	"database/sql"
	"errors"
	"testing"

	"heyue/tenancy"
)

func TestCells(t *testing.T) {
	t.Parallel()
	db := new(sql.DB)
	cells := tenancy.NewCells(db)
	for _, tenant := range []int64{1, 2} {
		if got, err := cells.For(as(t, tenant)); got != db || err != nil {
			t.Errorf("tenant %d: %p, %v", tenant, got, err)
		}
	}
	if got, err := cells.For(t.Context()); got != nil || !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("without tenant: %p, %v", got, err)
	}
}
