package imports_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"heyue/domain/imports"
	"heyue/domain/ocds"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
)

// volume is a data file n times over, each time with ocids of its own.
func volume(data []byte, n int) []byte {
	var out bytes.Buffer
	for i := range n {
		out.Write(bytes.ReplaceAll(data, []byte(`"ocid":"`), fmt.Appendf(nil, `"ocid":"%d-`, i)))
	}
	return out.Bytes()
}

// BenchmarkImport measures the whole way from bytes to committed rows: 69 copies of the airports file, 20,148
// contracts. It reports contracts per second, and per second of processor time of this process and of the database's
// server, which the clock of a busy machine does not disturb. IMPORT_COPIES sets another number of copies.
func BenchmarkImport(b *testing.B) {
	copies := 69
	if n, err := strconv.Atoi(os.Getenv("IMPORT_COPIES")); err == nil {
		copies = n
	}
	data := volume(content(b, files()["airports"]), copies)
	b.SetBytes(int64(len(data)))
	var contracts int
	var ours, theirs float64
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		w := fixture.New(b)
		tn := w.Tenant(b, "bench")
		self, server := cpuSeconds(b), serverSeconds(b, w)
		b.StartTimer()
		r, err := ocds.New(bytes.NewReader(data), ocds.Options{})
		if err != nil {
			b.Fatal(err)
		}
		sum, err := importer(w).Run(tn.Ctx, r, imports.Watch{})
		b.StopTimer()
		if err != nil || sum.Failed > 0 {
			b.Fatal(sum, err)
		}
		contracts += sum.Contracts.Created
		ours, theirs = ours+cpuSeconds(b)-self, theirs+serverSeconds(b, w)-server
		r.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(contracts)/b.Elapsed().Seconds(), "contracts/s")
	b.ReportMetric(ours/float64(contracts)*1e6, "our-cpu-µs/contract")
	b.ReportMetric(theirs/float64(contracts)*1e6, "db-cpu-µs/contract")
}

// cpuSeconds is the processor time this process has used.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}

// serverSeconds is the processor time of the server's processes that serve this database, from /proc.
func serverSeconds(b *testing.B, w *fixture.World) float64 {
	super := pgtest.Open(b, w.DB.SuperDSN)
	rows, err := super.Query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR backend_type IN ('walwriter', 'checkpointer', 'background writer')`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var ticks float64
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended since
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		for _, f := range fields[11:13] {
			n, err := strconv.ParseFloat(f, 64)
			if err != nil {
				b.Fatal(err)
			}
			ticks += n
		}
	}
	return ticks / 100 // USER_HZ, the same on every Linux
}
