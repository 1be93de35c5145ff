package ratelimit

import (
	"context"
	_ "embed" // the script
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed shared.lua
var source string

// Shared keeps buckets in Redis, in one script a call and by Redis's own clock, so that processes need not agree on
// the time. The buckets of one call must live in one slot of a cluster. It is as quick to fail as its client is.
type Shared struct {
	redis  redis.Scripter
	script *redis.Script
}

var _ Limiter = (*Shared)(nil)

// NewShared returns buckets on a client for commands.
func NewShared(client redis.Scripter) *Shared {
	return &Shared{redis: client, script: redis.NewScript(source)}
}

// Take is as Limiter says. It fails when Redis does not answer.
func (s *Shared) Take(ctx context.Context, points int, buckets ...Bucket) (Verdict, error) {
	return s.run(ctx, points, "0", buckets)
}

// Adjust is as Limiter says. It fails when Redis does not answer.
func (s *Shared) Adjust(ctx context.Context, points int, buckets ...Bucket) (Verdict, error) {
	return s.run(ctx, points, "1", buckets)
}

func (s *Shared) run(ctx context.Context, points int, forced string, buckets []Bucket) (Verdict, error) {
	keys, args := make([]string, len(buckets)), []any{points, forced}
	for i, b := range buckets {
		keys[i] = b.Key
		args = append(args, b.Maximum, b.PerSecond)
	}
	answer, err := s.script.Run(ctx, s.redis, keys, args...).Int64Slice()
	if err != nil {
		return Verdict{}, fmt.Errorf("ratelimit: %w", err)
	}
	if len(answer) != 1+2*len(buckets) {
		return Verdict{}, fmt.Errorf("ratelimit: the script answered %d numbers for %d buckets", len(answer), len(buckets))
	}
	v := Verdict{Granted: answer[0] == 1, Levels: make([]Level, len(buckets))}
	for i, b := range buckets {
		c := cell{Rate: b.Rate, full: float64(answer[1+2*i])}
		v.Levels[i] = Level{Rate: b.Rate, Available: c.available(), Wait: time.Duration(answer[2+2*i]) * time.Microsecond}
	}
	return v, nil
}
