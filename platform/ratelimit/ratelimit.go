// Package ratelimit keeps buckets of points that fill up again at a steady rate. It counts by the generic cell rate
// algorithm (ITU-T I.371): of each bucket only the time is kept at which it will be full. [Shared] keeps that time in
// Redis for all processes of an installation, [Local] in this process; both answer alike.
package ratelimit

import (
	"context"
	"math"
	"time"
)

// Rate is the shape of a bucket. Both numbers are at least 1.
type Rate struct {
	Maximum   int // points of a full bucket
	PerSecond int // points that come back each second
}

// Bucket is a bucket by its name.
type Bucket struct {
	Key string
	Rate
}

// Level is how a bucket stands after a call.
type Level struct {
	Rate
	Available int           // points left; never below zero, though a bucket can be in debt
	Wait      time.Duration // time until the points that were refused will be there; zero when they were granted
}

// Full is the time until the bucket is full again, if nothing more is taken.
func (l Level) Full() time.Duration {
	return time.Duration(l.Maximum-l.Available) * time.Second / time.Duration(l.PerSecond)
}

// Verdict is the answer to one call: whether the points were taken, and the levels in the order of the buckets.
type Verdict struct {
	Granted bool
	Levels  []Level
}

// Tightest is the level that held the points back longest, or when all granted them the one with the smallest part
// of its points left. There must be a level.
func (v Verdict) Tightest() Level {
	least := v.Levels[0]
	for _, l := range v.Levels[1:] {
		longer, equal := l.Wait > least.Wait, l.Wait == least.Wait
		if longer || equal && l.Available*least.Maximum < least.Available*l.Maximum {
			least = l
		}
	}
	return least
}

// Limiter takes points from buckets.
type Limiter interface {
	// Take takes points from all the buckets, or from none when one of them has too few. More points than a bucket
	// ever has are given by a full one, which then stands in debt: a bound on a single call is not the bucket's task.
	// It fails when the buckets cannot be reached.
	Take(ctx context.Context, points int, buckets ...Bucket) (Verdict, error)
	// Adjust takes points whether they are there or not, or gives them back when points is negative. Debt ends at a
	// bucket's size, and no bucket gets more than full. It fails when the buckets cannot be reached.
	Adjust(ctx context.Context, points int, buckets ...Bucket) (Verdict, error)
}

// cell is a bucket's arithmetic, in microseconds: full is when it will be full, now the time now.
type cell struct {
	Rate
	full, now float64
}

func (c cell) each() float64 { return 1e6 / float64(c.PerSecond) }

func (c cell) size() float64 { return float64(c.Maximum) * c.each() }

// lacks is how long points have to be waited for.
func (c cell) lacks(points int) float64 {
	need := float64(min(points, c.Maximum)) * c.each()
	return max(0, max(c.full, c.now)-c.now+need-c.size())
}

// move is when the bucket will be full after points have been taken.
func (c cell) move(points int) float64 {
	return max(c.full, c.now) + float64(points)*c.each()
}

// available is the points in it, rounded down with a thousandth of grace for the arithmetic.
func (c cell) available() int {
	left := (c.size() - (max(c.full, c.now) - c.now)) / c.each()
	return max(0, int(math.Floor(left+1e-3)))
}
