package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"heyue/platform/pgtest"
)

// grown tells how the cost of reads grows: with ten times the rows in every tenant, and with ten times the tenants of the same size. The
// same first tenant asks in all three, in turn.
func grown(b *testing.B, report *strings.Builder, binary string, size, rounds int) {
	b.Helper()
	small := shares(size/10, tenants)
	large := shares(size, tenants)
	var many []int
	for range 10 {
		many = append(many, small...)
	}
	type place struct {
		rows       *rows
		at         target
		postmaster int
	}
	var places []place
	for _, sizes := range [][]int{small, large, many} {
		r := fill(b, sizes, 1)
		places = append(places, place{r, product(b, r, binary), postmaster(b, pgtest.Open(b, r.DB.SuperDSN))})
	}
	fmt.Fprintf(report, "\n## How costs grow: processor time beside that of %d contracts in %d tenants, asked by the first\n\n| | ten times the rows in every tenant | ten times the tenants |\n|---|---|---|\n", size/10, tenants)
	for _, op := range chosen() {
		if !strings.Contains("Q1 Q2 Q3", op.Name) {
			continue
		}
		turns := make([][]turn, len(places))
		for round := range rounds + 1 {
			for i := range places {
				i = (i + round) % len(places)
				p := places[i]
				took := take(b, p.rows, op, p.at, p.postmaster, callers, round*10_000, time.Second)
				if round > 0 {
					turns[i] = append(turns[i], took)
				}
			}
		}
		base := float64(median(turns[0]).cost())
		fmt.Fprintf(report, "| %s | %.2f | %.2f |\n", op.Name, float64(median(turns[1]).cost())/base, float64(median(turns[2]).cost())/base)
	}
}
