package alerts_test

import (
	"testing"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/platform/pgtest"
)

// BenchmarkScanner raises alerts of one tenant that are all due; one operation is one reminder. Another tenant has
// alerts already and the planner knows the tables, as in every database that lives: tests' servers analyse nothing by
// themselves, and without statistics a foreign key is checked by walking all of a tenant's rows.
func BenchmarkScanner(b *testing.B) {
	bd := newBed(b)
	bd.fill(b, bd.Tenant(b, "globex"), 2000)
	bd.scan(b)
	for n := 0; n < b.N; n += 5000 {
		bd.fill(b, bd.acme, min(5000, b.N-n))
	}
	bd.analyse(b)
	b.ResetTimer()
	if r := bd.scan(b); r.Raised != b.N {
		b.Fatalf("%+v", r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reminders/s")
}

func (b *bed) analyse(t testing.TB) {
	t.Helper()
	if _, err := pgtest.Open(t, b.DB.SuperDSN).ExecContext(t.Context(), `VACUUM ANALYZE`); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkImport makes obligations a thousand at a time; one operation is one obligation.
func BenchmarkImport(b *testing.B) {
	bd := newBed(b)
	for n := 0; n < b.N; n += 1000 {
		b.StopTimer()
		dates := make([]due.Date, min(1000, b.N-n))
		for i := range dates {
			dates[i] = bd.date(b, i)
		}
		b.StartTimer()
		bd.Write(b, bd.acme.Ctx, func(tx *ent.Tx) error { return bd.owed.Import(bd.acme.Ctx, tx, dates...) })
	}
}
