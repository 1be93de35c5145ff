package transport

import (
	"context"
	"testing"
)

func TestOutboxBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ frames, bytes, size, taken int }{
		"frames":           {4, 1000, 10, 4},
		"bytes":            {100, 40, 10, 4},
		"one large alone":  {100, 40, 50, 1},
		"exactly the size": {100, 40, 40, 1},
	} {
		b := newOutbox(c.frames, c.bytes)
		taken := 0
		for b.push(make([]byte, c.size)) {
			taken++
		}
		if taken != c.taken {
			t.Errorf("%s: %d taken, want %d", name, taken, c.taken)
		}
		for range taken {
			if len(b.pop()) != c.size {
				t.Errorf("%s: a frame is missing", name)
			}
		}
		if b.pop() != nil || b.bytes != 0 || !b.push(make([]byte, c.size)) {
			t.Errorf("%s: the box did not empty", name)
		}
	}
}

// TestOutboxReady holds that a producer waits above half and goes on below, or when it is told to stop.
func TestOutboxReady(t *testing.T) {
	t.Parallel()
	b := newOutbox(4, 1000)
	for range 3 {
		b.push([]byte("x"))
	}
	ready := make(chan bool)
	go func() { ready <- b.ready(t.Context()) }()
	b.pop()
	if !<-ready {
		t.Error("not ready at half")
	}
	b.push([]byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ready <- b.ready(ctx) }()
	cancel()
	if <-ready {
		t.Error("ready above half")
	}
}
