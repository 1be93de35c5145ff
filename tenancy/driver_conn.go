package tenancy

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"heyue/platform/tracing"
)

// Refusals of the driver, each before a byte is sent.
var (
	// ErrPrepare is returned by Prepare: the driver prepares by itself, where it can keep the tenant in step.
	ErrPrepare = errors.New("tenancy: statements are prepared by the driver, call Query or Exec")
	// ErrOpenRows is returned for a statement while a result of the same transaction is still being read.
	ErrOpenRows = errors.New("tenancy: a result of this transaction is still open")
	// ErrConnLost is returned when the connection broke after a statement was sent. Whether it took effect is
	// unknown, so it is not repeated. ErrConnLost is also in the chain of the network's own error.
	ErrConnLost = errors.New("tenancy: the connection was lost, the statement's outcome is unknown")
)

// conn is one connection of a pool. Like every driver.Conn it is used by one goroutine at a time.
type conn struct {
	pq    pqConn
	wire  *wire
	scope Scope
	cache *stmtCache // nil: nothing is prepared

	endTimeout time.Duration                         // Options.EndTimeout
	observe    func(took time.Duration, failed bool) // Options.Observe
	trace      bool                                  // Options.Trace

	tx   *tx  // the explicit transaction, nil outside of one
	busy bool // a result is being read
	bad  bool // must not go back to the pool
}

// Compile-time list of what database/sql may ask of a connection.
var (
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
)

// QueryContext runs sql for ctx's tenant. Outside a transaction the statement commits when its rows are
// read to the end or closed; a failing commit is the statement's error.
func (c *conn) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	kind, tenant, err := c.admit(ctx, sql)
	if err != nil {
		return nil, err
	}
	done := c.timed(ctx, sql)
	r, err := c.query(ctx, kind, tenant, sql, args)
	if c.stale(sql, err) {
		r, err = c.query(ctx, kind, tenant, sql, args)
	}
	done(err)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	return r, nil
}

// ExecContext runs sql for ctx's tenant and, outside a transaction, commits it. The result has no
// LastInsertId: PostgreSQL has none, use RETURNING.
func (c *conn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	kind, tenant, err := c.admit(ctx, sql)
	if err != nil {
		return nil, err
	}
	done := c.timed(ctx, sql)
	res, err := c.exec(ctx, kind, tenant, sql, args)
	if c.stale(sql, err) {
		res, err = c.exec(ctx, kind, tenant, sql, args)
	}
	done(err)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	return res, nil
}

// timed begins to time a statement; what it returns tells Observe, and ends its span.
func (c *conn) timed(ctx context.Context, sql string) (done func(err error)) {
	var span *tracing.Span
	if c.trace {
		span = statementSpan(ctx, sql)
	}
	if c.observe == nil {
		return span.End
	}
	began := time.Now() //nolint:forbidigo // a duration by the monotonic clock, which no clock.Clock gives
	return func(err error) {
		c.observe(time.Since(began), err != nil)
		span.End(err)
	}
}

// admit decides, before anything is sent, whether sql may run here under ctx, and for which tenant.
func (c *conn) admit(ctx context.Context, sql string) (verbKind, int64, error) {
	tenant, err := c.tenantOf(ctx)
	if err != nil {
		return 0, 0, err
	}
	if c.tx != nil && tenant != c.tx.tenant {
		return 0, 0, ErrOtherTenant
	}
	if c.busy {
		return 0, 0, ErrOpenRows
	}
	kind, err := classify(sql)
	return kind, tenant, err
}

// tenantOf returns the tenant to act for; 0 on the system pool.
func (c *conn) tenantOf(ctx context.Context) (int64, error) {
	tenant, ok := From(ctx)
	if c.scope == scopeSystem {
		if ok {
			return 0, ErrSystemPool
		}
		return 0, nil
	}
	if !ok {
		return 0, ErrNoTenant
	}
	return tenant, nil
}

func (c *conn) query(ctx context.Context, kind verbKind, tenant int64, sql string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.prepared(ctx, kind, sql)
	if err != nil {
		return nil, err
	}
	if err := c.enter(ctx, tenant); err != nil {
		return nil, err
	}
	var r driver.Rows
	if st != nil {
		r, err = st.QueryContext(ctx, args)
	} else {
		r, err = c.pq.QueryContext(ctx, sql, args)
	}
	c.entered()
	if err != nil {
		c.watchLate(ctx)
		return nil, c.leave(ctx, err)
	}
	c.busy = true
	return &rows{pqRows: r.(pqRows), c: c, ctx: ctx}, nil
}

func (c *conn) exec(ctx context.Context, kind verbKind, tenant int64, sql string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.prepared(ctx, kind, sql)
	if err != nil {
		return nil, err
	}
	if err := c.enter(ctx, tenant); err != nil {
		return nil, err
	}
	var res driver.Result
	if st != nil {
		res, err = st.ExecContext(ctx, args)
	} else {
		res, err = c.pq.ExecContext(ctx, sql, args)
	}
	c.entered()
	c.watchLate(ctx)
	return res, c.leave(ctx, err)
}

