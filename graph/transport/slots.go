package transport

import "sync"

// slots counts what each user has open. It is safe for concurrent use.
type slots struct {
	mu    sync.Mutex
	limit int
	taken map[string]int
}

func newSlots(limit int) *slots { return &slots{limit: limit, taken: map[string]int{}} }

// take reserves a slot for key, which "" never needs, and returns how to give it back.
func (s *slots) take(key string) (release func(), ok bool) {
	if key == "" {
		return func() {}, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[key] >= s.limit {
		return nil, false
	}
	s.taken[key]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken[key]--; s.taken[key] == 0 {
			delete(s.taken, key)
		}
	}), true
}
