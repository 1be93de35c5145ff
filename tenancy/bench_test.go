package tenancy_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// BenchmarkPointGet reads one row by its key under row security, in each scope, and compares it with the same
// read of a table without row security on a connection of the same driver that sets no tenant. The two take
// turns in short rounds, so that whatever else the machine does falls on both.
//
//	x-latency  median of the ratios of neighbouring rounds: what a caller waits
//	x-best     ratio of the fastest rounds: the same without most of the noise
//	x-cpu      ratio of processor time, this process and the server's backend together
//	trips      round trips of one scoped read
//
// Run it with: go test ./tenancy -run '^$' -bench PointGet -benchtime 20000x
func BenchmarkPointGet(b *testing.B) {
	const near, far = 0, 500 * time.Microsecond
	for _, c := range []struct {
		scope tenancy.Scope
		cache int
		net   time.Duration
	}{
		{tenancy.ScopePipe, tenancy.DefaultStatementCache, near},
		{tenancy.ScopePipe, tenancy.DefaultStatementCache, far},
		{tenancy.ScopePipe, 0, near},
		{tenancy.ScopeTx, tenancy.DefaultStatementCache, near},
		{tenancy.ScopeTx, tenancy.DefaultStatementCache, far},
	} {
		b.Run(fmt.Sprintf("%s/cache=%d/net=%s", c.scope, c.cache, c.net), func(b *testing.B) {
			scoped := open(b, func(o *tenancy.Options) { o.Scope, o.StatementCache = c.scope, c.cache })
			o := tenancy.Defaults(scoped.pg.SystemDSN)
			other := new(traffic)
			o.MaxConns, o.StatementCache, o.Dial = 1, c.cache, other.dial
			plain, err := tenancy.OpenSystem(o)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = plain.Close() })
			scoped.net.delay, other.delay = c.net, c.net
			race(b, text(scoped.DB, tenantOf(b), scopedGet), text(plain, nobody(b), plainGet), scoped.net)
		})
	}
}

func tenantOf(b *testing.B) func(int64) context.Context {
	return func(tenant int64) context.Context { return as(b, tenant) }
}

func nobody(b *testing.B) func(int64) context.Context {
	return func(int64) context.Context { return b.Context() }
}

// BenchmarkPointGetByEnt is BenchmarkPointGet for the read that the product makes: a customer by id through ent and
// its guard, beside the same statement through ent on a copy of the table without row security.
//
// Run it with: go test ./tenancy -run '^$' -bench PointGetByEnt -benchtime 20000x
func BenchmarkPointGetByEnt(b *testing.B) {
	ids := [50]publicid.CustomerID{}
	for i := range ids {
		ids[i] = publicid.NewCustomerID()
	}
	scoped := openOn(b, customers(b, ids[:]), func(*tenancy.Options) {})
	bare := customers(b, ids[:])
	mustExec(b, pgtest.Open(b, bare.SuperDSN), b.Context(),
		"ALTER TABLE customers NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY; GRANT SELECT ON customers TO heyue_system")
	o := tenancy.Defaults(bare.SystemDSN)
	o.MaxConns = 1
	plain, err := tenancy.OpenSystem(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = plain.Close() })
	guarded, free := tenancy.NewClient(tenancy.NewCells(scoped.DB)), ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, plain)))
	race(b,
		side{scoped.DB, tenantOf(b), func(ctx context.Context, _, id int64) (int64, error) {
			c, err := guarded.Customer.Query().Where(customer.ID(ids[id-1])).Only(ctx)
			if err != nil {
				return 0, err
			}
			return c.TenantID, nil
		}},
		side{plain, nobody(b), func(ctx context.Context, tenant, id int64) (int64, error) {
			c, err := free.Customer.Query().Where(customer.ID(ids[id-1]), customer.TenantID(tenant)).Only(ctx)
			if err != nil {
				return 0, err
			}
			return c.TenantID, nil
		}}, scoped.net)
}

// customers is a migrated database in which each of 40 tenants has a customer with each of the ids.
func customers(b *testing.B, ids []publicid.CustomerID) *pgtest.DB {
	b.Helper()
	pg := pgtest.New(b)
	db := pgtest.Open(b, pg.SuperDSN)
	db.SetMaxOpenConns(1)
	mustExec(b, db, b.Context(), "SET session_replication_role = replica") // no other row is needed for these
	for i, id := range ids {
		mustExec(b, db, b.Context(), `INSERT INTO customers (tenant_id, id, created_at, updated_at, name, code)
			SELECT t, $1, now(), now(), 'customer', 'C-' || $2::int FROM generate_series(1, 40) t`, id, i)
	}
	mustExec(b, db, b.Context(), "ANALYZE customers")
	return pg
}

