package sessions_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/ent"
	"heyue/identity"
	"heyue/identity/sessions"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// counted is the database with a count of statements by tenant, and a switch that breaks it.
type counted struct {
	sessions.Querier
	mu    sync.Mutex
	asked map[int64]int
	fails error
}

func (c *counted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tenant, _ := tenancy.From(ctx)
	c.asked[tenant]++
	if c.fails != nil {
		return nil, c.fails
	}
	return c.Querier.QueryContext(ctx, query, args...)
}

func (c *counted) set(err error) (asked map[int64]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked, c.asked, c.fails = c.asked, map[int64]int{}, err
	return asked
}

// guard is a Watcher at work.
type guard struct {
	office
	*sessions.Watcher
	db    *counted
	ticks chan time.Time
}

func watching(t *testing.T) guard {
	t.Helper()
	o := open(t)
	db := &counted{Querier: o.Client, asked: map[int64]int{}}
	g := guard{o, sessions.NewWatcher(db, o.Clock, slog.New(slog.DiscardHandler), time.Minute), db, make(chan time.Time)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Run(ctx, g.ticks)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return g
}

// look makes the watcher look at everything and returns when it has: it takes the second tick only after the look of
// the first.
func (g guard) look() {
	g.ticks <- time.Time{}
	g.ticks <- time.Time{}
}

// watch is Watch as a channel that is closed, until a context ends.
func (g guard) watch(ctx context.Context, c identity.Caller) <-chan struct{} {
	ended := make(chan struct{})
	context.AfterFunc(ctx, g.Watch(c, func() { close(ended) }))
	return ended
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

func (g guard) signedIn(t *testing.T) (context.Context, identity.Caller) {
	t.Helper()
	ctx, err := g.Sessions.Authenticate(t.Context(), g.login(t).AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return ctx, fixture.Caller(t, ctx)
}

func TestWatcherTellsEveryEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, g guard, ctx context.Context){
		"revoked": func(t *testing.T, g guard, ctx context.Context) {
			if err := g.Sessions.Logout(ctx); err != nil {
				t.Fatal(err)
			}
		},
		"disabled":  func(t *testing.T, g guard, _ context.Context) { g.disable(t) },
		"suspended": func(t *testing.T, g guard, _ context.Context) { g.suspend(t) },
		"expired":   func(_ *testing.T, g guard, _ context.Context) { g.Clock.Advance(sessions.DefaultRefreshTTL) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := watching(t)
			ctx, caller := g.signedIn(t)
			first, second := g.watch(t.Context(), caller), g.watch(t.Context(), caller)
			globex := g.Tenant(t, "globex")
			stays := g.watch(t.Context(), fixture.Caller(t, globex.Admin))
			g.look()
			if over(first) || over(second) || over(stays) {
				t.Fatal("a session that lives was called over")
			}
			end(t, g, ctx)
			g.look()
			if !over(first) || !over(second) {
				t.Error("the end was not told")
			}
			if over(stays) && name != "expired" {
				t.Error("another tenant's session was called over")
			}
		})
	}
}

// TestOnlyTheEndedSessionIsOver: the same user's other device stays connected.
func TestOnlyTheEndedSessionIsOver(t *testing.T) {
	t.Parallel()
	g := watching(t)
	ctx, caller := g.signedIn(t)
	_, other := g.signedIn(t)
	ends, stays := g.watch(t.Context(), caller), g.watch(t.Context(), other)
	if err := g.Sessions.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	g.look()
	if !over(ends) || over(stays) || g.Watching() != 1 {
		t.Errorf("ended %v, the other %v, %d watched", over(ends), over(stays), g.Watching())
	}
}

// TestWakeNeedsNoTick: an end that this process caused, or was told of, closes sockets at once.
func TestWakeNeedsNoTick(t *testing.T) {
	t.Parallel()
	g := watching(t)
	g.Sessions.Ended = g.Wake
	ctx, caller := g.signedIn(t)
	ended := g.watch(t.Context(), caller)
	if err := g.Sessions.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	<-ended         // or the test never ends
	g.Wake(1 << 40) // a tenant that nobody watches
}

// TestWatchingADeadSession: it ended between the check of the token and the watch.
func TestWatchingADeadSession(t *testing.T) {
	t.Parallel()
	g := watching(t)
	<-g.watch(t.Context(), identity.Caller{TenantID: g.tenant.ID, UserID: publicid.NewUserID(), SessionID: publicid.NewSessionID()})
}

