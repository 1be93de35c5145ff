package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/graph/transport"
	"heyue/graph/transport/cost"
	"heyue/platform/clientip"
	"heyue/platform/clock"
	"heyue/platform/ratelimit"
)

// budgets gives each caller a bucket, in a time that stands still until the test moves it.
type budgets struct {
	*ratelimit.Local
	clock *clock.Manual
	rate  ratelimit.Rate
}

func newBudgets(maximum, perSecond int) *budgets {
	now := clock.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	return &budgets{ratelimit.NewLocal(now, 100), now, ratelimit.Rate{Maximum: maximum, PerSecond: perSecond}}
}

func (b *budgets) of(ctx context.Context) []ratelimit.Bucket {
	name := caller(ctx)
	if name == nil {
		return nil
	}
	return []ratelimit.Bucket{{Key: *name, Rate: b.rate}, {Key: "all", Rate: ratelimit.Rate{Maximum: 10_000, PerSecond: 1000}}}
}

// left is what a caller may still ask for.
func (b *budgets) left(t *testing.T, name string) int {
	t.Helper()
	v, err := b.Adjust(t.Context(), 0, ratelimit.Bucket{Key: name, Rate: b.rate})
	if err != nil {
		t.Fatal(err)
	}
	return v.Levels[0].Available
}

func (b *budgets) options() transport.Options {
	return transport.Options{Clock: b.clock, Cost: transport.CostOptions{Limiter: b, Buckets: b.of}}
}

const bearer, ann = "Authorization", "Bearer ann"

