package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// schema holds a table under row security, a child whose foreign key is checked at commit, a table that is
// the same as the first but for row security, and some rows of tenants 1 to 40.
const schema = `
CREATE TABLE item (tenant_id bigint NOT NULL, id bigint NOT NULL, name text NOT NULL CHECK (name <> ''), body jsonb,
	PRIMARY KEY (tenant_id, id));
CREATE TABLE part (tenant_id bigint NOT NULL, id bigint NOT NULL, item_id bigint NOT NULL, PRIMARY KEY (tenant_id, id),
	CONSTRAINT part_item FOREIGN KEY (tenant_id, item_id) REFERENCES item (tenant_id, id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE open_item (LIKE item INCLUDING ALL);
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
ALTER TABLE item FORCE ROW LEVEL SECURITY;
ALTER TABLE part ENABLE ROW LEVEL SECURITY;
ALTER TABLE part FORCE ROW LEVEL SECURITY;
INSERT INTO open_item SELECT t, n, 'item ' || n || ' of ' || t FROM generate_series(1, 40) t, generate_series(1, 50) n;
CREATE POLICY load ON item TO heyue_owner WITH CHECK (true);
INSERT INTO item SELECT * FROM open_item;
DROP POLICY load ON item;
CREATE POLICY tenant ON item USING (tenant_id = current_setting('app.tenant_id')::bigint);
CREATE POLICY tenant ON part USING (tenant_id = current_setting('app.tenant_id')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON item, part, open_item TO heyue_app, heyue_system;
ANALYZE`

// scopes are the two ways a tenant is set; whatever a test says must hold in both.
var scopes = []tenancy.Scope{tenancy.ScopePipe, tenancy.ScopeTx}

// eachScope runs test on a pool of one connection in each scope.
func eachScope(t *testing.T, test func(t *testing.T, b bench)) {
	t.Helper()
	eachScopeWith(t, func(*tenancy.Options) {}, test)
}

// eachScopeWith is eachScope with other options. The scopes share a database, which takes longer to make than
// most tests to run; each finds the rows of schema in it.
func eachScopeWith(t *testing.T, set func(*tenancy.Options), test func(t *testing.T, b bench)) {
	t.Helper()
	t.Parallel()
	pg := database(t)
	for i, s := range scopes {
		if i > 0 {
			mustExec(t, pgtest.Open(t, pg.SuperDSN), t.Context(), "TRUNCATE item, part; INSERT INTO item SELECT * FROM open_item")
		}
		t.Run(string(s), func(t *testing.T) {
			test(t, openOn(t, pg, func(o *tenancy.Options) {
				o.Scope = s
				set(o)
			}))
		})
	}
}

// bench is a pool under test, what crossed its network, and the database behind it.
type bench struct {
	*sql.DB
	scope tenancy.Scope
	pg    *pgtest.DB
	net   *traffic
}

func database(t testing.TB) *pgtest.DB {
	t.Helper()
	return pgtest.Template(t, schema, func(ctx context.Context, dsn string) error {
		db, err := sql.Open("postgres", dsn)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, schema)
		return errors.Join(err, db.Close())
	})
}

func open(t testing.TB, set func(*tenancy.Options)) bench {
	t.Helper()
	return openOn(t, database(t), set)
}

func openOn(t testing.TB, pg *pgtest.DB, set func(*tenancy.Options)) bench {
	t.Helper()
	b := bench{pg: pg, net: &traffic{}}
	o := tenancy.Defaults(pg.AppDSN)
	o.MaxConns = 1
	o.Dial = b.net.dial
	set(&o)
	db, err := tenancy.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b.DB, b.scope = db, o.Scope
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// as is a context that acts for a tenant.
func as(t testing.TB, tenant int64) context.Context { return tenancy.With(t.Context(), tenant) }

// traffic counts what the connections it dialled have sent.
type traffic struct {
	turns, bytes, dials atomic.Int64
	delay               time.Duration // a benchmark's distance to the server, waited for at every turn
}

func (n *traffic) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n.dials.Add(1)
	return &counted{Conn: c, n: n}, nil
}

// during returns how many times f waited for the server: reads that follow a write.
func (n *traffic) during(f func()) int64 {
	before := n.turns.Load()
	f()
	return n.turns.Load() - before
}

type counted struct {
	net.Conn
	n     *traffic
	wrote bool
}

func (c *counted) Write(b []byte) (int, error) {
	c.wrote = true
	c.n.bytes.Add(int64(len(b)))
	return c.Conn.Write(b)
}

