package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// until asks the server again and again whether something is so; a test that waits in vain ends by its own timeout.
func until(t testing.TB, db *sql.DB, q string, args ...any) {
	t.Helper()
	for {
		var yes bool
		if err := db.QueryRowContext(t.Context(), q, args...).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
	}
}

const asleep = `SELECT count(*) = $1 FROM pg_stat_activity
	WHERE datname = current_database() AND state = 'active' AND wait_event = 'PgSleep'`

// TestCancel ends statements in the middle, on the way as text and as prepared statements.
func TestCancel(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		super := pgtest.Open(t, b.pg.SuperDSN)
		for i, q := range []string{"SELECT pg_sleep($1::int)", "SELECT pg_sleep($1::int)", "SELECT pg_sleep(1000)"} {
			var args []any
			if i < 2 {
				args = append(args, 1000)
			}
			if i == 1 { // this connection runs it prepared
				for range 2 {
					mustExec(t, b, as(t, 1), q, 0)
				}
			}
			ctx, cancel := context.WithCancel(as(t, 1))
			done := make(chan error)
			go func() { done <- second(b.ExecContext(ctx, q, args...)) }()
			until(t, super, asleep, 1)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", q, err)
			}
			until(t, super, asleep, 0)
			if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%d rows afterwards", n)
			}
		}
	})
}

// TestCancelAmongRows ends a result while it is read.
func TestCancelAmongRows(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		for range 4 {
			ctx, cancel := context.WithCancel(as(t, 1))
			rows, err := b.QueryContext(ctx, "SELECT repeat('x', 1000) FROM generate_series(1, $1::int)", 1_000_000)
			if err != nil || !rows.Next() {
				t.Fatal(err)
			}
			cancel()
			for rows.Next() {
			}
			if err := errors.Join(rows.Err(), rows.Close()); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%d rows afterwards", n)
			}
		}
	})
}

// TestKilledWhileIdle: the pool notices before it sends anything, so the caller does not.
func TestKilledWhileIdle(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		super := pgtest.Open(t, b.pg.SuperDSN)
		for range 3 {
			pid := count(t, b, as(t, 1), "SELECT pg_backend_pid()")
			mustExec(t, super, t.Context(), "SELECT pg_terminate_backend($1, 60000)", pid)
			until(t, super, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid)
			mustExec(t, b, as(t, 1), "UPDATE item SET name = name WHERE id = $1", 1)
		}
	})
}

func TestKilledInTheMiddle(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		super := pgtest.Open(t, b.pg.SuperDSN)
		for range 2 {
			done := make(chan error)
			go func() { done <- second(b.ExecContext(as(t, 1), "SELECT pg_sleep($1::int)", 1000)) }()
			until(t, super, asleep, 1)
			mustExec(t, super, t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
			if err := <-done; !tenancy.Unavailable(err) || !errors.Is(err, tenancy.ErrConnLost) || fault.KindOf(fault.Wrap(fmt.Errorf("ent: %w", err), "read")) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
			if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%d rows afterwards", n)
			}
		}
	})
}

// cut is a network that breaks on demand.
type cut struct{ before, after atomic.Bool }

type cutConn struct {
	net.Conn
	c   *cut
	eof bool
}

func (c *cut) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &cutConn{Conn: conn, c: c}, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.c.before.CompareAndSwap(true, false) {
		return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
	}
	n, err := c.Conn.Write(p)
	c.eof = c.eof || c.c.after.CompareAndSwap(true, false)
	return n, err
}

// Read lets the server answer before it says that nothing comes, so that the statement has surely happened.
func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.eof {
		return 0, io.EOF
	}
	return n, err
}

// TestLostConnections: a statement is repeated when it cannot have happened, and never when it may have.
func TestLostConnections(t *testing.T) {
	var c cut
	eachScopeWith(t, func(o *tenancy.Options) { o.Dial = c.dial }, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		const add = "UPDATE item SET name = name || $1 WHERE id = 1"
		name := func() (s string) {
			if err := b.QueryRowContext(ctx, "SELECT name FROM item WHERE id = 1").Scan(&s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		c.before.Store(true)
		mustExec(t, b, ctx, add, "+a")
		if got := name(); got != "item 1 of 1+a" {
			t.Errorf("lost before it was sent: %q", got)
		}
		c.after.Store(true) // in ScopeTx this is the answer to BEGIN, which may be repeated
		_, err := b.ExecContext(ctx, add+" -- not prepared", "+b")
		if piped := b.scope == tenancy.ScopePipe; piped != errors.Is(err, tenancy.ErrConnLost) || piped != tenancy.Unavailable(err) {
			t.Errorf("lost after it was sent: %v", err)
		}
		if got := name(); got != "item 1 of 1+a+b" {
			t.Errorf("lost after it was sent: %q", got)
		}
	})
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	o := tenancy.Defaults("host=127.0.0.1 port=1 user=u sslmode=disable")
	db, err := tenancy.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(as(t, 1), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, "SELECT 1"); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// hanging is a connection on which, once held, nothing arrives any more and nothing fails.
type hanging struct {
	net.Conn
	held *atomic.Bool
}

func (h hanging) Read(b []byte) (int, error) {
	for {
		n, err := h.Conn.Read(b)
		if n == 0 || !h.held.Load() {
			return n, err
		}
	}
}

// TestAServerThatHangsHoldsNobody: nothing answers, neither the statement nor the request to cancel it. The caller's context
// ends, and the caller goes on soon after, in the middle of a transaction and at its end as well.
func TestAServerThatHangsHoldsNobody(t *testing.T) {
	var held atomic.Bool
	eachScopeWith(t, func(o *tenancy.Options) {
		o.CancelGrace, o.EndTimeout = 50*time.Millisecond, 50*time.Millisecond
		inner := o.Dial
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if inner == nil {
				inner = (&net.Dialer{}).DialContext
			}
			c, err := inner(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return hanging{c, &held}, nil
		}
	}, func(t *testing.T, b bench) {
		mustExec(t, b, as(t, 1), "SELECT 1")
		for name, act := range map[string]func(ctx context.Context, tx *sql.Tx) error{
			"a statement": func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "SELECT 2")
				return err
			},
			"the end": func(_ context.Context, tx *sql.Tx) error { return tx.Commit() },
		} {
			ctx, cancel := context.WithTimeout(as(t, 1), 100*time.Millisecond)
			tx, err := b.BeginTx(as(t, 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(as(t, 1), "SELECT 1"); err != nil {
				t.Fatal(err)
			}
			held.Store(true)
			if err := act(ctx, tx); err == nil {
				t.Errorf("%s: a server that does not answer has agreed", name)
			}
			_ = tx.Rollback() // over for Commit, and it fails for the statement; it must return
			held.Store(false)
			cancel()
			if n := count(t, b, as(t, 2), "SELECT count(*) FROM item"); n != 50 {
				t.Errorf("%s: %d rows afterwards", name, n)
			}
		}
	})
}
