package tenancy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"time"

	"github.com/lib/pq"

	"heyue/platform/fault"
)

// Scope says how a statement's transaction learns its tenant.
type Scope string

const (
	// ScopePipe sends BEGIN, SET LOCAL, the statement and COMMIT in one network write: a statement outside
	// a transaction costs one round trip, and a transaction one less than usual.
	ScopePipe Scope = "pipe"
	// ScopeTx sends them one after the other, as any client would: three round trips a statement. It is the
	// way out for a proxy that cannot carry pipelined messages.
	ScopeTx Scope = "tx"

	// scopeSystem sets no tenant; only OpenSystem uses it.
	scopeSystem Scope = "system"
)

// ParseScope reads a Scope from a setting. It returns an Invalid fault for anything but pipe and tx.
func ParseScope(s string) (Scope, error) {
	switch sc := Scope(s); sc {
	case ScopePipe, ScopeTx:
		return sc, nil
	}
	return "", fault.New(fault.Invalid, fault.UnknownValue, "tenant scope %q is unknown: use %q or %q", s, ScopePipe, ScopeTx)
}

// Defaults of [Options], see there.
const (
	DefaultStatementCache = 256
	DefaultMaxConns       = 16
	DefaultMaxLifetime    = 30 * time.Minute
	DefaultConnectTimeout = 5 * time.Second
	DefaultCancelGrace    = 2 * time.Second
	DefaultEndTimeout     = 30 * time.Second
)

// Options describe one pool. Start from [Defaults]; a zero value is not usable.
type Options struct {
	// DSN is a PostgreSQL connection string, key=value or URL. sslmode may be disable, prefer, require,
	// verify-ca or verify-full; without it TLS is required.
	DSN string
	// Scope is how tenants are set. OpenSystem ignores it.
	Scope Scope
	// StatementCache is how many prepared statements each connection keeps. 0 prepares none, which a pooler
	// without support for prepared statements needs.
	StatementCache int
	// MaxConns bounds the open connections. All of them may stay idle, so that their prepared statements live.
	MaxConns int
	// MaxLifetime is when a connection is replaced; 0 is never.
	MaxLifetime time.Duration
	// ConnectTimeout bounds dialling, TLS and signing in together. connect_timeout in the DSN wins over it.
	ConnectTimeout time.Duration
	// CancelGrace is how long a statement whose context has ended waits for the server to say so. Then the connection is
	// given up: a server that hangs must not hold callers.
	CancelGrace time.Duration
	// EndTimeout is how long COMMIT and ROLLBACK may take, which no context bounds; the outcome of a COMMIT that takes
	// longer is unknown.
	EndTimeout time.Duration
	// Dial opens the network connection; nil is a net.Dialer. TLS, if asked for, is laid over what it returns.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Observe is told how long each statement took until its answer began, and whether it failed; nil for nobody.
	Observe func(took time.Duration, failed bool)
	// Trace follows statements in spans of whoever waits for them (platform/tracing): their text, without values.
	Trace bool
}

// Defaults returns the Options a server should begin with.
func Defaults(dsn string) Options {
	return Options{
		DSN:            dsn,
		Scope:          ScopePipe,
		StatementCache: DefaultStatementCache,
		MaxConns:       DefaultMaxConns,
		MaxLifetime:    DefaultMaxLifetime,
		ConnectTimeout: DefaultConnectTimeout,
		CancelGrace:    DefaultCancelGrace,
		EndTimeout:     DefaultEndTimeout,
	}
}

func (o Options) check() error {
	var c fault.Check
	c.That(o.DSN != "", fault.Required, "dsn", "dsn is required")
	c.That(o.Scope == ScopePipe || o.Scope == ScopeTx || o.Scope == scopeSystem, fault.UnknownValue, "scope",
		"scope %q is unknown: use %q or %q", o.Scope, ScopePipe, ScopeTx)
	c.That(o.StatementCache >= 0, fault.OutOfRange, "statementCache", "statementCache is %d, it cannot be negative", o.StatementCache)
	c.That(o.MaxConns > 0, fault.OutOfRange, "maxConns", "maxConns is %d, at least 1 is needed", o.MaxConns)
	c.That(o.MaxLifetime >= 0, fault.OutOfRange, "maxLifetime", "maxLifetime is %s, it cannot be negative", o.MaxLifetime)
	c.That(o.ConnectTimeout > 0, fault.OutOfRange, "connectTimeout", "connectTimeout is %s, it must be positive", o.ConnectTimeout)
	c.That(o.CancelGrace > 0, fault.OutOfRange, "cancelGrace", "cancelGrace is %s, it must be positive", o.CancelGrace)
	c.That(o.EndTimeout > 0, fault.OutOfRange, "endTimeout", "endTimeout is %s, it must be positive", o.EndTimeout)
	return c.Err()
}

