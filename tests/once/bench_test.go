package once

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"heyue/tests/stage"
)

// BenchmarkKey makes customers with and without a key, turn by turn, and compares what a caller waits: x-key is the ratio
// of the medians, x-replay that of an answer given again to one without a key.
//
// Run it with: go test ./tests/once -run '^$' -bench Key -benchtime 200x
func BenchmarkKey(b *testing.B) {
	s := stage.New(b)
	acme := s.Tenant(b, "acme")
	token := s.Token(b, acme, acme.Admin)
	took := map[string][]time.Duration{}
	send := func(kind, key string) {
		start := time.Now()
		s.PostKey(b, token, key, create, map[string]any{"name": "云汇"})
		took[kind] = append(took[kind], time.Since(start))
	}
	for i := range b.N {
		send("plain", "")
		send("key", fmt.Sprint(i))
		send("replay", fmt.Sprint(i))
	}
	median := func(kind string) float64 {
		slices.Sort(took[kind])
		return float64(took[kind][len(took[kind])/2])
	}
	b.ReportMetric(median("key")/median("plain"), "x-key")
	b.ReportMetric(median("replay")/median("plain"), "x-replay")
	b.ReportMetric(median("plain")/1e6, "ms/plain")
}
