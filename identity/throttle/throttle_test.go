package throttle_test

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"heyue/identity/throttle"
	"heyue/platform/clientip"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func rules() throttle.Throttle {
	return throttle.Throttle{
		Account: throttle.Rule{Free: 3, Wait: time.Second, Most: 8 * time.Second, Leak: time.Minute},
		Address: throttle.Rule{Free: 6, Wait: time.Second, Most: 8 * time.Second, Leak: time.Minute},
		Trust:   time.Hour,
	}
}

func open(t *testing.T) (*fixture.World, *throttle.Throttle) {
	t.Helper()
	w := fixture.New(t)
	th := rules()
	th.System, th.Clock, th.Secret = w.System, w.Clock, [32]byte{1}
	return w, &th
}

func from(t *testing.T, address string) context.Context {
	t.Helper()
	return clientip.With(t.Context(), netip.MustParseAddr(address))
}

func passes(t *testing.T, th *throttle.Throttle, ctx context.Context, account string) *throttle.Try {
	t.Helper()
	try, err := th.Begin(ctx, "login", account)
	if err != nil {
		t.Fatalf("a try at %s: %v", account, err)
	}
	return try
}

// waits wants a refusal that says how long to wait, to the second.
func waits(t *testing.T, th *throttle.Throttle, ctx context.Context, account string, seconds int) {
	t.Helper()
	_, err := th.Begin(ctx, "login", account)
	all := fault.All(err)
	if len(all) != 1 || all[0].Code != fault.CodeRateLimited || all[0].Kind != fault.Exhausted || all[0].RetryAfter != time.Duration(seconds)*time.Second {
		t.Fatalf("a try at %s: %v; want to wait %d s", account, err, seconds)
	}
}

// TestWaitsGrowAndAreBounded, and a try that has to wait changes nothing.
func TestWaitsGrowAndAreBounded(t *testing.T) {
	t.Parallel()
	w, th := open(t)
	ctx := tenancy.With(t.Context(), 7) // a caller may be signed in elsewhere
	for _, wait := range []time.Duration{0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second} {
		if try := passes(t, th, ctx, "a"); try.Wait != wait {
			t.Errorf("the next one waits %v, want %v", try.Wait, wait)
		}
		for range 3 {
			if wait > 0 {
				waits(t, th, ctx, "a", int(wait.Seconds()))
			}
		}
		w.Clock.Advance(wait)
	}
	if try := passes(t, th, ctx, "b"); try.Wait != 0 {
		t.Errorf("another account waits %v", try.Wait)
	}
}

// TestTriesLeak: what is long ago counts for less, and at last for nothing.
func TestTriesLeak(t *testing.T) {
	t.Parallel()
	w, th := open(t)
	ctx := t.Context()
	for range 4 {
		passes(t, th, ctx, "a")
	}
	w.Clock.Advance(time.Second + 2*time.Minute) // two of four are forgotten
	if try := passes(t, th, ctx, "a"); try.Wait != 0 {
		t.Errorf("the third in memory makes the next wait %v", try.Wait)
	}
	if try := passes(t, th, ctx, "a"); try.Wait != time.Second {
		t.Errorf("the fourth in memory makes the next wait %v", try.Wait)
	}
	w.Clock.Advance(24 * time.Hour)
	for range 3 {
		if try := passes(t, th, ctx, "a"); try.Wait != 0 {
			t.Errorf("after a day the next waits %v", try.Wait)
		}
	}
}

// TestAnAddressIsCountedOverAllAccounts: an IPv6 customer has a network of addresses.
func TestAnAddressIsCountedOverAllAccounts(t *testing.T) {
	t.Parallel()
	for name, addresses := range map[string][2]string{
		"one address": {"192.0.2.1", "192.0.2.1"}, "one network": {"2001:db8::1", "2001:db8::ffff:2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, th := open(t)
			for i := range 7 {
				passes(t, th, from(t, addresses[i%2]), strconv.Itoa(i))
			}
			waits(t, th, from(t, addresses[1]), "another", 1)
			passes(t, th, from(t, "192.0.2.99"), "another")
			passes(t, th, t.Context(), "no address at all")
		})
	}
}

