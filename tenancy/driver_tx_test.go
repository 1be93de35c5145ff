package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/lib/pq"

	"heyue/tenancy"
)

func TestOtherTenant(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		tx := begin(t, b, as(t, 1))
		for range 2 { // before and after BEGIN has gone out
			before := b.net.bytes.Load()
			if err := tx.QueryRowContext(as(t, 2), readOne, 1, 2).Scan(new(string)); !errors.Is(err, tenancy.ErrOtherTenant) {
				t.Errorf("query: %v", err)
			}
			if _, err := tx.ExecContext(as(t, 2), addOne, 2, 900, "x"); !errors.Is(err, tenancy.ErrOtherTenant) {
				t.Errorf("exec: %v", err)
			}
			if n := b.net.bytes.Load() - before; n != 0 {
				t.Errorf("%d bytes were sent", n)
			}
			if n := count(t, tx, as(t, 1), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("the transaction's own tenant sees %d rows", n)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
	})
}

func TestTransactionKeepsOrDropsItsWork(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for i, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
			tx := begin(t, b, ctx)
			mustExec(t, tx, ctx, addOne, 1, 901+i, "work")
			if n := count(t, tx, ctx, "SELECT count(*) FROM item WHERE name = 'work'"); n != 1+int64(i) {
				t.Errorf("a transaction sees %d rows, itself included", n)
			}
			if err := end(tx); err != nil {
				t.Error(err)
			}
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM item WHERE name = 'work'"); n != 1 {
			t.Errorf("%d rows were kept, want the committed one", n)
		}
		if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("the next tenant sees %d rows", n)
		}
	})
}

func TestFailedTransaction(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for bad, args := range map[string][]any{"SELECT nonsense": nil, "SELECT 1 / (id - $1) FROM item": {30}, "SELECT nonsense + $1": {1}} {
			for first := range 6 {
				tx := begin(t, b, ctx)
				if first%2 == 0 {
					mustExec(t, tx, ctx, addOne, 1, 910, "lost")
				}
				if _, err := tx.ExecContext(ctx, bad, args...); tenancy.PostgresError(err) == nil {
					t.Fatalf("%s: %v", bad, err)
				}
				_, err := tx.ExecContext(ctx, addOne, 1, 911, "late")
				if e := tenancy.PostgresError(err); e == nil || e.Code != "25P02" {
					t.Errorf("a statement in an aborted transaction: %v", err)
				}
				if err := tx.Commit(); !errors.Is(err, pq.ErrInFailedTransaction) {
					t.Errorf("commit of an aborted transaction: %v", err)
				}
			}
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("%d rows, want the 50 of before", n)
		}
		if d := b.net.dials.Load(); d != 1 {
			t.Errorf("%d connections", d)
		}
	})
}

func TestSavepoints(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		tx := begin(t, b, ctx)
		for i := range 3 {
			mustExec(t, tx, ctx, "SAVEPOINT s")
			if _, err := tx.ExecContext(ctx, addOne, 1, 1, "twice"); err == nil {
				t.Error("a duplicate was accepted")
			}
			mustExec(t, tx, ctx, "ROLLBACK TO SAVEPOINT s")
			mustExec(t, tx, ctx, addOne, 1, 920+i, "saved")
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM item WHERE name = 'saved'"); n != 3 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestTransactionModes(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for want, o := range map[string]*sql.TxOptions{
			"read committed off":  nil,
			"repeatable read off": {Isolation: sql.LevelRepeatableRead},
			"serializable on":     {Isolation: sql.LevelSerializable, ReadOnly: true},
		} {
			tx, err := b.BeginTx(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			err = tx.QueryRowContext(ctx, "SELECT current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')").Scan(&got)
			if err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			_, err = tx.ExecContext(ctx, addOne, 1, 930, "x")
			if readOnly := o != nil && o.ReadOnly; readOnly != (err != nil) {
				t.Errorf("%s: write: %v", want, err)
			}
			_ = tx.Rollback()
		}
		if _, err := b.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelLinearizable}); err == nil {
			t.Error("an isolation level PostgreSQL does not have was accepted")
		}
	})
}

func TestSerializationFailure(t *testing.T) {
	eachScopeWith(t, func(o *tenancy.Options) { o.MaxConns = 2 }, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		var txs [2]*sql.Tx
		for i := range txs {
			tx, err := b.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
			if err != nil {
				t.Fatal(err)
			}
			txs[i] = tx
			count(t, tx, ctx, "SELECT count(*) FROM item")
		}
		var err error
		for i, tx := range txs {
			_, e := tx.ExecContext(ctx, addOne, 1, 940+i, "x")
			err = errors.Join(err, e, tx.Commit())
		}
		if !tenancy.SerializationFailure(err) {
			t.Errorf("two transactions that read what the other wrote: %v", err)
		}
	})
}

// TestOpenRows: a statement between the rows of another would read its answers.
func TestOpenRows(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for range 3 {
			tx := begin(t, b, ctx)
			rows, err := tx.QueryContext(ctx, "SELECT id FROM item WHERE id > $1", 0)
			if err != nil || !rows.Next() {
				t.Fatal(err)
			}
			if err := tx.QueryRowContext(ctx, readOne, 1, 2).Scan(new(string)); !errors.Is(err, tenancy.ErrOpenRows) {
				t.Errorf("query: %v", err)
			}
			if _, err := tx.ExecContext(ctx, addOne, 1, 950, "x"); !errors.Is(err, tenancy.ErrOpenRows) {
				t.Errorf("exec: %v", err)
			}
			for n := 1; rows.Next(); n++ {
				if n > 50 {
					t.Fatal("more rows than there are")
				}
			}
			if rows.Err() != nil {
				t.Error(rows.Err())
			}
			if n := count(t, tx, ctx, "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%d rows afterwards", n)
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestRollbackByContext: the end of its context undoes a transaction, and the pool goes on.
func TestRollbackByContext(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx, cancel := context.WithCancel(as(t, 1))
		tx := begin(t, b, ctx)
		mustExec(t, tx, ctx, addOne, 1, 960, "undone")
		cancel()
		// database/sql rolls back by itself, so the commit comes before or after that.
		if err := tx.Commit(); !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("commit: %v", err)
		}
		if n := count(t, b, as(t, 1), "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("%d rows", n)
		}
	})
}
