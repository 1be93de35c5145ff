package ratelimit_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"heyue/platform/clock"
	"heyue/platform/ratelimit"
	"heyue/platform/redistest"
)

var began = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// TestBucketsKeepTheirShape: over any calls the local buckets and those of Redis answer alike to the microsecond, no
// bucket gives more than its size and what has come back since, and what is given back is there again.
func TestBucketsKeepTheirShape(t *testing.T) {
	t.Parallel()
	imitation := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: imitation.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	rapid.Check(t, func(rt *rapid.T) {
		imitation.FlushAll()
		now := clock.At(began)
		imitation.SetTime(began)
		local, shared := ratelimit.NewLocal(now, 100), ratelimit.NewShared(client)
		rates := []ratelimit.Rate{{1, 1}, {10, 3}, {500, 25}, {2000, 100}}
		for range rapid.IntRange(1, 25).Draw(rt, "calls") {
			step := time.Duration(rapid.IntRange(0, 2_000_000).Draw(rt, "µs")) * time.Microsecond
			now.Advance(step)
			imitation.FastForward(step)
			imitation.SetTime(now.Now())
			var buckets []ratelimit.Bucket
			for i, r := range rates {
				if rapid.Bool().Draw(rt, "asked") {
					buckets = append(buckets, ratelimit.Bucket{Key: "b" + strconv.Itoa(i), Rate: r})
				}
			}
			call := func(l ratelimit.Limiter, n int, forced bool) ratelimit.Verdict {
				act := l.Take
				if forced {
					act = l.Adjust
				}
				v, err := act(t.Context(), n, buckets...)
				if err != nil {
					rt.Fatal(err)
				}
				return v
			}
			points := rapid.IntRange(-50, 3000).Draw(rt, "points")
			forced := points < 0
			if !forced {
				forced = rapid.IntRange(0, 9).Draw(rt, "forced") == 0
			}
			here, there := call(local, points, forced), call(shared, points, forced)
			near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= 2*time.Microsecond })
			if diff := cmp.Diff(here, there, near); diff != "" {
				rt.Fatalf("%d points from %v, forced %v (-local +shared):\n%s", points, buckets, forced, diff)
			}
		}
	})
}

// TestNobodyGetsMore: a bucket gives at most its size and what has come back since the first call.
func TestNobodyGetsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := clock.At(began)
		l := ratelimit.NewLocal(now, 10)
		b := bucket("b", rapid.IntRange(1, 100).Draw(rt, "maximum"), rapid.IntRange(1, 50).Draw(rt, "a second"))
		taken := 0
		for range rapid.IntRange(1, 60).Draw(rt, "calls") {
			now.Advance(time.Duration(rapid.IntRange(0, 400).Draw(rt, "ms")) * time.Millisecond)
			points := rapid.IntRange(1, b.Maximum).Draw(rt, "points")
			v, err := l.Take(t.Context(), points, b)
			if err != nil {
				rt.Fatal(err)
			}
			if v.Granted {
				taken += points
			}
			if back := now.Now().Sub(began).Seconds() * float64(b.PerSecond); float64(taken) > float64(b.Maximum)+back+0.01 {
				rt.Fatalf("%d points in %v", taken, now.Now().Sub(began))
			}
		}
	})
}