// TestWhoHasProvedToBeTheUserIsNotLockedOut by guesses from elsewhere; whoever guesses is not let in more often because
// the user comes and goes.
func TestWhoHasProvedToBeTheUserIsNotLockedOut(t *testing.T) {
	t.Parallel()
	w, th := open(t)
	home, elsewhere := from(t, "192.0.2.1"), from(t, "198.51.100.1")
	if err := passes(t, th, home, "a").Proved(home); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		passes(t, th, elsewhere, "a")
	}
	waits(t, th, elsewhere, "a", 1)
	for range 10 { // being right is never held against anybody
		if err := passes(t, th, home, "a").Proved(home); err != nil {
			t.Fatal(err)
		}
	}
	waits(t, th, elsewhere, "a", 1)
	for range 4 { // at home guesses count as well
		passes(t, th, home, "a")
	}
	waits(t, th, home, "a", 1)
	w.Clock.Advance(time.Hour + time.Second) // trust has run out
	for range 3 {
		passes(t, th, from(t, "203.0.113.1"), "a")
	}
	passes(t, th, home, "a")
	waits(t, th, home, "a", 1)
}

// TestManyAtOnceGetNoMoreThanOneAfterTheOther.
func TestManyAtOnceGetNoMoreThanOneAfterTheOther(t *testing.T) {
	t.Parallel()
	_, th := open(t)
	var through, refused atomic.Int32
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			switch _, err := th.Begin(t.Context(), "login", "a"); {
			case err == nil:
				through.Add(1)
			case fault.KindOf(err) == fault.Exhausted:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if through.Load() != 4 || refused.Load() != 36 { // three free ones, and the one after which the first wait begins
		t.Errorf("%d let through, %d refused", through.Load(), refused.Load())
	}
}

// TestKindsAreCountedApart: asking for a new password takes no tries of the old one away.
func TestKindsAreCountedApart(t *testing.T) {
	t.Parallel()
	_, th := open(t)
	for range 4 {
		passes(t, th, t.Context(), "a")
	}
	if _, err := th.Begin(t.Context(), "reset", "a"); err != nil {
		t.Error(err)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	w, th := open(t)
	home := from(t, "192.0.2.1")
	passes(t, th, home, "a")
	if err := passes(t, th, home, "b").Proved(home); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(5 * time.Minute)
	rows := func() (n int) {
		if err := w.System.QueryRow(`SELECT count(*) FROM sign_in_attempts`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := rows()
	n, err := th.Forget(t.Context(), 1)
	if err != nil || n != 1 {
		t.Fatalf("forgot %d of a batch of one, %v", n, err)
	}
	more, err := th.Forget(t.Context(), 100)
	if err != nil || rows() != 1 || n+more != before-1 {
		t.Errorf("%d rows are left, %d forgotten of %d, %v; want the one of the trusted address", rows(), n+more, before, err)
	}
	w.Clock.Advance(time.Hour)
	if n, err := th.Forget(t.Context(), 100); err != nil || n != 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
}

// TestTheTableNamesNobody: no account and no address can be read from it.
func TestTheTableNamesNobody(t *testing.T) {
	t.Parallel()
	w, th := open(t)
	passes(t, th, from(t, "192.0.2.77"), "acme/li@example.com")
	var text string
	if err := w.System.QueryRow(`SELECT string_agg(a::text, ' ') FROM (SELECT encode(key, 'escape') FROM sign_in_attempts) a`).Scan(&text); err != nil || text == "" {
		t.Fatal(text, err)
	}
	for _, name := range []string{"acme", "li@example.com", "192.0.2.77"} {
		if len(text) > 0 && containsFold(text, name) {
			t.Errorf("%s stands in the table", name)
		}
	}
}

func containsFold(text, part string) bool { return strings.Contains(strings.ToLower(text), part) }

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}
