//go:build unix

package outage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"heyue/platform/redistest"
)

// BenchmarkHungRedis compares requests while Redis hangs with requests while it is well, by turns on one product, so that
// whatever else the machine does meets both. It reports the ratios of the median and of the 99th percentile.
func BenchmarkHungRedis(b *testing.B) {
	const turn = 20
	for name, document := range map[string]string{
		"read": `{ viewer { user { email } } customers { totalCount nodes { id name } } }`,
		"write": `mutation { contractCreate(input: {kind: SALES, registered: true, title: "合", customerId: %q, amount: {amount: "1", currency: CNY},
			signedOn: "2026-01-01", effectiveOn: "2026-01-01", paymentPlan: [{dueOn: "2026-06-15", amount: "1"}]}) { contract { id } userErrors { message } } }`,
	} {
		b.Run(name, func(b *testing.B) {
			server := redistest.Start(b)
			s := open(b, server)
			if name == "write" {
				document = fmt.Sprintf(document, s.customer)
			}
			took := map[bool][]time.Duration{}
			run := func(hung bool) {
				for range turn {
					began := time.Now()
					s.ask(b, `"(email|id)":"`, document)
					took[hung] = append(took[hung], time.Since(began))
				}
			}
			run(false)
			clear(took)
			for b.Loop() {
				run(false)
				server.Pause(b)
				run(true)
				server.Resume(b)
			}
			at := func(hung bool, percent int) float64 {
				all := took[hung]
				slices.Sort(all)
				return float64(all[len(all)*percent/100])
			}
			b.ReportMetric(at(true, 50)/at(false, 50), "p50-hung/well")
			b.ReportMetric(at(true, 99)/at(false, 99), "p99-hung/well")
			b.ReportMetric(at(false, 99)/1e6, "p99-well-ms")
		})
	}
}