const (
	scopedGet = "SELECT tenant_id, id, name FROM item WHERE tenant_id = $1 AND id = $2"
	plainGet  = "SELECT tenant_id, id, name FROM open_item WHERE tenant_id = $1 AND id = $2"
	round     = 50 // reads before the other side has its turn
)

// side is one of the two pools that race: the context it reads for a tenant with, and the read.
type side struct {
	db  *sql.DB
	as  func(tenant int64) context.Context
	get func(ctx context.Context, tenant, id int64) (of int64, err error)
}

// text reads by a statement of its own.
func text(db *sql.DB, as func(int64) context.Context, query string) side {
	return side{db: db, as: as, get: func(ctx context.Context, tenant, id int64) (of int64, err error) {
		var name string
		err = db.QueryRowContext(ctx, query, tenant, id).Scan(&of, &id, &name)
		return of, err
	}}
}

// race lets the two sides take turns. net is what crossed the scoped side's network.
func race(b *testing.B, scoped, plain side, net *traffic) {
	left, right := newRunner(b, scoped), newRunner(b, plain)
	left.round(200) // past the first five plans, which PostgreSQL makes anew
	right.round(200)
	turns := net.turns.Load()
	left.reset()
	right.reset()
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += round {
		left.round(round)
		right.round(round)
	}
	b.StopTimer()
	reads := float64(len(left.times) * round)
	b.ReportMetric(medianRatio(left.times, right.times), "x-latency")
	b.ReportMetric(ratio(slices.Min(left.times), slices.Min(right.times)), "x-best")
	b.ReportMetric(ratio(left.cpu(), right.cpu()), "x-cpu")
	b.ReportMetric(float64(net.turns.Load()-turns)/reads, "trips")
	b.ReportMetric(float64(left.median().Nanoseconds())/round, "ns/scoped")
	b.ReportMetric(float64(left.own.Nanoseconds())/reads, "cpu-client")
	b.ReportMetric(float64(left.backendCPU().Nanoseconds())/reads, "cpu-server")
	b.ReportMetric(ratio(left.own, right.own), "x-cpu-client")
	b.ReportMetric(ratio(left.backendCPU(), right.backendCPU()), "x-cpu-server")
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func medianRatio(a, b []time.Duration) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = ratio(a[i], b[i])
	}
	slices.Sort(r)
	return r[len(r)/2]
}

// runner reads for one side and adds up what it took.
type runner struct {
	b *testing.B
	side
	backend int64 // process id of the server's side
	start   time.Duration
	times   []time.Duration
	own     time.Duration
	n       int64
}

func newRunner(b *testing.B, s side) *runner {
	return &runner{b: b, side: s, backend: count(b, s.db, s.as(1), "SELECT pg_backend_pid()")}
}

func (r *runner) reset() { r.times, r.own, r.start = nil, 0, onCPU(r.b, r.backend) }

func (r *runner) round(reads int) {
	before, begin := ownCPU(r.b), time.Now()
	for range reads {
		r.n++
		tenant := 1 + r.n*7%40
		got, err := r.get(r.as(tenant), tenant, 1+r.n%50)
		if err != nil {
			r.b.Fatal(err)
		}
		if got != tenant {
			r.b.Fatalf("tenant %d read a row of %d", tenant, got)
		}
	}
	r.times = append(r.times, time.Since(begin))
	r.own += ownCPU(r.b) - before
}

func (r *runner) median() time.Duration {
	s := slices.Sorted(slices.Values(r.times))
	return s[len(s)/2]
}

func (r *runner) backendCPU() time.Duration { return onCPU(r.b, r.backend) - r.start }

func (r *runner) cpu() time.Duration { return r.own + r.backendCPU() }

func ownCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// onCPU is the time a process has run, from the scheduler's own account in nanoseconds.
func onCPU(b *testing.B, pid int64) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		b.Fatal(err)
	}
	var ran int64
	if _, err := fmt.Sscan(string(text), &ran); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ran)
}