// TestLocal goes through the life of a bucket.
func TestLocal(t *testing.T) {
	t.Parallel()
	now := clock.At(began)
	l := ratelimit.NewLocal(now, 2)
	user, tenant := bucket("user", 10, 2), bucket("tenant", 100, 5)
	take := func(points int, granted bool, left ...int) ratelimit.Verdict {
		t.Helper()
		v, err := l.Take(t.Context(), points, user, tenant)
		if err != nil || v.Granted != granted || v.Levels[0].Available != left[0] || v.Levels[1].Available != left[1] {
			t.Fatalf("%d points: %+v, %v; want %v and %v left", points, v, err, granted, left)
		}
		return v
	}
	take(6, true, 4, 94)
	if v := take(5, false, 4, 94); v.Levels[0].Wait != 500*time.Millisecond || v.Tightest().Maximum != 10 {
		t.Errorf("the wait for one point at two a second: %+v", v)
	}
	now.Advance(500 * time.Millisecond)
	take(5, true, 0, 91)
	if v, _ := l.Adjust(t.Context(), -5, user, tenant); v.Levels[0].Available != 5 || v.Levels[1].Available != 96 {
		t.Errorf("given back: %+v", v)
	}
	now.Advance(time.Hour)
	if v, _ := l.Adjust(t.Context(), -5, user, tenant); v.Levels[0].Available != 10 || v.Levels[1].Available != 100 {
		t.Errorf("more than full: %+v", v)
	}
	take(60, true, 0, 40) // by a full bucket, which is in debt then
	now.Advance(25 * time.Second)
	if v := take(1, false, 0, 100); v.Levels[0].Wait != 500*time.Millisecond || v.Levels[0].Full() != 5*time.Second {
		t.Errorf("the debt: %+v", v)
	}
	if v, _ := l.Adjust(t.Context(), 1_000_000, user); v.Levels[0].Available != 0 {
		t.Errorf("a debt beyond bounds: %+v", v)
	}
	now.Advance(11 * time.Second)
	take(1, true, 9, 99)
	for _, other := range []string{"a", "b"} {
		if _, err := l.Take(t.Context(), 1, bucket(other, 1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	take(1, true, 9, 99) // forgotten for newer ones, and so full
}

// TestShared holds what the imitation cannot show: the script on a real server, and its failure.
func TestShared(t *testing.T) {
	t.Parallel()
	o, err := redis.ParseURL(redistest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	l := ratelimit.NewShared(client)
	day := bucket("t:{1}:cost", 86_400_000, 1000) // nothing to notice comes back during the test
	for _, c := range []struct {
		points  int
		forced  bool
		granted bool
		left    int
	}{
		{points: 80_000_000, granted: true, left: 6_400_000},
		{points: 80_000_000, left: 6_400_000},
		{points: -40_000_000, forced: true, granted: true, left: 46_400_000},
		{points: 86_400_000, forced: true, granted: true},
	} {
		act := l.Take
		if c.forced {
			act = l.Adjust
		}
		v, err := act(t.Context(), c.points, day)
		if err != nil || v.Granted != c.granted || v.Levels[0].Available/1_000_000 != c.left/1_000_000 || v.Granted != (v.Levels[0].Wait == 0) {
			t.Errorf("%d points: %+v, %v", c.points, v, err)
		}
	}
	if ttl := client.TTL(t.Context(), "t:{1}:cost").Val(); ttl <= 0 {
		t.Errorf("the bucket is kept for ever: %v", ttl)
	}
	if err := client.Set(t.Context(), "t:{1}:cost", "nonsense", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if v, err := l.Take(t.Context(), 1, day); err != nil || !v.Granted {
		t.Errorf("a key that holds something else: %+v, %v", v, err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Take(t.Context(), 1, day); err == nil {
		t.Error("a closed client took points")
	}
	both := ratelimit.Fallback{First: l, Second: ratelimit.NewLocal(clock.At(began), 10)}
	if v, err := both.Take(t.Context(), 86_400_000, day); err != nil || !v.Granted {
		t.Errorf("the fallback: %+v, %v", v, err)
	}
	if v, err := both.Take(t.Context(), 1, day); err != nil || v.Granted {
		t.Errorf("the fallback keeps no limit: %+v, %v", v, err)
	}
	if v, err := both.Adjust(t.Context(), -1, day); err != nil || v.Levels[0].Available != 1 {
		t.Errorf("given back to the fallback: %+v, %v", v, err)
	}
}

func bucket(key string, maximum, perSecond int) ratelimit.Bucket {
	return ratelimit.Bucket{Key: key, Rate: ratelimit.Rate{Maximum: maximum, PerSecond: perSecond}}
}
