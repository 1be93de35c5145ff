package deliveries_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/carrier"
	"heyue/platform/page"
)

func listArgs() page.Args { return page.Args{} }

// verifies reports whether a call is signed with a secret, worked out as a receiver would (docs/webhooks.md).
func (c call) verifies(secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", c.id, c.stamp, c.body)
	return slices.Contains(strings.Fields(c.signature), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// event is what a receiver reads of a body.
type event struct {
	ID, Type string
	Sequence int64
	Data     struct {
		ID, Kind, Title, DueOn, State string
		ContractID                    *string
		Amount                        *struct{ Amount, Currency string }
	}
}

func (c call) event(t *testing.T) event {
	t.Helper()
	var e event
	if err := json.Unmarshal([]byte(c.body), &e); err != nil {
		t.Fatalf("%v: %s", err, c.body)
	}
	return e
}

// TestAProgramIsCalled: signed, with the event's number and what the endpoint is granted and nothing else.
func TestAProgramIsCalled(t *testing.T) {
	t.Parallel()
	h := open(t)
	bare, granted := newReceiver(t), newReceiver(t)
	_, secret := h.endpoint(t, h.acme, bare.URL)
	h.endpoint(t, h.acme, granted.URL, func(d *deliveries.EndpointDraft) { d.ShownFields = []string{"contract.amount", "contract.payments"} })
	h.raise(t, h.acme, h.seller, "采购合同")
	h.send(t)
	h.send(t)
	got, more := bare.calls(), granted.calls()
	if len(got) != 1 || len(more) != 1 {
		t.Fatalf("%d and %d calls", len(got), len(more))
	}
	e := got[0].event(t)
	if !got[0].verifies(secret) || more[0].verifies(secret) {
		t.Error("the signature is another")
	}
	if e.Type != "alert.raised" || e.ID != got[0].id || !strings.HasPrefix(e.ID, "evt_") || e.Sequence != 1 || e.Data.Title != "采购合同" || e.Data.Kind != "PAYMENT_DUE" || e.Data.State != "RAISED" {
		t.Errorf("%s", got[0].body)
	}
	lacks(t, "what is not granted", got[0].body, "1234", "amount")
	if a := more[0].event(t).Data.Amount; a == nil || a.Amount != "1234.56" || a.Currency != "CNY" {
		t.Errorf("%s", more[0].body)
	}
}

// TestAReceiverThatWasDownGetsEverythingOnce: a day of errors, stalls, resets and lies, while alerts go on; then it is up
// again and has, by its ids, every event once, in order about each subject.
func TestAReceiverThatWasDownGetsEverythingOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	r := newReceiver(t)
	_, secret := h.endpoint(t, h.acme, r.URL)
	h.channels(t, h.acme, channel.InApp)
	wild := rand.New(rand.NewPCG(1, 2))
	lied := 0
	r.behave(func(w http.ResponseWriter, q *http.Request) bool {
		switch wild.IntN(4) {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			panic(http.ErrAbortHandler) // a reset
		case 2:
			http.Redirect(w, q, "http://127.0.0.1:1/", http.StatusFound)
		default: // it has taken it, and says that it has not
			lied++
			r.mu.Lock()
			r.got = append(r.got, call{id: q.Header.Get(carrier.HeaderID), body: "lie"})
			r.mu.Unlock()
			w.WriteHeader(http.StatusBadGateway)
		}
		return true
	})
	const subjects, moves = 4, 3
	w := h.worker(t)
	for move := range moves {
		for s := range subjects {
			h.raise(t, h.acme, h.seller, fmt.Sprintf("%d-%d", s, move))
		}
		for range 16 { // eight hours
			h.Clock.Advance(30 * time.Minute)
			h.number(t)
			if err := w.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	tries, err := h.Client.DeliveryAttempt.Query().Count(h.acme.Ctx)
	if err != nil || tries > 12*20+10 {
		t.Errorf("a dead endpoint was tried %d times in a day, %v", tries, err)
	}
	r.behave(nil)
	h.Clock.Advance(13 * time.Minute)
	if err := w.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := map[string]int64{} // where each id stands in the tenant's events
	last, seen := int64(0), 0
	for _, c := range r.calls() {
		if c.body == "lie" {
			continue
		}
		e := c.event(t)
		if _, again := first[e.ID]; again {
			t.Errorf("%s came twice after it was taken", e.ID)
		}
		first[e.ID] = e.Sequence
		if !c.verifies(secret) {
			t.Error("a signature is wrong")
		}
		seen++
		last = max(last, e.Sequence)
	}
	if seen != subjects*moves || last != subjects*moves || lied == 0 {
		t.Errorf("%d events up to %d, want %d; %d lies", seen, last, subjects*moves, lied)
	}
	for _, line := range h.log(t) {
		if !strings.HasPrefix(line, "WEBHOOK DELIVERED NONE") {
			t.Error(line)
		}
	}
}

// TestEventsOfOneSubjectAreInOrder: one that fails holds back those behind it about the same subject, and no others.
func TestEventsOfOneSubjectAreInOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	r := newReceiver(t)
	h.endpoint(t, h.acme, r.URL, func(d *deliveries.EndpointDraft) { d.Events = posting.Events() })
	r.behave(func(w http.ResponseWriter, q *http.Request) bool {
		if fails := len(r.calls()) == 0 && q.Header.Get(carrier.HeaderID) != ""; fails {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	d := h.raise(t, h.acme, h.seller, "一")
	h.send(t) // fails
	first := h.alertOf(t, d)
	if _, err := h.inbox.Acknowledge(h.seller, first.ID); err != nil {
		t.Fatal(err)
	}
	h.send(t)
	if n := len(r.calls()); n != 0 {
		t.Fatalf("%d calls overtook the one that failed", n)
	}
	r.behave(nil)
	h.raise(t, h.acme, h.seller, "二")
	h.send(t)
	h.Clock.Advance(time.Minute)
	h.send(t)
	var got []string
	for _, c := range r.calls() {
		e := c.event(t)
		got = append(got, e.Data.Title+" "+e.Type)
	}
	if diff := cmp.Diff([]string{"二 alert.raised", "一 alert.raised", "一 alert.acknowledged"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestADeadEndpointDelaysNobody: while one holds all the tries that it may have, mails and other endpoints go on.
func TestADeadEndpointDelaysNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	stuck, fine := newReceiver(t), newReceiver(t)
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	stuck.behave(func(http.ResponseWriter, *http.Request) bool {
		arrived <- struct{}{}
		<-release
		return false
	})
	h.endpoint(t, h.acme, stuck.URL)
	h.endpoint(t, h.acme, fine.URL)
	h.http.Timeout = time.Minute
	for n := range 6 {
		h.raise(t, h.acme, h.seller, fmt.Sprint(n))
	}
	h.number(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.worker(t).Run(ctx) }()
	for range h.limits.PerEndpoint {
		<-arrived
	}
	for range 6 {
		<-h.mails.Arrived()
	}
	for len(fine.calls()) < 6 {
		if err := ctx.Err(); err != nil {
			t.Fatal(err)
		}
		waitABit(t)
	}
	if n := len(arrived); n != 0 {
		t.Errorf("%d more tries were made at the dead endpoint", n)
	}
	close(release)
	stop()
	<-done
}

// waitABit lets other goroutines go on.
func waitABit(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(time.Millisecond):
	case <-t.Context().Done():
	}
}

// TestAWorkerThatDiesInTheMiddle: what it had sent comes again, under the same id, when its lease is over; and what it
// would say when it wakes up again counts for nothing.
func TestAWorkerThatDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	r := newReceiver(t)
	h.endpoint(t, h.acme, r.URL)
	h.raise(t, h.acme, h.seller, "一")
	h.number(t)
	slow := &held{Carrier: carrierOf(t, h), sent: make(chan struct{}), release: make(chan struct{})}
	late := make(chan error, 1)
	go func() {
		late <- h.worker(t, func(o *deliveries.WorkerOptions) { o.Carrier = slow }).Once(t.Context())
	}()
	<-slow.sent // it has been taken, and nobody has written that down
	h.send(t)
	if n := len(r.calls()); n != 1 {
		t.Fatalf("%d calls within the lease", n)
	}
	h.Clock.Advance(h.limits.Lease + time.Second)
	h.send(t)
	calls := r.calls()
	if len(calls) != 2 || calls[0].id != calls[1].id {
		t.Fatalf("%d calls", len(calls))
	}
	slow.fail = true
	close(slow.release)
	if err := <-late; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"WEBHOOK DELIVERED NONE 2"}, h.log(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// held is a carrier that does not come back.
type held struct {
	deliveries.Carrier
	sent, release chan struct{}
	fail          bool
}

func (c *held) Carry(ctx context.Context, by channel.Channel, p posting.Provider, to carrier.Target, m carrier.Message) (carrier.Receipt, error) {
	receipt, err := c.Carrier.Carry(ctx, by, p, to, m)
	close(c.sent)
	<-c.release
	if c.fail {
		return carrier.Receipt{}, &carrier.Failure{Result: posting.Rejected, Trouble: "too late"}
	}
	return receipt, err
}

func carrierOf(t *testing.T, h *house) deliveries.Carrier {
	t.Helper()
	var c deliveries.Carrier
	h.worker(t, func(o *deliveries.WorkerOptions) { c = o.Carrier })
	return c
}

// TestAnEndpointThatIsGone is disabled at once, one that fails for days then; administrators are told, what waits is kept,
// and goes out when it is enabled again.
func TestAnEndpointThatIsGone(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{"gone": http.StatusGone, "failing": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, func(l *deliveries.Limits) { l.Life = 30 * 24 * time.Hour })
			h.channels(t, h.acme, channel.InApp)
			r := newReceiver(t)
			e, _ := h.endpoint(t, h.acme, r.URL)
			r.behave(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true })
			h.raise(t, h.acme, h.seller, "一")
			for day := 0; day < 8 && h.reread(t, e).Enabled; day++ {
				h.send(t)
				h.Clock.Advance(24 * time.Hour)
			}
			e = h.reread(t, e)
			want := map[string]posting.Reason{"gone": posting.Gone, "failing": posting.Failing}[name]
			if e.Enabled || e.DisabledReason != want || e.Version != 2 {
				t.Fatalf("%+v", e)
			}
			h.raise(t, h.acme, h.seller, "二")
			h.send(t)
			if n := len(r.calls()); n != 0 {
				t.Errorf("%d calls", n)
			}
			list, err := h.inbox.List(h.Next(t, h.acme.Admin), listArgs(), nil, nil)
			if err != nil || len(list.Edges) != 1 || list.Edges[0].Node.Kind != "ENDPOINT_DISABLED" || list.Edges[0].Node.Title != "ERP" {
				t.Fatalf("the administrator's inbox: %+v, %v", list, err)
			}
			yes := true
			if _, err := h.service.UpdateEndpoint(h.acme.Admin, deliveries.EndpointChange{ID: e.ID, ExpectedVersion: 2, Enabled: &yes}); err != nil {
				t.Fatal(err)
			}
			r.behave(nil)
			h.send(t)
			var got []string
			for _, c := range r.calls() {
				got = append(got, c.event(t).Data.Title)
			}
			all := map[string][]string{"gone": {"二"}, "failing": {"一", "二"}}[name] // and not that it was disabled, which is moot
			slices.Sort(got)
			got = slices.Compact(got) // the first has had another step of its ladder
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if a := h.alertKind(t, "ENDPOINT_DISABLED"); a.State != "WITHDRAWN" {
				t.Errorf("the alert is %s", a.State)
			}
		})
	}
}

func (h *house) alertKind(t *testing.T, kind string) *ent.Alert {
	t.Helper()
	all, err := h.Client.Alert.Query().All(h.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if string(a.Kind) == kind {
			return a
		}
	}
	t.Fatalf("no alert of %s", kind)
	return nil
}
