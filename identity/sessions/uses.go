package sessions

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"heyue/ent"
	"heyue/platform/publicid"
)

// Uses collects which keys were used and writes it down apart from the requests, so that none of them waits for a write.
type Uses struct {
	client *ent.Client
	log    *slog.Logger

	mu   sync.Mutex
	used map[int64]map[publicid.APIKeyID]time.Time
}

// NewUses returns a Uses that writes once Run is called.
func NewUses(client *ent.Client, log *slog.Logger) *Uses {
	return &Uses{client: client, log: log, used: map[int64]map[publicid.APIKeyID]time.Time{}}
}

// note remembers a use until the next writing. It holds at most one entry for each key.
func (u *Uses) note(tenant int64, id publicid.APIKeyID, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	keys := u.used[tenant]
	if keys == nil {
		keys = map[publicid.APIKeyID]time.Time{}
		u.used[tenant] = keys
	}
	keys[id] = at
}

// Run writes on every tick until ctx ends. What cannot be written is dropped: the next use says it again.
func (u *Uses) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			u.Write(ctx)
		}
	}
}

// Write writes down what was noted so far, in one statement for each tenant.
func (u *Uses) Write(ctx context.Context) {
	u.mu.Lock()
	used := u.used
	u.used = map[int64]map[publicid.APIKeyID]time.Time{}
	u.mu.Unlock()
	for _, tenant := range slices.Sorted(maps.Keys(used)) {
		var latest time.Time
		ids := slices.Collect(maps.Keys(used[tenant]))
		for _, at := range used[tenant] {
			if at.After(latest) {
				latest = at
			}
		}
		if err := u.write(ctx, tenant, ids, latest); err != nil && ctx.Err() == nil {
			u.log.LogAttrs(ctx, slog.LevelWarn, "the use of API keys was not noted", slog.Int64("tenant", tenant), slog.Any("error", err))
		}
	}
}