func (c *counted) Read(b []byte) (int, error) {
	if c.wrote {
		c.wrote = false
		c.n.turns.Add(1)
		if c.n.delay > 0 {
			time.Sleep(c.n.delay)
		}
	}
	return c.Conn.Read(b)
}

// SyscallConn lets the driver look at the socket itself.
func (c *counted) SyscallConn() (syscall.RawConn, error) { return c.Conn.(syscall.Conn).SyscallConn() }

func mustExec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, ctx context.Context, q string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(ctx, q, args...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func count(t testing.TB, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, ctx context.Context, q string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRowContext(ctx, q, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return n
}

func TestParseScope(t *testing.T) {
	t.Parallel()
	for _, s := range scopes {
		if got, err := tenancy.ParseScope(string(s)); got != s || err != nil {
			t.Errorf("ParseScope(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "system", "PIPE", "pipe "} {
		if got, err := tenancy.ParseScope(s); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParseScope(%q) = %q, %v", s, got, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dsn := "host=localhost sslmode=disable"
	for name, c := range map[string]struct {
		set   func(*tenancy.Options)
		field string
	}{
		"no dsn":          {func(o *tenancy.Options) { o.DSN = "" }, "dsn"},
		"bad dsn":         {func(o *tenancy.Options) { o.DSN = "host" }, "dsn"},
		"sslmode":         {func(o *tenancy.Options) { o.DSN = "host=h sslmode=allow" }, "dsn"},
		"no root":         {func(o *tenancy.Options) { o.DSN = "host=h sslmode=verify-ca sslrootcert=/none/root.crt" }, "dsn"},
		"empty root":      {func(o *tenancy.Options) { o.DSN = "host=h sslinline=true sslmode=verify-ca sslrootcert=nothing" }, "dsn"},
		"no client cert":  {func(o *tenancy.Options) { o.DSN = "host=h sslmode=require sslcert=/none/a.crt sslkey=/none/a.key" }, "dsn"},
		"old TLS":         {func(o *tenancy.Options) { o.DSN = "host=h sslmode=require ssl_min_protocol_version=TLSv1.1" }, "dsn"},
		"direct":          {func(o *tenancy.Options) { o.DSN = "host=h sslmode=require sslnegotiation=direct" }, "dsn"},
		"scope":           {func(o *tenancy.Options) { o.Scope = "pip" }, "scope"},
		"system scope":    {func(o *tenancy.Options) { o.Scope = "system" }, "scope"},
		"cache":           {func(o *tenancy.Options) { o.StatementCache = -1 }, "statementCache"},
		"no connections":  {func(o *tenancy.Options) { o.MaxConns = 0 }, "maxConns"},
		"lifetime":        {func(o *tenancy.Options) { o.MaxLifetime = -1 }, "maxLifetime"},
		"connect timeout": {func(o *tenancy.Options) { o.ConnectTimeout = 0 }, "connectTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := tenancy.Defaults(dsn)
			c.set(&o)
			_, err := tenancy.Open(o)
			all := fault.All(err)
			if len(all) != 1 || all[0].Kind != fault.Invalid || all[0].Field[0] != c.field {
				t.Errorf("got %v, want one Invalid fault about %s", err, c.field)
			}
		})
	}
}

func TestMaxConnsBoundsThePool(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *tenancy.Options) { o.MaxConns = 3 })
	if got := b.Stats().MaxOpenConnections; got != 3 {
		t.Errorf("the pool may open %d connections, want 3", got)
	}
}

// TestConnectionsAreReplaced when they are as old as MaxLifetime says.
func TestConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *tenancy.Options) { o.MaxLifetime = time.Millisecond })
	for b.Stats().MaxLifetimeClosed == 0 { // or the test never ends
		if err := b.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConnectTimeout dials a server that never answers.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*tenancy.Options) context.Context{
		"option":  func(o *tenancy.Options) context.Context { o.ConnectTimeout = 50 * time.Millisecond; return t.Context() },
		"dsn":     func(o *tenancy.Options) context.Context { o.DSN += " connect_timeout=1"; return t.Context() },
		"context": func(o *tenancy.Options) context.Context { return soon(t) },
	} {
		for _, mode := range []string{"disable", "require"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = l.Close() })
				_, port, _ := net.SplitHostPort(l.Addr().String())
				o := tenancy.Defaults("host=127.0.0.1 port=" + port + " user=u sslmode=" + mode)
				ctx := connect(&o)
				db, err := tenancy.Open(o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				if err := db.PingContext(ctx); err == nil {
					t.Error("connected to a server that does not answer")
				}
			})
		}
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
