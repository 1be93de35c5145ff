package page

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func connection(nodes ...int) *Connection[int] {
	edges := make([]*Edge[int], len(nodes))
	for i, n := range nodes {
		edges[i] = &Edge[int]{Node: n}
	}
	return NewConnection(edges, Info{}, nil)
}

func TestKinAreTheNodesThatWereJoined(t *testing.T) {
	t.Parallel()
	a, b, alone := connection(1, 2), connection(3), connection(4)
	if len(a.Kin()) != 2 || a.Memo() == b.Memo() {
		t.Error("connections are kin before they are joined")
	}
	Join(a, b)
	if len(a.Kin()) != 3 || len(b.Kin()) != 3 || a.Memo() != b.Memo() || alone.Memo() == a.Memo() {
		t.Errorf("kin are %v and %v", a.Kin(), b.Kin())
	}
}

func TestMemoDoesThingsOnce(t *testing.T) {
	t.Parallel()
	var m Memo
	var calls atomic.Int32
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if v, err := m.Do("a", func() (any, error) { calls.Add(1); return 7, nil }); v != 7 || err != nil {
				t.Errorf("a is %v, %v", v, err)
			}
			if _, err := m.Do("b", func() (any, error) { calls.Add(1); return nil, boom }); !errors.Is(err, boom) {
				t.Errorf("b fails with %v", err)
			}
		})
	}
	wg.Wait()
	if calls.Load() != 2 {
		t.Errorf("two things were done in %d calls", calls.Load())
	}
	if v, ok := m.Peek("a"); !ok || v != 7 {
		t.Errorf("a is %v, %v", v, ok)
	}
	for _, key := range []string{"b", "c"} {
		if _, ok := m.Peek(key); ok {
			t.Errorf("%s is there", key)
		}
	}
}
