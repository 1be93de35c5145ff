package bench

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"heyue/platform/pgtest"
)

// BenchmarkPeers writes RESULTS.md: what the operations cost each target.
func BenchmarkPeers(b *testing.B) {
	size, rounds := setting(b, "HEYUE_BENCH_ROWS", 40_000), setting(b, "HEYUE_BENCH_ROUNDS", 7)
	binary := filepath.Join(b.TempDir(), "heyue")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "heyue/cmd/heyue")
	if said, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the product: %v\n%s", err, said)
	}
	r := fill(b, shares(size, tenants), tenants)
	server := postmaster(b, pgtest.Open(b, r.DB.SuperDSN))
	targets := []target{
		byHand(b, "by hand, no row security", "open", r.DB.SuperDSN), byHand(b, "by hand", "tenant", r.DB.AppDSN),
		product(b, r, binary), postgraphile(b, r),
	}
	for _, op := range chosen() {
		for n := range 5 {
			agree(b, r, op, targets, n)
		}
	}
	report := &strings.Builder{}
	for range b.N {
		for _, op := range chosen() {
			turns := make([][]turn, len(targets))
			for round := range rounds + 1 {
				for i := range targets {
					i = (i + round) % len(targets)
					took := take(b, r, op, targets[i], server, callers, round*10_000, time.Second)
					if round > 0 { // the first warms up
						turns[i] = append(turns[i], took)
					}
				}
			}
			tell(b, report, op, targets, turns)
		}
	}
	remember(b, report, r, targets[2], server)
	grown(b, report, binary, size, rounds)
	if err := os.WriteFile("RESULTS.md", []byte(fmt.Sprintf(heading, time.Now().Format(time.DateOnly), runtime.NumCPU(), machine(), size, tenants, rounds)+report.String()), 0o644); err != nil { //nolint:forbidigo // to be read
		b.Fatal(err)
	}
}

const heading = `# What operations cost beside a handler written by hand and PostGraphile

Written by ` + "`make bench PKG=./bench BENCH=Peers`" + ` on %s, %d processors (%s), PostgreSQL 15, %d contracts of %d tenants (the first has a fifth
of them). 16 callers, a pool of 16; each target had %d turns of a second, in rotating order, after one to warm up. Processor time is of the server and of
PostgreSQL together, per request, of the median turn; the ratio is to the handler written by hand without row security. Rates and
latencies include the caller on the same processors. Everybody gets the same texts, which is checked before.

"By hand" is one statement per operation that builds the answer's JSON, behind net/http; with row security it goes through the product's driver.
PostGraphile asks as the product's role under row security.
`

func tell(b *testing.B, report *strings.Builder, op operation, targets []target, turns [][]turn) {
	fmt.Fprintf(report, "\n## %s: %s\n\n| target | CPU ms, server | CPU ms, PostgreSQL | ratio | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|\n", op.Name, op.What)
	base := median(turns[0]).cost()
	for i, at := range targets {
		m := median(turns[i])
		n := time.Duration(max(m.requests, 1))
		ratio := float64(m.cost()) / float64(base)
		fmt.Fprintf(report, "| %s | %s | %s | %.2f | %d | %s | %s |\n", at.Name, milliseconds(m.server/n), milliseconds(m.postgres/n), ratio, m.requests, milliseconds(m.quantile(0.5)), milliseconds(m.quantile(0.99)))
		if at.Name == "heyue" {
			b.ReportMetric(ratio, op.Name+"-ratio")
		}
	}
}

// remember tells how much memory the product holds while a crowd asks.
func remember(b *testing.B, report *strings.Builder, r *rows, at target, server int) {
	b.Helper()
	fmt.Fprintf(report, "\n## Memory of heyue, MiB resident, after a second of each operation from %d callers\n\n", crowd)
	for i, op := range chosen() {
		take(b, r, op, at, server, crowd, 900_000, time.Second)
		if i > 0 {
			report.WriteString(", ")
		}
		fmt.Fprintf(report, "%s %.0f", op.Name, held(b, at.pid))
	}
	report.WriteString("\n")
}

// chosen are the operations that HEYUE_BENCH_ONLY names, all of them unless it does.
func chosen() (out []operation) {
	only := strings.Fields(os.Getenv("HEYUE_BENCH_ONLY"))
	for _, op := range operations() {
		if len(only) == 0 || slices.Contains(only, op.Name) {
			out = append(out, op)
		}
	}
	return out
}

// agree fails unless all targets say the same.
func agree(b *testing.B, r *rows, op operation, targets []target, n int) {
	b.Helper()
	var want map[string]int
	for _, at := range targets {
		req, err := at.request(op, op.Params(r, n))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := send(req)
		if err != nil {
			b.Fatalf("%s of %s: %v\n%s", op.Name, at.Name, err, answer)
		}
		if strings.Contains(string(answer), `"errors":[`) || strings.Contains(string(answer), `"code":"IN`) {
			b.Fatalf("%s of %s: %s", op.Name, at.Name, answer)
		}
		got, err := texts(answer)
		if err != nil {
			b.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !maps.Equal(want, got) {
			b.Fatalf("%s of %s is another answer:\n%v\n%s", op.Name, at.Name, want, answer)
		}
	}
}

func setting(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s is %q; want a number", name, text)
	}
	return n
}

// machine names the processor.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
