package app

import (
	"testing"

	"heyue/identity"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/platform/ratelimit"
	"heyue/platform/redistest"
)

// TestBudgets: a tenant and each of its users have a bucket of the size in the settings, in Redis where there is one of
// others, and nobody has none.
func TestBudgets(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	vars := []string{"HEYUE_BUDGET_TENANT", "30", "HEYUE_BUDGET_TENANT_RATE", "31", "HEYUE_BUDGET_USER", "32", "HEYUE_BUDGET_USER_RATE", "33",
		"HEYUE_BUDGET_KEY", "34", "HEYUE_BUDGET_KEY_RATE", "35"}
	alone, err := against(t, db, vars...).Services(t.Context(), Roles{})
	if err != nil {
		t.Fatal(err)
	}
	if got := alone.bucketsOf(t.Context()); got != nil {
		t.Errorf("nobody has %v", got)
	}
	user := publicid.NewUserID()
	ctx := identity.With(t.Context(), identity.Caller{TenantID: 7, UserID: user})
	got := alone.bucketsOf(ctx)
	want := []ratelimit.Bucket{
		{Key: "t:{7}:cost", Rate: ratelimit.Rate{Maximum: 30, PerSecond: 31}},
		{Key: "t:{7}:cost:" + user.String(), Rate: ratelimit.Rate{Maximum: 32, PerSecond: 33}},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v, want %v", got, want)
	}
	key := &identity.Key{ID: publicid.NewAPIKeyID()}
	got = alone.bucketsOf(identity.With(t.Context(), identity.Caller{TenantID: 7, UserID: user, Key: key}))
	if own := (ratelimit.Bucket{Key: "t:{7}:cost:" + key.ID.String(), Rate: ratelimit.Rate{Maximum: 34, PerSecond: 35}}); len(got) != 2 || got[0] != want[0] || got[1] != own {
		t.Errorf("a key has %v, want %v", got, own)
	}
	if _, ok := alone.budgets().(*ratelimit.Local); !ok {
		t.Errorf("without a Redis of others budgets are %T", alone.budgets())
	}
	joined, err := against(t, db, append(vars, "REDIS_URL", redistest.URL(t))...).Services(t.Context(), Roles{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := joined.budgets().Take(ctx, 31, want...); err != nil || !v.Granted {
		t.Errorf("%+v, %v", v, err)
	}
	if n := joined.redis.Commands.Exists(ctx, want[0].Key, want[1].Key).Val(); n != 2 {
		t.Errorf("Redis holds %d of the buckets", n)
	}
}
