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

// Watcher tells when sessions end that something long-lived hangs on: sockets and event streams. One Run serves the
// whole process, by one statement for each tenant that has watched sessions. While the database cannot be reached
// nothing is known, and nothing is told: no event is read then either, and every socket ends with its token at last.
type Watcher struct {
	db    Querier
	clock clock.Clock
	log   *slog.Logger
	most  time.Duration

	mu      sync.Mutex
	watched map[int64]map[publicid.SessionID][]*watch
	due     map[int64]bool // tenants to look at before the next tick
	wake    chan struct{}  // one place: something is in due
}

// watch is one who wants to know.
type watch struct{ over chan struct{} }

// NewWatcher returns a Watcher that looks at db, which is ent's client, once Run is called. A look at one tenant takes at
// most as long as most says, so that a slow cell cannot hold up the others for long.
func NewWatcher(db Querier, clk clock.Clock, log *slog.Logger, most time.Duration) *Watcher {
	return &Watcher{
		db: db, clock: clk, log: log, most: most,
		watched: map[int64]map[publicid.SessionID][]*watch{}, due: map[int64]bool{}, wake: make(chan struct{}, 1),
	}
}

// Watch returns a channel that is closed when c's session is over: revoked, expired, its user disabled or its tenant
// suspended. The watch ends with ctx; the channel then stays open. A session that ended between Authenticate and this
// call is found by the next look, which is made at once.
func (w *Watcher) Watch(ctx context.Context, c identity.Caller) <-chan struct{} {
	one := &watch{over: make(chan struct{})}
	w.mu.Lock()
	sessions := w.watched[c.TenantID]
	if sessions == nil {
		sessions = map[publicid.SessionID][]*watch{}
		w.watched[c.TenantID] = sessions
	}
	sessions[c.SessionID] = append(sessions[c.SessionID], one)
	w.mu.Unlock()
	context.AfterFunc(ctx, func() { w.forget(c, one) })
	w.Wake(c.TenantID)
	return one.over
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
	alive, err := w.alive(ctx, tenant, ids)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if !alive[id] {
			w.close(tenant, id)
		}
	}
	return nil
}

func (w *Watcher) sessions(tenant int64) []publicid.SessionID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.watched[tenant]))
}

// alive asks which of ids may go on. All of them are one parameter, so the statement's text stays the same.
func (w *Watcher) alive(ctx context.Context, tenant int64, ids []publicid.SessionID) (_ map[publicid.SessionID]bool, err error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	rows, err := w.db.QueryContext(ctx, aliveQuery, tenant, pq.Array(texts), w.clock.Now(), account.Active, standing.Active)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told
	found := make(map[publicid.SessionID]bool, len(ids))
	for rows.Next() {
		var id publicid.SessionID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		found[id] = true
	}
	return found, rows.Err()
}

// close tells everybody who watches a session, and forgets it. w.mu is held.
func (w *Watcher) close(tenant int64, id publicid.SessionID) {
	for _, one := range w.watched[tenant][id] {
		close(one.over)
	}
	w.drop(tenant, id)
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
	}
}
