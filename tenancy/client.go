package tenancy

import (
	"context"
	"database/sql"
	"errors"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/platform/fault"
)

// NewClient returns ent on top of the cells, with the guard on: every statement goes to the cell of the context's
// tenant, compares its tenant_id and runs under its row policies.
func NewClient(cells *Cells) *ent.Client {
	client := ent.NewClient(ent.Driver(cellDriver{cells}))
	Guard(client)
	return client
}

// Write runs fn in one transaction of the context's tenant and commits it when fn returns nil. What fn has registered
// with tx.OnCommit runs after the commit. An error or a panic of fn rolls everything back. The context's [Companion] takes
// part.
func Write(ctx context.Context, client *ent.Client, fn func(tx *ent.Tx) error) (err error) {
	tx, err := client.Tx(ctx)
	if err != nil {
		return Fault(err, "begin a transaction")
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback() // the panic matters more
			panic(p)
		}
	}()
	if err := accompany(ctx, tx, fn); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !Unavailable(rerr) {
			err = errors.Join(err, rerr)
		}
		return Fault(err, "write")
	}
	if err := tx.Commit(); err != nil {
		return Fault(err, "commit")
	}
	if c := companion(ctx); c != nil {
		c.Committed()
	}
	return nil
}

// accompany runs fn between the companion's two parts.
func accompany(ctx context.Context, tx *ent.Tx, fn func(tx *ent.Tx) error) error {
	c := companion(ctx)
	if c == nil {
		return fn(tx)
	}
	if err := c.Begun(ctx, tx); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return c.Ending(ctx, tx)
}

// Fault turns an error of the database into one that may cross package borders: UNAVAILABLE when the database cannot
// be reached, INTERNAL otherwise. A fault stays what it is.
func Fault(err error, doing string) error { return fault.Wrap(marked(err), doing) }

// cellDriver is ent's driver over whichever cell a context's tenant lives in.
type cellDriver struct{ cells *Cells }

func (d cellDriver) on(ctx context.Context) (*entsql.Driver, error) {
	db, err := d.cells.For(ctx)
	if err != nil {
		return nil, err
	}
	return entsql.OpenDB(dialect.Postgres, db), nil
}

func (d cellDriver) Exec(ctx context.Context, query string, args, v any) error {
	db, err := d.on(ctx)
	if err != nil {
		return err
	}
	return db.Exec(ctx, query, args, v)
}

func (d cellDriver) Query(ctx context.Context, query string, args, v any) error {
	db, err := d.on(ctx)
	if err != nil {
		return err
	}
	return db.Query(ctx, query, args, v)
}

// ExecContext and QueryContext are what ent's client offers for SQL written by hand.
func (d cellDriver) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	db, err := d.cells.For(ctx)
	if err != nil {
		return nil, err
	}
	return db.ExecContext(ctx, query, args...)
}

func (d cellDriver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	db, err := d.cells.For(ctx)
	if err != nil {
		return nil, err
	}
	return db.QueryContext(ctx, query, args...)
}

func (d cellDriver) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

func (d cellDriver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	db, err := d.on(ctx)
	if err != nil {
		return nil, err
	}
	return db.BeginTx(ctx, opts)
}

// Close does nothing: the cells' pools belong to whoever opened them.
func (cellDriver) Close() error { return nil }

func (cellDriver) Dialect() string { return dialect.Postgres }