// TestOperationsPay: what an operation may cost is taken, what it did not cost comes back, and the answer says both.
func TestOperationsPay(t *testing.T) {
	t.Parallel()
	b := newBudgets(100, 10)
	e := start(t, nil, b.options())
	a := e.post(t, "{ nodes(first: 50) { nodes { child { name } } } }", bearer, ann)
	want := map[string]any{"requested": 102.0, "actual": 6.0, "throttle": map[string]any{"maximum": 100.0, "available": 94.0, "restoreRate": 10.0}}
	if diff := cmp.Diff(map[string]any{"cost": want}, a.body.Extensions); diff != "" || a.status != http.StatusOK {
		t.Errorf("status %d (-want +got):\n%s", a.status, diff)
	}
	for name, value := range map[string]string{"RateLimit-Limit": "100", "RateLimit-Remaining": "94", "RateLimit-Reset": "1", "Retry-After": ""} {
		if got := a.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	a = e.post(t, "{ nodes(first: 48) { nodes { child { name } } } }", bearer, ann)
	if codes(a.body.Errors) != "RATE_LIMITED" || a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "1" || a.header.Get("RateLimit-Remaining") != "94" {
		t.Errorf("98 points of 94: %d %v %s", a.status, a.header, a.text)
	}
	if a.body.Errors[0].Extensions["retryAfter"] != 1.0 || strings.Contains(a.text, `"data"`) {
		t.Errorf("the refusal: %s", a.text)
	}
	for document, cost := range map[string]int{
		"mutation { count }": 10, "{ hello }": 0, "{ nothing node { name } }": 1, "{ failHard(how: CODED) node { name } }": 0,
	} {
		before := b.left(t, "ann")
		e.post(t, document, bearer, ann)
		if got := before - b.left(t, "ann"); got != cost {
			t.Errorf("%s cost %d, want %d", document, got, cost)
		}
	}
	if a := e.post(t, "{ nodes(first: 48) { nodes { child { name } } } }", bearer, "Bearer bob"); len(a.body.Errors) > 0 {
		t.Errorf("one caller pays for another: %s", a.text)
	}
	if a := e.post(t, "{ node { name } }"); a.body.Extensions != nil || a.header.Get("RateLimit-Limit") != "" {
		t.Errorf("nobody has a budget: %s", a.text)
	}
	quiet := b.options()
	quiet.Cost.Quiet = true
	if a := start(t, nil, quiet).post(t, "{ node { name } }", bearer, ann); a.body.Extensions != nil || a.header.Get("RateLimit-Limit") != "" {
		t.Errorf("quiet: %v %s", a.header, a.text)
	}
	b.clock.Advance(time.Minute)
	if got := b.left(t, "ann"); got != 100 {
		t.Errorf("%d points after a minute", got)
	}
}

// TestNoOperationIsTooDear holds the bounds of a single operation, which no budget lifts.
func TestNoOperationIsTooDear(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{Cost: transport.CostOptions{Points: 60, Nodes: 30, Pages: cost.Pages{Usual: 5, Most: 40}}})
	for document, want := range map[string]string{
		"{ nodes(first: 28) { nodes { name } } }":                                           "",
		"{ nodes { nodes { child { child { name } } } } }":                                  "",
		"{ nodes(first: 31) { nodes { name } } }":                                           "nodes 31 30",
		"{ nodes(first: 99) { nodes { child { name } } } }":                                 "points 82 60",
		"{ a: nodes(first: 30) { nodes { name } } b: nodes(first: 30) { nodes { name } } }": "points 64 60",
	} {
		a := e.post(t, document, "Accept", "application/graphql-response+json")
		got := ""
		if len(a.body.Errors) > 0 {
			x := a.body.Errors[0].Extensions
			got = fmt.Sprint(x["limit"], " ", x["requested"], " ", x["allowed"])
			if x["code"] != "COST_LIMIT_EXCEEDED" || a.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", document, a.status, a.text)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
}

// TestSubscriptionsPay for their start and for each event, on both kinds of stream, and come too soon like anything
// else.
func TestSubscriptionsPay(t *testing.T) {
	t.Parallel()
	b := newBudgets(200, 10)
	e := start(t, nil, b.options())
	for name, subscribe := range map[string]func(){
		"events": func() {
			s := e.events(t, e.client, "subscription{countTo(n:70)}", bearer, ann)
			for range 70 {
				s.event()
			}
			s.want(completed, "")
		},
		"socket": func() {
			p := e.open(t, `{"token":"ann"}`)
			p.subscribe("s", "subscription{countTo(n:70)}")
			for range 70 {
				p.want("next", "s")
			}
			p.want("complete", "s")
			p.subscribe("after", "{hello}") // the first one is over
			p.want("next", "after")
		},
	} {
		b.clock.Advance(time.Hour)
		subscribe()
		got := b.left(t, "ann")
		for deadline := time.Now().Add(patience); got != 120 && time.Now().Before(deadline); { // paid when the client has its last event
			got = b.left(t, "ann")
		}
		if got != 120 {
			t.Errorf("%s: %d points left of 200 after 70 events", name, got)
		}
	}
	if _, err := b.Adjust(t.Context(), 115, b.of(context.WithValue(t.Context(), callerKey{}, "ann"))...); err != nil {
		t.Fatal(err)
	}
	refusal := func(text string) {
		t.Helper()
		if !strings.Contains(text, `"code":"RATE_LIMITED"`) || !strings.Contains(text, `"retryAfter":1`) {
			t.Errorf("got %s", text)
		}
	}
	s := e.events(t, e.client, "subscription{countTo(n:1)}", bearer, ann)
	refusal(s.event())
	s.want(completed, "")
	p := e.open(t, `{"token":"ann"}`)
	p.subscribe("s", "subscription{countTo(n:1)}")
	refusal(p.want("error", "s"))
	p.subscribe("q", "{ node { name } }")
	if got := p.want("next", "q"); !strings.Contains(got, `"cost":{"requested":1,"actual":1`) {
		t.Errorf("a query of a socket: %s", got)
	}
}

// TestWhatNeverRanIsFree: a subscription that was sent where it cannot be answered.
func TestWhatNeverRanIsFree(t *testing.T) {
	t.Parallel()
	b := newBudgets(100, 1)
	e := start(t, nil, b.options())
	e.post(t, "subscription{countTo(n:1)}", bearer, ann)
	if got := b.left(t, "ann"); got != 100 {
		t.Errorf("%d points left", got)
	}
	if a := e.post(t, "subscription{countTo(n:1)}", bearer, ann, "Accept", "application/json, text/event-stream;q=0.5"); !strings.HasSuffix(a.text, completed+"\n") {
		t.Errorf("got %q", a.text)
	}
	if got := b.left(t, "ann"); got != 89 {
		t.Errorf("%d points left after one event", got)
	}
}

// TestStoppedOperationsPay in full: their work was done.
func TestStoppedOperationsPay(t *testing.T) {
	t.Parallel()
	b := newBudgets(100, 1)
	o := b.options()
	o.OperationTimeout = time.Millisecond
	e := start(t, nil, o)
	e.post(t, "{ wait nodes(first: 20) { nodes { name } } }", bearer, ann)
	if got := b.left(t, "ann"); got != 78 {
		t.Errorf("%d points left", got)
	}
}

type broken struct{}

func (broken) Take(context.Context, int, ...ratelimit.Bucket) (ratelimit.Verdict, error) {
	return ratelimit.Verdict{}, errors.New("away")
}

func (broken) Adjust(context.Context, int, ...ratelimit.Bucket) (ratelimit.Verdict, error) {
	return ratelimit.Verdict{}, errors.New("away")
}

// TestBudgetsFailOpen: a limiter that is away stops nobody.
func TestBudgetsFailOpen(t *testing.T) {
	t.Parallel()
	o := newBudgets(1, 1).options()
	o.Cost.Limiter = broken{}
	e := start(t, nil, o)
	if a := e.post(t, "{ node { name } }", bearer, ann); len(a.body.Errors) > 0 || !strings.Contains(e.log.String(), "not paid") {
		t.Errorf("%s %s", a.text, e.log)
	}
}

// TestAddressesAreCounted before anything is known about the caller, and a proxy's callers apart.
func TestAddressesAreCounted(t *testing.T) {
	t.Parallel()
	now := newBudgets(1, 1).clock
	e := start(t, nil, transport.Options{
		Clock: now, PerAddress: ratelimit.Rate{Maximum: 3, PerSecond: 1},
		Proxies: clientip.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	})
	from := func(address string) []string { return []string{"X-Forwarded-For", address, bearer, "Bearer bad"} }
	for range 3 {
		if a := e.post(t, "{hello}", from("203.0.113.7")...); a.status != http.StatusUnauthorized {
			t.Fatal("a guess of a token: ", a.status)
		}
	}
	a := e.post(t, "{hello}", from("203.0.113.7")...)
	if a.status != http.StatusTooManyRequests || codes(a.body.Errors) != "RATE_LIMITED" || a.header.Get("Retry-After") != "1" || a.header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("the fourth: %d %v %s", a.status, a.header, a.text)
	}
	if s := e.post(t, "{hello}", "X-Forwarded-For", "203.0.113.7", "Accept", "text/event-stream"); s.status != http.StatusTooManyRequests {
		t.Errorf("an event stream: %d", s.status)
	}
	if _, response, err := e.tryDial(t, e.client, "X-Forwarded-For", "203.0.113.7"); err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a socket: %v, %v", response, err)
	}
	if a := e.post(t, "{hello}", "X-Forwarded-For", "203.0.113.8"); a.status != http.StatusOK {
		t.Errorf("another address: %d", a.status)
	}
	for _, last := range []string{"1", "2", "3"} {
		e.post(t, "{hello}", "X-Forwarded-For", "2001:db8:0:1::"+last)
	}
	if a := e.post(t, "{hello}", "X-Forwarded-For", "2001:db8:0:1::4"); a.status != http.StatusTooManyRequests {
		t.Errorf("an address of the same network: %d", a.status)
	}
	p := e.open(t, "null", "X-Forwarded-For", "203.0.113.9") // one
	for i := range 3 {
		p.subscribe("q", "{hello}")
		if i < 2 {
			p.want("next", "q")
			p.want("complete", "q")
		} else if got := p.want("error", "q"); !strings.Contains(got, "RATE_LIMITED") || !strings.Contains(got, `"retryAfter":1`) {
			t.Errorf("the third operation: %s", got)
		}
	}
	now.Advance(time.Second)
	if a := e.post(t, "{hello}", "X-Forwarded-For", "203.0.113.7"); a.status != http.StatusOK {
		t.Errorf("a second later: %d", a.status)
	}
}