// Open returns a pool on which every statement runs for the tenant of its context, in the scope asked for.
// It does not connect yet. Faults are Invalid and name the option.
//
// The pool differs from a plain one in what it refuses, each time before a byte is sent: a context without
// tenant (ErrNoTenant), a second tenant in a transaction (ErrOtherTenant), Prepare (ErrPrepare; statements
// are prepared by the driver), a second statement while a result of the same transaction is open (ErrOpenRows),
// and statements that would outlive or end their transaction (*RefusedError). A connection that is lost after
// a statement was sent gives ErrConnLost, and the statement is not repeated: its outcome is unknown.
func Open(o Options) (*sql.DB, error) {
	if o.Scope == scopeSystem {
		o.Scope = ""
	}
	return open(o)
}

// OpenSystem returns the pool for work that belongs to no tenant: the outbox relay, schedulers, directories.
// Its DSN names the system role, whose use is audited. No tenant is set, and a statement whose context
// carries one is refused with ErrSystemPool, so that a request cannot use this pool by accident.
func OpenSystem(o Options) (*sql.DB, error) {
	o.Scope = scopeSystem
	return open(o)
}

func open(o Options) (*sql.DB, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c, err := newConnector(o)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(o.MaxConns)
	db.SetMaxIdleConns(o.MaxConns)
	db.SetConnMaxLifetime(o.MaxLifetime)
	return db, nil
}

// pqConn is what a lib/pq connection must offer; newConnector checks it once.
type pqConn interface {
	driver.Conn
	driver.Tx
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connector makes connections whose network layer is ours, so that statements can be wrapped on the wire.
type connector struct {
	opt    Options
	cfg    pq.Config
	secure *secure // nil: clear text
}

func newConnector(o Options) (*connector, error) {
	cfg, err := pq.NewConfig(o.DSN)
	if err != nil {
		return nil, &fault.Fault{Kind: fault.Invalid, Code: fault.Malformed, Message: "dsn cannot be read", Field: []string{"dsn"}, Cause: err}
	}
	sec, err := newSecure(cfg)
	if err != nil {
		return nil, err
	}
	// The filter must see clear text, so TLS is laid under it by our dialer and lib/pq is told to do without.
	cfg.SSLMode = pq.SSLModeDisable
	// One write per statement: without it lib/pq waits for the answer to Parse before it sends Bind.
	cfg.BinaryParameters = true
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = o.ConnectTimeout
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "heyue"
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return &connector{opt: o, cfg: cfg, secure: sec}, nil
}

// Driver is required by database/sql; connections are only made by Connect.
func (c *connector) Driver() driver.Driver { return &pq.Driver{} }

// Connect dials, signs in and prepares what the scope needs.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	pc, err := pq.NewConnectorConfig(c.cfg.Clone())
	if err != nil {
		return nil, err
	}
	d := &dialer{c: c}
	pc.Dialer(d)
	// lib/pq does not watch ctx while it signs in; closing the socket is what ends that.
	stop := context.AfterFunc(ctx, d.abort)
	raw, err := pc.Connect(ctx)
	if !stop() && err == nil {
		_ = raw.Close()
		return nil, context.Cause(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, marked(cancelled(ctx, err))
		}
		return nil, marked(err)
	}
	d.done.Store(true)
	cn := &conn{pq: raw.(pqConn), wire: d.session, scope: c.opt.Scope, cache: newStmtCache(c.opt.StatementCache), observe: c.opt.Observe, trace: c.opt.Trace, endTimeout: c.opt.EndTimeout}
	if cn.scope == ScopePipe && cn.cache != nil {
		if err := cn.wire.prepareEnds(); err != nil {
			_ = raw.Close()
			return nil, err
		}
	}
	return cn, nil
}
