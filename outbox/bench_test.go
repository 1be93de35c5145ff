package outbox_test

import (
	"testing"
	"time"

	"heyue/outbox"
	"heyue/platform/redistest"
	"heyue/tests/fixture"
)

// BenchmarkRelay numbers events of one tenant that are all there; one operation is one event.
func BenchmarkRelay(b *testing.B) {
	w := fixture.New(b)
	acme := w.Tenant(b, "acme")
	things := make([]thing, 1000)
	for n := 0; n < b.N; n += len(things) {
		write(b, w, acme.Ctx, things[:min(len(things), b.N-n)]...)
	}
	b.ResetTimer()
	n, err := relay(w).Drain(b.Context())
	if err != nil || n != int64(b.N) {
		b.Fatal(n, err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkCommitToSubscriber is the time from before a transaction begins until a subscriber in another process has
// its event: write, commit, Redis, relay, Redis, hub.
func BenchmarkCommitToSubscriber(b *testing.B) {
	w := fixture.New(b)
	acme := w.Tenant(b, "acme")
	commands, messages := clients(b, redistest.Start(b).URL())
	bell, told := outbox.NewDoorbell(commands, quiet()), outbox.NewDoorbell(commands, quiet())
	r := relay(w)
	r.Messages, r.Numbered = messages, told.Numbered
	running(b, bell.Run)
	running(b, told.Run)
	running(b, r.Run)
	w.Outbox.Committed = bell.Relay
	s := subscribe(b, hub(b, w, func(o *outbox.HubOptions) { o.Messages, o.Poll = messages, time.Second }), acme.Ctx, "", nil)
	write(b, w, acme.Ctx, thing{})
	next(b, s, 1)
	for b.Loop() {
		write(b, w, acme.Ctx, thing{})
		next(b, s, 1)
	}
}
