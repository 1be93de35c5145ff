package ratelimit

import (
	"container/list"
	"context"
	"sync"
	"time"

	"heyue/platform/clock"
)

// Local keeps buckets in this process. It never fails and is safe for concurrent use.
type Local struct {
	clock clock.Clock
	most  int

	mu    sync.Mutex
	order *list.List // front is the bucket used last
	items map[string]*list.Element
}

var _ Limiter = (*Local)(nil)

type kept struct {
	key  string
	full float64
}

// NewLocal keeps at most most buckets; the one unused for longest is forgotten first, which is to say full.
func NewLocal(clk clock.Clock, most int) *Local {
	return &Local{clock: clk, most: max(most, 1), order: list.New(), items: map[string]*list.Element{}}
}

// Take is as Limiter says.
func (l *Local) Take(_ context.Context, points int, buckets ...Bucket) (Verdict, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cells := l.cells(buckets)
	v := Verdict{Granted: true, Levels: make([]Level, len(cells))}
	for i, c := range cells {
		lacks := c.lacks(points)
		v.Levels[i].Wait = time.Duration(lacks) * time.Microsecond
		v.Granted = v.Granted && lacks == 0
	}
	for i, c := range cells {
		if v.Granted {
			c.full = c.move(points)
			l.keep(buckets[i].Key, c)
		}
		v.Levels[i].Rate, v.Levels[i].Available = c.Rate, c.available()
	}
	return v, nil
}

// Adjust is as Limiter says.
func (l *Local) Adjust(_ context.Context, points int, buckets ...Bucket) (Verdict, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := Verdict{Granted: true, Levels: make([]Level, len(buckets))}
	for i, c := range l.cells(buckets) {
		c.full = min(c.move(points), max(c.full, c.now+2*c.size()))
		l.keep(buckets[i].Key, c)
		v.Levels[i] = Level{Rate: c.Rate, Available: c.available()}
	}
	return v, nil
}

func (l *Local) cells(buckets []Bucket) []cell {
	now := float64(l.clock.Now().UnixMicro())
	cells := make([]cell, len(buckets))
	for i, b := range buckets {
		cells[i] = cell{Rate: b.Rate, now: now}
		if e := l.items[b.Key]; e != nil {
			cells[i].full = e.Value.(*kept).full
			l.order.MoveToFront(e)
		}
	}
	return cells
}

// keep remembers a bucket that is not full.
func (l *Local) keep(key string, c cell) {
	e := l.items[key]
	switch {
	case c.full <= c.now && e != nil:
		l.order.Remove(e)
		delete(l.items, key)
	case c.full <= c.now:
	case e != nil:
		e.Value.(*kept).full = c.full
	default:
		l.items[key] = l.order.PushFront(&kept{key, c.full})
		if len(l.items) > l.most {
			oldest := l.order.Back()
			delete(l.items, l.order.Remove(oldest).(*kept).key)
		}
	}
}
