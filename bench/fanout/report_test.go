package fanout

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkFanout writes FANOUT.md.
func BenchmarkFanout(b *testing.B) {
	w, times := newWorld(b), rounds(b)
	for range b.N {
		report := &strings.Builder{}
		fmt.Fprintf(report, heading, time.Now().Format(time.DateOnly), runtime.NumCPU(), machine(), times)
		for _, n := range sizes(b) {
			turns := map[string][]figures{}
			for round := range times {
				for i := range 2 {
					which := []string{own, theirs}[(i+round)%2]
					f := w.everybody(b, which, n)
					b.Logf("%d subscribers, %s: %+v", n, which, f)
					turns[which] = append(turns[which], f)
				}
			}
			tell(b, report, n, turns)
		}
		const n = 5000
		fmt.Fprintf(report, "\n## Events for one receiver each\n\n%d subscribers, each of a topic of their own, 200 events a second. A round trip is a ping of the protocol and its pong on an idle socket.\n\n"+
			"| transport | p50 ms | p99 ms | round trip p50 ms | p99 above it ms |\n|---|---|---|---|---|\n", n)
		for _, which := range []string{own, theirs} {
			p50, p99, idle := w.oneEach(b, which, n)
			fmt.Fprintf(report, "| %s | %s | %s | %s | %s |\n", which, ms(p50), ms(p99), ms(idle), ms(p99-idle))
			b.ReportMetric(float64(p99-idle)/1e6, which+"-one-ms")
		}
		before, meanwhile, closed := w.stalled(b)
		fmt.Fprintf(report, "\n## Clients that stop reading\n\n40 clients, events of 60 KB, 20 a second. p99 of those who read: %s ms while all do, %s ms while 20 of them do not (%.2f times). Those were closed after %.1f s.\n",
			ms(before), ms(meanwhile), float64(meanwhile)/float64(before), closed.Seconds())
		if err := os.WriteFile("FANOUT.md", []byte(report.String()), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

const heading = `# What an event costs on its way to many websockets

Written by ` + "`make bench-fanout`" + ` on %s, %d processors (%s); clients, server, Redis and PostgreSQL share them. heyue is this product's transport,
gqlgen is gqlgen's websocket transport as it is shipped, on the same schema and the same source of events: HTTP, Redis, one connection of the server, its
subscribers. Every subscriber signs in by a token of the product that is looked up in PostgreSQL, and for each event it is asked whether they may read it.
Ids of operations are all different, as graphql-ws makes them. Each transport had %d turns, one after the other's; figures are medians. On a
machine that does other things meanwhile the ratios are worth more than the figures.

Memory is what the server's process has grown by, per connection, after collecting garbage: when all have subscribed, and after the traffic. The burst is
as many events as one publisher brings about, at most 32 ahead of the slowest; p50, p99 and the paced processor time are at 20,000 deliveries a second.
Processor time is the server's, per delivery.
`

func tell(b *testing.B, report *strings.Builder, n int, turns map[string][]figures) {
	fmt.Fprintf(report, "\n## %d subscribers, all of one topic\n\n| transport | KiB/conn | after traffic | p50 ms | p99 ms | deliveries/s | CPU µs burst | CPU µs paced | missed |\n|---|---|---|---|---|---|---|---|---|\n", n)
	type row struct{ idle, after, p50, p99, rate, burst, paced, missed float64 }
	rows := map[string]row{}
	for _, which := range []string{own, theirs} {
		t := turns[which]
		r := row{
			middle(t, func(f figures) float64 { return f.idle }), middle(t, func(f figures) float64 { return f.after }),
			float64(middle(t, func(f figures) time.Duration { return f.p50 })), float64(middle(t, func(f figures) time.Duration { return f.p99 })),
			middle(t, func(f figures) float64 { return f.rate }),
			float64(middle(t, func(f figures) time.Duration { return f.burst })), float64(middle(t, func(f figures) time.Duration { return f.paced })),
			middle(t, func(f figures) float64 { return float64(f.missed) }),
		}
		rows[which] = r
		fmt.Fprintf(report, "| %s | %.1f | %.1f | %.1f | %.1f | %.0f | %.1f | %.1f | %.0f |\n", which, r.idle, r.after, r.p50/1e6, r.p99/1e6, r.rate, r.burst/1e3, r.paced/1e3, r.missed)
	}
	o, t := rows[own], rows[theirs]
	fmt.Fprintf(report, "| **ratio** | **%.2f** | **%.2f** | **%.2f** | **%.2f** | **%.2f** | **%.2f** | **%.2f** | |\n",
		o.idle/t.idle, o.after/t.after, o.p50/t.p50, o.p99/t.p99, o.rate/t.rate, o.burst/t.burst, o.paced/t.paced)
	b.ReportMetric(o.idle/t.idle, fmt.Sprintf("memory-%d", n))
	b.ReportMetric(o.rate/t.rate, fmt.Sprintf("rate-%d", n))
	b.ReportMetric(o.burst/t.burst, fmt.Sprintf("cpu-%d", n))
	b.ReportMetric(o.p99/t.p99, fmt.Sprintf("p99-%d", n))
	b.ReportMetric(o.idle, fmt.Sprintf("KiB-%d", n))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }
