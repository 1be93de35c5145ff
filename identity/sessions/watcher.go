package sessions

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"

	"heyue/domain/tenants/standing"
	"heyue/identity"
	"heyue/identity/account"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Watcher tells when sessions end that something long-lived hangs on, sockets and event streams, and when the permissions of
// their tenants change. One Run serves the
// whole process, by one statement for each tenant that has watched sessions. While the database cannot be reached
// nothing is known, and nothing is told: no event is read then either, and every socket ends with its token at last.
type Watcher struct {
	db    Querier
	clock clock.Clock
	log   *slog.Logger
	most  time.Duration

	// Changed is told the tenants whose permissions have changed, by this process or another one, or may have because a day
	// has begun somewhere, and those that are looked at for the first time. It must be set before Run and must not wait. Nil: nobody is.
	Changed func(tenant int64)

	mu      sync.Mutex
	rules   map[int64]rules // of watched tenants, when they were last looked at
	watched map[int64]map[publicid.SessionID][]*watch
	due     map[int64]bool // tenants to look at before the next tick
	wake    chan struct{}  // one place: something is in due
}

// rules is by what a tenant's callers may do what they may.
type rules struct {
	version int64     // of the permissions
	day     time.Time // when a day may have begun last, in whatever zone
}

// daysBegin at multiples of this, in all zones there are.
const daysBegin = 15 * time.Minute

// watch is one who wants to know.
type watch struct{ then func() }

// NewWatcher returns a Watcher that looks at db, which is ent's client, once Run is called. A look at one tenant takes at
// most as long as most says, so that a slow cell cannot hold up the others for long.
func NewWatcher(db Querier, clk clock.Clock, log *slog.Logger, most time.Duration) *Watcher {
	return &Watcher{
		db: db, clock: clk, log: log, most: most, rules: map[int64]rules{},
		watched: map[int64]map[publicid.SessionID][]*watch{}, due: map[int64]bool{}, wake: make(chan struct{}, 1),
	}
}

// Watch calls then, once, from the goroutine of Run and so without waiting for anything, when c's session is over: revoked, expired, its user disabled or its
// tenant suspended. It returns what makes it forget. A session that ended between Authenticate and this call is found by the
// next look, which is made at once.
func (w *Watcher) Watch(c identity.Caller, then func()) (forget func()) {
	one := &watch{then}
	w.mu.Lock()
	sessions := w.watched[c.TenantID]
	if sessions == nil {
		sessions = map[publicid.SessionID][]*watch{}
		w.watched[c.TenantID] = sessions
	}
	sessions[c.SessionID] = append(sessions[c.SessionID], one)
	w.mu.Unlock()
	w.Wake(c.TenantID)
	return func() { w.forget(c, one) }
}

// Wake makes Run look at a tenant without waiting for the next tick. It never blocks.
func (w *Watcher) Wake(tenant int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, any := w.watched[tenant]; !any {
		return
	}
	w.due[tenant] = true
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run looks at all tenants on every tick and at those of Wake in between, until ctx ends. Ticks are a time.Ticker's.
func (w *Watcher) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			w.look(ctx, w.all())
		case <-w.wake:
			w.look(ctx, w.woken())
		}
	}
}

func (w *Watcher) all() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.due)
	return slices.Sorted(maps.Keys(w.watched))
}

func (w *Watcher) woken() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	tenants := slices.Sorted(maps.Keys(w.due))
	clear(w.due)
	return tenants
}

func (w *Watcher) look(ctx context.Context, tenants []int64) {
	for _, tenant := range tenants {
		if err := w.lookAt(ctx, tenant); err != nil && ctx.Err() == nil {
			w.log.LogAttrs(ctx, slog.LevelWarn, "the sessions of open sockets could not be checked",
				slog.Int64("tenant", tenant), slog.Any("error", err))
		}
	}
}

func (w *Watcher) lookAt(ctx context.Context, tenant int64) error {
	ids := w.sessions(tenant)
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(tenancy.With(ctx, tenant), w.most)
	defer cancel()
	alive, version, err := w.alive(ctx, tenant, ids)
	if err != nil {
		return err
	}
	w.mu.Lock()
	var over []*watch
	for _, id := range ids {
		if !alive[id] {
			over = append(over, w.watched[tenant][id]...)
			w.drop(tenant, id)
		}
	}
	_, any := w.watched[tenant]
	now := rules{version, w.clock.Now().Truncate(daysBegin)}
	changed := any && w.rules[tenant] != now
	if changed {
		w.rules[tenant] = now
	}
	w.mu.Unlock()
	for _, one := range over {
		one.then()
	}
	if changed && w.Changed != nil {
		w.Changed(tenant)
	}
	return nil
}

func (w *Watcher) sessions(tenant int64) []publicid.SessionID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.watched[tenant]))
}

// alive asks which of ids may go on, and for the version of the tenant's permissions. All of them are one parameter, so the statement's text stays the same.
func (w *Watcher) alive(ctx context.Context, tenant int64, ids []publicid.SessionID) (found map[publicid.SessionID]bool, version int64, err error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	rows, err := w.db.QueryContext(ctx, aliveQuery, tenant, pq.Array(texts), w.clock.Now(), account.Active, standing.Active)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }() // Err has told
	found = make(map[publicid.SessionID]bool, len(ids))
	for rows.Next() {
		var id publicid.SessionID
		if err := rows.Scan(&id, &version); err != nil {
			return nil, 0, err
		}
		found[id] = true
	}
	return found, version, rows.Err()
}

func (w *Watcher) forget(c identity.Caller, one *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := slices.DeleteFunc(w.watched[c.TenantID][c.SessionID], func(other *watch) bool { return other == one })
	if len(left) > 0 {
		w.watched[c.TenantID][c.SessionID] = left
		return
	}
	w.drop(c.TenantID, c.SessionID)
}

func (w *Watcher) drop(tenant int64, id publicid.SessionID) {
	delete(w.watched[tenant], id)
	if len(w.watched[tenant]) == 0 {
		delete(w.watched, tenant)
		delete(w.rules, tenant)
	}
}
