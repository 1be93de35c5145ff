package transport

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestQueueBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ frames, bytes, size, taken int }{
		"frames":           {4, 1000, 10, 4},
		"bytes":            {100, 40, 10, 4},
		"one large alone":  {100, 40, 50, 1},
		"exactly the size": {100, 40, 40, 1},
	} {
		o := &SocketOptions{QueueFrames: c.frames, QueueBytes: c.bytes}
		q, taken := queue{}, 0
		for q.put(bytes.Repeat([]byte{byte('a' + taken)}, c.size), o) {
			taken++
		}
		if taken != c.taken {
			t.Errorf("%s: %d taken, want %d", name, taken, c.taken)
		}
		var got, buffer []byte
		for q.len() > 0 {
			var data []byte
			data, buffer = q.take(buffer, 25)
			if len(data) > max(25, c.size) {
				t.Errorf("%s: %d bytes at once", name, len(data))
			}
			got = append(got, data...)
		}
		for i := range taken {
			if !bytes.Equal(got[i*c.size:(i+1)*c.size], bytes.Repeat([]byte{byte('a' + i)}, c.size)) {
				t.Errorf("%s: frame %d is not there", name, i)
			}
		}
		if len(got) != taken*c.size || q.bytes != 0 || q.more != nil || !q.put(make([]byte, c.size), o) {
			t.Errorf("%s: the queue did not empty: %+v", name, q)
		}
	}
}

// TestCrewsGoHome: every task is done once, by no more workers than there may be, and nobody stays.
func TestCrewsGoHome(t *testing.T) {
	t.Parallel()
	var working, most, done atomic.Int32
	c := newCrew(3, func(tasks []int) {
		now := working.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		done.Add(int32(len(tasks)))
		working.Add(-1)
	})
	var adding sync.WaitGroup
	for range 4 {
		adding.Go(func() {
			for i := range 500 {
				c.add(i, i)
			}
		})
	}
	adding.Wait()
	c.wait()
	if done.Load() != 4000 || most.Load() > 3 || c.working != 0 || c.line != nil {
		t.Errorf("%d of 4000 tasks, %d workers, %d still there", done.Load(), most.Load(), c.working)
	}
}

// alarm counts what it is told.
type alarm struct {
	wheel *wheel
	pin   pin
	at    []time.Duration
	again time.Duration
	times int
	rang  chan struct{}
}

func (a *alarm) due(now time.Duration) {
	a.at = append(a.at, now)
	if a.times--; a.times > 0 {
		a.wheel.set(&a.pin, now+a.again)
		return
	}
	a.rang <- struct{}{}
}

func (a *alarm) drain(time.Duration) {}

// TestTheWheelTurns: nothing is early, what is set again comes again, what is beyond a round too, and it stands still in the end.
func TestTheWheelTurns(t *testing.T) {
	t.Parallel()
	w := newWheel(100 * time.Microsecond)
	set := func(at, again time.Duration, times int) *alarm {
		a := &alarm{wheel: w, again: again, times: times, rang: make(chan struct{}, 1)}
		a.pin.owner = a
		w.set(&a.pin, at)
		return a
	}
	now := w.now()
	soon, often, far := set(now, 0, 1), set(now+time.Millisecond, time.Millisecond, 5), set(now+spokes*w.tick+3*time.Millisecond, 0, 1)
	never := set(now+time.Hour, 0, 1)
	dropped := set(now+2*time.Millisecond, 0, 1)
	w.drop(&dropped.pin)
	w.set(&dropped.pin, now+time.Hour) // moved
	for _, a := range []*alarm{soon, often, far} {
		<-a.rang
	}
	if len(often.at) != 5 || often.at[4] < now+5*time.Millisecond || far.at[0] < now+spokes*w.tick+3*time.Millisecond {
		t.Errorf("rang at %v and %v, begun at %v", often.at, far.at, now)
	}
	if n := len(w.all()); n != 2 || len(never.at)+len(dropped.at) != 0 {
		t.Errorf("%d are left", n)
	}
	w.drop(&never.pin)
	w.drop(&dropped.pin)
	w.stopped.Wait()
	again := set(w.now()+time.Millisecond, 0, 1)
	<-again.rang
	w.stopped.Wait()
}
