package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/tenancy"
)

// TestConcurrentTenants reads without a tenant predicate from many goroutines; every row must be the caller's.
func TestConcurrentTenants(t *testing.T) {
	several := func(o *tenancy.Options) { o.MaxConns, o.StatementCache = 5, 3 }
	eachScopeWith(t, several, func(t *testing.T, b bench) {
		var g errgroup.Group
		for w := range 16 {
			g.Go(func() error { return wander(t, b, w) })
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// wander changes the tenant with every statement, mixing kinds, errors, early ends and transactions.
func wander(t *testing.T, b bench, worker int) error {
	for i := range 150 {
		tenant := int64(1 + (worker*7+i)%40)
		ctx := as(t, tenant)
		switch i % 5 {
		case 0:
			if err := onlyOwn(b, ctx, tenant, "SELECT tenant_id FROM item WHERE id > $1", 50, 0); err != nil {
				return err
			}
		case 1:
			if err := onlyOwn(b, ctx, tenant, "SELECT tenant_id FROM item", 50); err != nil {
				return err
			}
		case 2:
			if err := drain(b, ctx, "SELECT 1 / (id - $1) FROM item", 9); err == nil {
				return errors.New("no division by zero")
			}
		case 3:
			rows, err := b.QueryContext(ctx, fmt.Sprintf("SELECT name FROM item WHERE id > %d", i%10))
			if err != nil {
				return err
			}
			rows.Next()
			if err := rows.Close(); err != nil {
				return err
			}
		case 4:
			tx, err := b.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			err = onlyOwn(tx, ctx, tenant, "SELECT tenant_id FROM item WHERE id > $1 + 1", 49, 0)
			if err = errors.Join(err, tx.Commit()); err != nil {
				return err
			}
		}
	}
	return nil
}

func onlyOwn(db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, ctx context.Context, tenant int64, q string, want int, args ...any) error {
	rows, err := db.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var got int64
		if err := rows.Scan(&got); err != nil {
			return err
		}
		if got != tenant {
			return fmt.Errorf("tenant %d got a row of tenant %d", tenant, got)
		}
		want--
	}
	if want != 0 {
		return fmt.Errorf("tenant %d: %d rows too few", tenant, want)
	}
	return rows.Err()
}
