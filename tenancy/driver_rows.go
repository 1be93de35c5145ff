package tenancy

import (
	"context"
	"database/sql/driver"
	"io"
)

// pqRows is what lib/pq's rows offer to database/sql.
type pqRows interface {
	driver.Rows
	driver.RowsNextResultSet
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

// rows is a result and the duty to end its statement's scope exactly once.
type rows struct {
	pqRows
	c    *conn
	ctx  context.Context
	err  error // the statement failed while it was read
	shut bool
}

// Next reads a row. The last call also ends the scope, because database/sql shows the caller an error of
// Next but not one of Close.
func (r *rows) Next(dest []driver.Value) error {
	if r.shut {
		return io.EOF
	}
	err := r.pqRows.Next(dest)
	switch {
	case err == nil:
		return nil
	case err != io.EOF: //nolint:errorlint // the end is io.EOF itself; one that is wrapped is a connection's, and the result is cut
		r.err = err
		return r.c.failure(r.ctx, err)
	case r.HasNextResultSet():
		return io.EOF
	}
	if err := r.Close(); err != nil {
		return err
	}
	return io.EOF
}

// Close reads what is left and ends the scope. lib/pq's Close must run once only, hence shut.
func (r *rows) Close() error {
	if r.shut {
		return nil
	}
	r.shut = true
	err := r.pqRows.Close()
	if err == nil {
		err = r.err
	} else if PostgresError(err) == nil {
		r.c.bad = true // not read to the end
	}
	r.c.busy = false
	r.c.watchLate(r.ctx)
	if err = r.c.leave(r.ctx, err); err != nil && r.err == nil {
		return r.c.failure(r.ctx, err)
	}
	return nil
}
