package tenancy_test

import (
	"strings"
	"testing"
)

func TestEarlyCloseThenAnotherTenant(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		for i := range 6 {
			rows, err := b.QueryContext(as(t, 1), "SELECT tenant_id, repeat(name, 2000) FROM item WHERE id > $1", 0)
			if err != nil {
				t.Fatal(err)
			}
			if !rows.Next() {
				t.Fatal("no row")
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			tenant := int64(2 + i)
			if n := count(t, b, as(t, tenant), "SELECT count(*) FROM item WHERE tenant_id = $1", tenant); n != 50 {
				t.Errorf("tenant %d sees %d of its rows", tenant, n)
			}
		}
		if d := b.net.dials.Load(); d != 1 {
			t.Errorf("%d connections", d)
		}
	})
}

// TestEarlyCloseCommits: a result that is not read to its end has still happened.
func TestEarlyCloseCommits(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		rows, err := b.QueryContext(ctx, "INSERT INTO item SELECT 1, n, 'bulk' FROM generate_series(1000, 1000 + $1::int) n RETURNING id", 500)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM item WHERE name = 'bulk'"); n != 501 {
			t.Errorf("%d of 501 rows were kept", n)
		}
	})
}

func TestLargeResults(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for _, size := range []int{1, 3000, 8 << 10, 100_000, 3 << 20} {
			for range 3 {
				rows, err := b.QueryContext(ctx, "SELECT id, repeat('x', $1::int) FROM item WHERE id <= 7 ORDER BY id", size)
				if err != nil {
					t.Fatal(err)
				}
				var id, n, got int
				for rows.Next() {
					var s string
					if err := rows.Scan(&id, &s); err != nil {
						t.Fatal(err)
					}
					n++
					got += len(s)
				}
				if err := rows.Err(); err != nil || n != 7 || got != 7*size {
					t.Errorf("%d rows, %d bytes, %v; want 7 rows, %d bytes", n, got, err, 7*size)
				}
			}
		}
		if n := count(t, b, ctx, "SELECT count(*) FROM item a, item b, generate_series(1, 4) WHERE a.id > $1", 0); n != 10_000 {
			t.Errorf("%d pairs", n)
		}
	})
}

// TestPagesOfRows reads a result of many more rows than any buffer holds, and a large argument back.
func TestPagesOfRows(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for range 3 {
			rows, err := b.QueryContext(ctx, "SELECT n FROM generate_series(1, $1::int) n", 20_000)
			if err != nil {
				t.Fatal(err)
			}
			var sum, n int64
			for rows.Next() {
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
				sum += n
			}
			if rows.Err() != nil || sum != 20_000*20_001/2 {
				t.Errorf("sum %d, %v", sum, rows.Err())
			}
		}
		if n := count(t, b, ctx, "SELECT length($1)", strings.Repeat("合", 1<<20)); n != 1<<20 {
			t.Errorf("%d characters arrived", n)
		}
		if n := count(t, b, ctx, "SELECT 4"); n != 4 {
			t.Error("wrong answer after a large argument")
		}
	})
}

func TestSeveralResultSets(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		rows, err := b.QueryContext(as(t, 2), "SELECT min(tenant_id) FROM item; SELECT max(tenant_id) FROM item")
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for more := true; more; more = rows.NextResultSet() {
			for rows.Next() {
				var n int64
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
				got = append(got, n)
			}
		}
		if rows.Err() != nil || len(got) != 2 || got[0] != 2 || got[1] != 2 {
			t.Errorf("got %v, %v", got, rows.Err())
		}
		if n := count(t, b, as(t, 5), "SELECT count(*) FROM item"); n != 50 {
			t.Errorf("%d rows afterwards", n)
		}
	})
}

func TestNoticesAndSettings(t *testing.T) {
	eachScope(t, func(t *testing.T, b bench) {
		ctx := as(t, 1)
		for range 3 {
			mustExec(t, b, ctx, "DO $$ BEGIN RAISE NOTICE 'a'; RAISE WARNING 'b %', repeat('x', 20000); END $$")
			mustExec(t, b, ctx, "SET LOCAL TIME ZONE 'Asia/Shanghai'") // reported at once, and back at commit
			if n := count(t, b, ctx, "SELECT count(*) FROM item WHERE id > $1", 0); n != 50 {
				t.Errorf("%d rows", n)
			}
		}
	})
}
