package app

import (
	"context"

	"heyue/identity"
	"heyue/platform/ratelimit"
	"heyue/tenancy"
)

// budgets keeps what callers may still ask for: in Redis for all processes, and in this one while Redis is away. A
// process that has no Redis of others keeps them by itself at once.
func (s *Services) budgets() ratelimit.Limiter {
	local := ratelimit.NewLocal(s.clock, s.cfg.Budget.Local)
	if s.cfg.Redis.URL == "" {
		return local
	}
	return ratelimit.Fallback{First: ratelimit.NewShared(s.redis.Commands), Second: local}
}

// bucketsOf are the caller's tenant's and their own, or their key's. Nobody in particular has none: what they may ask for is bounded by
// their address.
func (s *Services) bucketsOf(ctx context.Context) []ratelimit.Bucket {
	c, ok := identity.Signed(ctx)
	if !ok {
		return nil
	}
	ctx = tenancy.With(ctx, c.TenantID)
	tenant, err := tenancy.Key(ctx, "cost")
	if err != nil {
		return nil
	}
	user, err := tenancy.Key(ctx, "cost", c.UserID.String())
	if err != nil {
		return nil
	}
	b := s.cfg.Budget
	own := ratelimit.Bucket{Key: user, Rate: ratelimit.Rate{Maximum: b.User, PerSecond: b.UserRate}}
	if c.Key != nil { // a program leaves its user's budget to the user
		own.Rate = ratelimit.Rate{Maximum: b.Key, PerSecond: b.KeyRate}
		if own.Key, err = tenancy.Key(ctx, "cost", c.Key.ID.String()); err != nil {
			return nil
		}
	}
	return []ratelimit.Bucket{
		{Key: tenant, Rate: ratelimit.Rate{Maximum: b.Tenant, PerSecond: b.TenantRate}},
		own,
	}
}
