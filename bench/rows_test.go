package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"

	"heyue/domain/dictionaries"
	"heyue/ent"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// tenants is how many share the rows. The first has a fifth of them, the others a share that falls with their number.
const tenants = 40

// rows is a filled database.
type rows struct {
	*fixture.World
	login     []string // the administrator's e-mail of each tenant
	contracts []sample // drawn by row, so a large tenant is asked for more often
	customers []sample
}

// sample is the id of a row and its tenant.
type sample struct {
	tenant int64
	id     uuid.UUID
}

// fill makes tenants through the fixture and their rows by SQL: two contacts and half a year's contracts for each customer,
// three payments and an open instalment for each contract, two records of service. Only the first tenants are asked. The same sizes give the same rows but for their days, which count from today.
func fill(b *testing.B, sizes []int, asked int) *rows {
	b.Helper()
	r := &rows{World: fixture.New(b)}
	ctx := context.Background()
	db := pgtest.Open(b, r.DB.SuperDSN)
	for i, size := range sizes {
		tn := r.Tenant(b, fmt.Sprintf("t%d", i+1))
		if i < asked {
			r.Write(b, tn.Ctx, func(tx *ent.Tx) error { return dictionaries.Seed(tn.Ctx, tx) })
			r.login = append(r.login, r.SetPassword(b, tn, tn.Admin).Email)
		}
		r.tenant(b, ctx, db, tn.ID, size)
	}
	if _, err := db.ExecContext(ctx, functions); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	r.contracts, r.customers = r.draw(b, db, "contracts"), r.draw(b, db, "customers")
	return r
}

// shares gives each of so many tenants its part of the rows.
func shares(size, tenants int) []int {
	var sum float64
	for i := 1; i < tenants; i++ {
		sum += math.Pow(float64(i+1), -0.7)
	}
	out := []int{size / 5}
	for i := 1; i < tenants; i++ {
		out = append(out, int(float64(size)*4/5*math.Pow(float64(i+1), -0.7)/sum))
	}
	return out
}

func (r *rows) tenant(b *testing.B, ctx context.Context, db *sql.DB, id int64, n int) {
	b.Helper()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	for _, statement := range []string{
		"SET LOCAL session_replication_role = replica", // what is written here refers to what is written here
		`CREATE OR REPLACE FUNCTION pg_temp.key(kind text, tenant bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || ':' || tenant || ':' || n)::uuid $$`,
		`INSERT INTO customers (tenant_id, id, created_at, updated_at, kind, name, code, region, category, phone)
			SELECT $1, pg_temp.key('customer', $1, n), timestamptz '2026-01-01' + n * interval '1 minute', now(), 'COMPANY', '云汇科技' || n || '有限公司', 'C' || n,
				(ARRAY['NORTH', 'SOUTH', 'EAST', 'WEST'])[1 + n % 4], (ARRAY['A', 'B', 'C'])[1 + n % 3], '021-' || n FROM generate_series(1, $2::bigint) n`,
		`INSERT INTO contacts (tenant_id, id, created_at, updated_at, name, mobile, is_primary, customer_id)
			SELECT $1, pg_temp.key('contact', $1, n * 10 + k), timestamptz '2026-01-01' + n * interval '1 minute', now(), '王' || n || '之' || k, '1380000' || n, k = 0, pg_temp.key('customer', $1, n)
			FROM generate_series(1, $2::bigint) n, generate_series(0, 1 + n % 3) k`,
		`INSERT INTO contracts (tenant_id, id, created_at, updated_at, number, title, kind, direction, status, amount_minor, currency, settled_minor, allocated_minor, signed_on, effective_on, ends_on, customer_id)
			SELECT $1, pg_temp.key('contract', $1, n), timestamptz '2026-01-01' + n * interval '1 minute', now(), 'HT-' || n, '设备采购与服务合同' || n, 'SALES', 'RECEIVABLE', 'ACTIVE', 400000, 'CNY', 300000, 300000,
				date '2026-01-01', date '2026-01-01', current_date + 1 + (n % 700)::int, pg_temp.key('customer', $1, 1 + (n * 7919) % $2::bigint) FROM generate_series(1, $2::bigint) n`,
		`INSERT INTO payments (tenant_id, id, created_at, updated_at, amount_minor, currency, paid_on, method, reference, kind, contract_id)
			SELECT $1, pg_temp.key('payment', $1, n * 10 + k), now(), now(), 100000, 'CNY', date '2026-01-01' + (n % 120 + k * 10)::int, 'BANK_TRANSFER', 'B' || n, 'PAYMENT', pg_temp.key('contract', $1, n)
			FROM generate_series(1, $2::bigint) n, generate_series(0, 2) k`,
		`INSERT INTO payment_plan_lines (tenant_id, id, created_at, updated_at, position, due_on, amount_minor, currency, contract_id)
			SELECT $1, pg_temp.key('line', $1, n), now(), now(), 1, current_date + 1 + (n % 360)::int, 100000, 'CNY', pg_temp.key('contract', $1, n) FROM generate_series(1, $2::bigint) n`,
		`INSERT INTO service_records (tenant_id, id, created_at, updated_at, service_type, served_on, content, customer_id)
			SELECT $1, pg_temp.key('service', $1, n * 10 + k), now(), now(), 'ON_SITE', date '2026-03-01', '上门保养' || n, pg_temp.key('customer', $1, n)
			FROM generate_series(1, $2::bigint) n, generate_series(0, 1) k`,
	} {
		args := []any{id, n}
		if statement[0] == 'S' || statement[0] == 'C' {
			args = nil
		}
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			b.Fatal(statement, ": ", err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// functions are what a user of PostGraphile would write for what its generated fields cannot ask.
const functions = `
CREATE FUNCTION expiring(first_day date, last_day date) RETURNS SETOF contracts LANGUAGE sql STABLE AS
	$$ SELECT * FROM contracts WHERE ends_on BETWEEN first_day AND last_day AND status = 'ACTIVE' AND archived_at IS NULL ORDER BY ends_on, id $$;
CREATE TYPE month_due AS (month date, currency text, due bigint);
CREATE FUNCTION due_by_month(first_day date, last_day date) RETURNS SETOF month_due LANGUAGE sql STABLE AS
	$$ SELECT date_trunc('month', l.due_on)::date, l.currency, sum(l.amount_minor - l.settled_minor)::bigint FROM payment_plan_lines l JOIN contracts c ON c.tenant_id = l.tenant_id AND c.id = l.contract_id
	WHERE l.state IN ('PLANNED', 'PARTLY_PAID') AND l.due_on BETWEEN first_day AND last_day AND c.status = 'ACTIVE' AND c.archived_at IS NULL GROUP BY 1, 2 ORDER BY 1 $$;
GRANT EXECUTE ON FUNCTION expiring, due_by_month TO heyue_app;`

// draw picks rows of all tenants that are asked, the same every time.
func (r *rows) draw(b *testing.B, db *sql.DB, table string) (out []sample) {
	b.Helper()
	found, err := db.QueryContext(context.Background(), "SELECT tenant_id, id FROM "+table+" WHERE tenant_id <= $1 ORDER BY md5(id::text) LIMIT 1000", len(r.login))
	if err != nil {
		b.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var s sample
		if err := found.Scan(&s.tenant, &s.id); err != nil {
			b.Fatal(err)
		}
		out = append(out, s)
	}
	if err := found.Err(); err != nil || len(out) == 0 {
		b.Fatal(len(out), err)
	}
	return out
}

func contractID(s sample) string { return publicid.ContractID(s.id).String() }
func customerID(s sample) string { return publicid.CustomerID(s.id).String() }