// TestOneStatementForEachTenant: however many sessions are watched, and none for a tenant without any.
func TestOneStatementForEachTenant(t *testing.T) {
	t.Parallel()
	g := watching(t)
	globex := g.Tenant(t, "globex")
	g.Tenant(t, "initech")
	for range 5 {
		_, caller := g.signedIn(t)
		g.watch(t.Context(), caller)
	}
	g.watch(t.Context(), fixture.Caller(t, globex.Admin))
	g.look()
	g.look() // the wakes of Watch are done with
	g.db.set(nil)
	g.ticks <- time.Time{}
	g.ticks <- time.Time{}
	g.ticks <- time.Time{}
	asked := g.db.set(nil)
	// The look before the count may have begun after it was set back, and the third one may still be at work. One statement
	// for each of the five sessions would be ten at least.
	for _, id := range []int64{g.tenant.ID, globex.ID} {
		if asked[id] < 2 || asked[id] > 4 {
			t.Errorf("tenant %d was asked about %d times in two looks and two parts", id, asked[id])
		}
	}
	if len(asked) != 2 {
		t.Errorf("asked %v", asked)
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := watching(t)
	_, caller := g.signedIn(t)
	ctx, leave := context.WithCancel(t.Context())
	gone := g.watch(ctx, caller)
	stays := g.watch(t.Context(), caller)
	leave()
	g.suspend(t)
	for g.Watching() > 0 { // the first to leave takes only its own watch along
		g.look()
	}
	if !over(stays) {
		t.Error("the other watch was forgotten too")
	}
	_ = gone // it may have been closed before the context's end was seen

	ctx, leave = context.WithCancel(t.Context())
	g.db.set(errors.New("cannot look"))
	left := g.watch(ctx, caller)
	leave()
	for g.Watching() > 0 {
		g.look()
	}
	if over(left) {
		t.Error("nobody knew that the session was over")
	}
}

// TestADatabaseThatIsGoneEndsNothing: once it is back, what happened meanwhile is told.
func TestADatabaseThatIsGoneEndsNothing(t *testing.T) {
	t.Parallel()
	g := watching(t)
	_, caller := g.signedIn(t)
	ended := g.watch(t.Context(), caller)
	g.look()
	g.db.set(errors.New("gone"))
	g.suspend(t)
	g.look()
	if over(ended) {
		t.Error("told without knowing")
	}
	g.db.set(nil)
	g.look()
	if !over(ended) {
		t.Error("the end was lost")
	}
}

// stuck is a database that answers when its asker has given up.
type stuck struct{ gaveUp chan error }

func (s stuck) QueryContext(ctx context.Context, _ string, _ ...any) (*sql.Rows, error) {
	<-ctx.Done()
	s.gaveUp <- context.Cause(ctx)
	return nil, ctx.Err()
}

// TestALookEndsWithItsTime: a database that hangs holds a look up no longer than was said.
func TestALookEndsWithItsTime(t *testing.T) {
	t.Parallel()
	db := stuck{make(chan error)}
	w := sessions.NewWatcher(db, clock.System{}, slog.New(slog.DiscardHandler), time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go w.Run(ctx, nil)
	w.Watch(identity.Caller{TenantID: 1, UserID: publicid.NewUserID(), SessionID: publicid.NewSessionID()}, func() {})
	if err := <-db.gaveUp; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the look ended with %v", err)
	}
}

func TestManyComeAndGo(t *testing.T) {
	t.Parallel()
	g := watching(t)
	_, caller := g.signedIn(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				ctx, leave := context.WithCancel(t.Context())
				if over(g.watch(ctx, caller)) {
					t.Error("over")
				}
				leave()
			}
		})
	}
	group.Wait()
	for g.Watching() > 0 {
		g.look()
	}
	if d := cmp.Diff(0, g.Watching()); d != "" {
		t.Error(d)
	}
}

// TestWatcherTellsOfOtherRules: of a tenant that is looked at for the first time, of permissions that have changed wherever that
// was, and that a day may have begun; of nothing otherwise, and of no other tenant.
func TestWatcherTellsOfOtherRules(t *testing.T) {
	t.Parallel()
	o := open(t)
	told := make(chan int64, 100)
	w := sessions.NewWatcher(o.Client, o.Clock, slog.New(slog.DiscardHandler), time.Minute)
	w.Changed = func(tenant int64) { told <- tenant }
	ticks := make(chan time.Time)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, ticks)
	}()
	g := guard{office: o, Watcher: w, ticks: ticks}
	_, caller := g.signedIn(t)
	globex := o.Tenant(t, "globex")
	w.Watch(caller, func() {})
	w.Watch(fixture.Caller(t, globex.Admin), func() {})
	g.look()
	if first, second := <-told, <-told; first+second != o.tenant.ID+globex.ID {
		t.Errorf("told of %d and %d", first, second)
	}
	g.look()
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error { return policies.Bump(o.tenant.Ctx, tx) })
	g.look()
	if got := <-told; got != o.tenant.ID {
		t.Errorf("told of %d", got)
	}
	o.Clock.Advance(15 * time.Minute)
	g.look()
	if first, second := <-told, <-told; first+second != o.tenant.ID+globex.ID {
		t.Errorf("told of %d and %d", first, second)
	}
	stop()
	<-done
	if len(told) > 0 {
		t.Errorf("told of %d without a reason", <-told)
	}
}