// TestPlacesAreCounted: streams of one address, and of one user.
func TestPlacesAreCounted(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{
		Socket:  transport.SocketOptions{PerAddress: 2, PerUser: 1, Operations: 1},
		UserKey: func(ctx context.Context) string { return *cmpOr(caller(ctx), new(string)) },
		Proxies: clientip.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	})
	const endless = "subscription{messages{cursor}}"
	first := e.events(t, e.client, endless, bearer, ann, "X-Forwarded-For", "203.0.113.7")
	first.event()
	if s := e.post(t, endless, bearer, ann, "X-Forwarded-For", "203.0.113.8", "Accept", "text/event-stream"); s.status != http.StatusTooManyRequests {
		t.Errorf("the user's second stream: %d", s.status)
	}
	e.open(t, `{"token":"bob"}`, "X-Forwarded-For", "203.0.113.7")
	if _, response, err := e.tryDial(t, e.client, "X-Forwarded-For", "203.0.113.7"); err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the third of one address: %v, %v", response, err)
	}
	if s := e.post(t, endless, "X-Forwarded-For", "203.0.113.7", "Accept", "text/event-stream"); s.status != http.StatusTooManyRequests {
		t.Errorf("a stream as the third of one address: %d", s.status)
	}
	e.events(t, e.client, endless, "X-Forwarded-For", "203.0.113.8").event()
}

// cmpOr is a, or b without one.
func cmpOr[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}
