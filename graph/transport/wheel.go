package transport

import (
	"sync"
	"time"

	"heyue/platform/clock"
)

// spokes is how many ticks a wheel has before it comes round. A deadline beyond that stays where it is for another turn.
const spokes = 512

// wheel keeps the deadlines of all sockets: one goroutine and one ticker for all of them, and none while there are none. The
// machine's time counts, whatever Options.Clock shows.
type wheel struct {
	tick  time.Duration
	start time.Time

	mu      sync.Mutex
	slots   [spokes]*pin
	turned  int64 // ticks that are over
	pins    int
	turning bool
	stopped sync.WaitGroup
}

// pin is one deadline on a wheel.
type pin struct {
	at         int64 // the tick, when it is on the wheel
	on         bool
	next, prev *pin
	owner      interface { // called without any lock, with times since the wheel's start
		due(now time.Duration)
		drain(after time.Duration)
	}
}

func newWheel(tick time.Duration) *wheel {
	return &wheel{tick: tick, start: clock.System{}.Now()}
}

// now is the time since the wheel's start.
func (w *wheel) now() time.Duration { return clock.System{}.Now().Sub(w.start) }

// set moves a pin to a time since the wheel's start, rounded up to a tick.
func (w *wheel) set(p *pin, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(p)
	if !w.turning { // it has stood still
		w.turned = int64(w.now() / w.tick)
	}
	p.at = max(int64((at+w.tick-1)/w.tick), w.turned+1)
	slot := &w.slots[p.at%spokes]
	p.on, p.prev, p.next = true, nil, *slot
	if p.next != nil {
		p.next.prev = p
	}
	*slot = p
	w.pins++
	if !w.turning {
		w.turning = true
		w.stopped.Add(1)
		go w.turn()
	}
}

// drop takes a pin off.
func (w *wheel) drop(p *pin) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(p)
}

func (w *wheel) take(p *pin) {
	if !p.on {
		return
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		w.slots[p.at%spokes] = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	}
	p.on, p.prev, p.next = false, nil, nil
	w.pins--
}

// each calls for every pin there is.
func (w *wheel) each(do func(*pin)) {
	for _, p := range w.all() {
		do(p)
	}
}

func (w *wheel) all() []*pin {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*pin, 0, w.pins)
	for _, p := range w.slots {
		for ; p != nil; p = p.next {
			list = append(list, p)
		}
	}
	return list
}

// turn goes round until the wheel is empty.
func (w *wheel) turn() {
	defer w.stopped.Done()
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	for range ticker.C {
		due, empty := w.advance(int64(w.now() / w.tick))
		for _, p := range due {
			p.owner.due(time.Duration(p.at) * w.tick)
		}
		if empty {
			return
		}
	}
}

// advance takes off what is due by a tick; ticks that the machine has slept through are made up for.
func (w *wheel) advance(to int64) (due []*pin, empty bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := max(w.turned+1, to-spokes+1) // once round is everything
	for t := from; t <= to; t++ {
		for p := w.slots[t%spokes]; p != nil; {
			next := p.next
			if p.at <= to {
				w.take(p)
				due = append(due, p)
			}
			p = next
		}
	}
	w.turned = max(w.turned, to)
	if w.pins == 0 && len(due) == 0 {
		w.turning = false
		return nil, true
	}
	return due, false
}
