package outbox

import (
	"context"
	"sync"
)

// queue is a line of tenants with work. A tenant stands in it once, however often it is added, and is worked on by one
// worker at a time; one that is added meanwhile gets another turn.
type queue struct {
	mu    sync.Mutex
	line  []int64
	state map[int64]standing
	wake  chan struct{}
}

type standing uint8

const (
	waiting standing = iota + 1
	working
	workingAgain // and added since
)

func newQueue() *queue { return &queue{state: map[int64]standing{}, wake: make(chan struct{}, 1)} }

func (q *queue) add(tenant int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch q.state[tenant] {
	case waiting, workingAgain:
	case working:
		q.state[tenant] = workingAgain
	default:
		q.push(tenant)
	}
}

func (q *queue) push(tenant int64) {
	q.state[tenant] = waiting
	q.line = append(q.line, tenant)
	q.ring()
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for the first tenant of the line; false when ctx has ended. Call done afterwards.
func (q *queue) take(ctx context.Context) (int64, bool) {
	for {
		if tenant, ok := q.pop(); ok {
			return tenant, true
		}
		select {
		case <-ctx.Done():
			return 0, false
		case <-q.wake:
		}
	}
}

func (q *queue) pop() (int64, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.line) == 0 {
		return 0, false
	}
	tenant := q.line[0]
	q.line = q.line[1:]
	q.state[tenant] = working
	if len(q.line) > 0 {
		q.ring() // for the next worker
	}
	return tenant, true
}

// done ends a turn. again puts the tenant back at the end of the line.
func (q *queue) done(tenant int64, again bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if again || q.state[tenant] == workingAgain {
		q.push(tenant)
		return
	}
	delete(q.state, tenant)
}
