package tenancy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"heyue/platform/fault"
)

// tx is an explicit transaction. Its tenant is that of the context it was begun with, for good.
type tx struct {
	c      *conn
	begin  string // BEGIN with its modes
	tenant int64
	owed   bool // BEGIN is not sent yet: it goes with the first statement
}

// Begin always fails: a transaction needs a context.
func (c *conn) Begin() (driver.Tx, error) { return nil, ErrNoTenant }

// BeginTx opens a transaction for ctx's tenant. On the pipe nothing is sent before its first statement, so
// its snapshot and now() are of that moment and a transaction without statements costs nothing.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tenant, err := c.tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	begin, err := beginText(o)
	if err != nil {
		return nil, err
	}
	t := &tx{c: c, begin: begin, tenant: tenant}
	switch c.scope {
	case ScopePipe:
		t.owed = true
	case ScopeTx:
		err = c.begin(ctx, begin, tenant)
	default:
		if _, err = c.pq.ExecContext(ctx, begin, nil); err != nil {
			c.bad = true
		}
	}
	if err != nil {
		return nil, marked(err)
	}
	c.tx = t
	return t, nil
}

func beginText(o driver.TxOptions) (string, error) {
	b := "BEGIN"
	switch l := sql.IsolationLevel(o.Isolation); l {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted, sql.LevelReadCommitted:
		b += " ISOLATION LEVEL READ COMMITTED"
	case sql.LevelRepeatableRead, sql.LevelSnapshot:
		b += " ISOLATION LEVEL REPEATABLE READ"
	case sql.LevelSerializable:
		b += " ISOLATION LEVEL SERIALIZABLE"
	default:
		return "", fault.New(fault.Internal, fault.CodeInternal, "isolation level %s is not supported", l)
	}
	if o.ReadOnly {
		b += " READ ONLY"
	}
	return b, nil
}

// Commit ends the transaction. After a statement of it has failed it rolls back and returns
// pq.ErrInFailedTransaction. When the connection is lost the outcome is unknown (ErrConnLost).
func (t *tx) Commit() error { return t.end(t.c.pq.Commit) }

// Rollback undoes the transaction.
func (t *tx) Rollback() error { return t.end(t.c.pq.Rollback) }

func (t *tx) end(send func() error) error {
	t.c.tx = nil
	if t.owed {
		return nil
	}
	t.c.wire.sent = false
	if !t.c.bad { // one that was given up waits no longer than it was given
		_ = t.c.wire.SetReadDeadline(time.Now().Add(t.c.endTimeout)) //nolint:forbidigo // the network's deadlines are the system's time
		defer func() { _ = t.c.wire.SetReadDeadline(time.Time{}) }() // fails on a closed connection, which nobody uses again
	}
	err := send()
	if err == nil || PostgresError(err) != nil {
		return marked(err)
	}
	if !t.c.pq.IsValid() {
		t.c.bad = true
	}
	return t.c.failure(context.Background(), err)
}