// enter opens the scope of a statement: on the pipe it arms the wire, in ScopeTx it begins a transaction.
// Inside an explicit transaction only a BEGIN that is still owed goes along.
func (c *conn) enter(ctx context.Context, tenant int64) error {
	c.wire.sent = false
	switch {
	case c.tx != nil:
		if c.tx.owed {
			c.wire.arm(scopeOf{begin: c.tx.begin, tenant: tenant})
		}
	case c.scope == ScopePipe:
		c.wire.arm(scopeOf{begin: "BEGIN", tenant: tenant, commit: true})
	case c.scope == ScopeTx:
		err := c.begin(ctx, "BEGIN", tenant)
		c.wire.sent = false // nothing of the statement itself has left
		return err
	}
	return nil
}

// entered takes stock after the statement was handed to lib/pq: it may have failed before it wrote.
func (c *conn) entered() {
	unused := c.wire.disarm()
	if c.tx != nil && c.tx.owed {
		c.tx.owed = unused
	}
}

// leave closes what enter opened. It returns err, or the error of a commit that failed.
func (c *conn) leave(ctx context.Context, err error) error {
	if c.tx != nil || c.scope != ScopeTx {
		return err
	}
	end := "COMMIT"
	if err != nil {
		end = "ROLLBACK"
	}
	_, endErr := c.pq.ExecContext(context.WithoutCancel(ctx), end, nil)
	if endErr != nil && PostgresError(endErr) == nil {
		c.bad = true
	}
	if err == nil {
		return marked(endErr)
	}
	return err
}

// begin opens a transaction and names the tenant in one simple query. Nothing of the caller has run when
// it fails, so ErrBadConn may pass and let database/sql try another connection.
func (c *conn) begin(ctx context.Context, begin string, tenant int64) error {
	b := make([]byte, 0, 96)
	b = append(append(b, begin...), "; "...)
	_, err := c.pq.ExecContext(ctx, string(appendSetLocal(b, tenant)), nil)
	if err != nil {
		c.bad = true // a transaction may be open
	}
	return marked(err)
}

// watchLate gives the connection up when ctx ended while a statement ran: lib/pq may have sent a cancel
// request, which a pooler could deliver late, to somebody else's statement.
func (c *conn) watchLate(ctx context.Context) {
	if ctx.Err() != nil {
		c.bad = true
	}
}

// failure is how an error leaves the driver. Only an error that comes before the statement was sent stays
// ErrBadConn, which makes database/sql repeat it on another connection.
func (c *conn) failure(ctx context.Context, err error) error { return marked(c.outcome(ctx, err)) }

func (c *conn) outcome(ctx context.Context, err error) error {
	if PostgresError(err) != nil {
		if ctx.Err() != nil {
			return cancelled(ctx, err)
		}
		return err
	}
	if c.wire.fault == nil && !errors.Is(err, driver.ErrBadConn) {
		return err // an argument that cannot be encoded, and the like
	}
	c.bad = true
	switch {
	case ctx.Err() != nil:
		return cancelled(ctx, errors.Join(ErrConnLost, c.wire.fault))
	case !c.wire.sent:
		return driver.ErrBadConn
	default:
		return errors.Join(ErrConnLost, c.wire.fault)
	}
}

// PrepareContext always fails with ErrPrepare.
func (c *conn) PrepareContext(context.Context, string) (driver.Stmt, error) { return nil, ErrPrepare }

// Prepare always fails with ErrPrepare.
func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, ErrPrepare }

// CheckNamedValue converts an argument as lib/pq does. JSON goes as text: lib/pq would send bytes in binary
// form, which jsonb takes only behind a version byte.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	switch j := v.Value.(type) {
	case json.RawMessage:
		v.Value = jsonText(j)
		return nil
	case *json.RawMessage:
		v.Value = nil
		if j != nil {
			v.Value = jsonText(*j)
		}
		return nil
	}
	return c.pq.CheckNamedValue(v)
}

func jsonText(j json.RawMessage) driver.Value {
	if j == nil {
		return nil
	}
	return string(j)
}

// Ping asks the server for a sign of life. It needs no tenant, for it runs no statement.
func (c *conn) Ping(ctx context.Context) error {
	if c.busy {
		return ErrOpenRows
	}
	return c.pq.Ping(ctx)
}

// ResetSession is called before the pool hands the connection out again.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() || !alive(c.wire.sock, c.wire.encrypted) {
		c.bad = true
		return driver.ErrBadConn
	}
	return c.pq.ResetSession(ctx)
}

// IsValid reports whether the connection is clean enough for the pool.
func (c *conn) IsValid() bool {
	return !c.bad && !c.busy && c.tx == nil && c.wire.settled() && c.pq.IsValid()
}

// Close says good-bye to the server and closes the socket. A server that is gone needs no good-bye.
func (c *conn) Close() error {
	if err := c.pq.Close(); !Unavailable(err) {
		return err
	}
	return nil
}
