package transport

import "sync"

// crew does tasks on goroutines that there are only while there is something to do, and at most so many of. A task is in the
// line once for each add; who adds one sees to it that it is not there twice.
type crew[T any] struct {
	do   func([]T) // does tasks, one after the other; what one worker needs for all of them it makes once
	most int

	mu      sync.Mutex
	line    []T
	working int
	busy    sync.WaitGroup
}

// bite is how many tasks a worker takes out of the line at a time, so that many small ones do not queue for the lock.
const bite = 16

func newCrew[T any](most int, do func([]T)) *crew[T] { return &crew[T]{do: do, most: most} }

// add puts tasks at the end of the line.
func (c *crew[T]) add(tasks ...T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = append(c.line, tasks...)
	for wanted := min(len(c.line), c.most) - c.working; wanted > 0; wanted-- {
		c.working++
		c.busy.Add(1)
		go c.work()
	}
}

func (c *crew[T]) work() {
	defer c.busy.Done()
	var mine [bite]T
	for {
		n := c.take(mine[:])
		if n == 0 {
			return
		}
		c.do(mine[:n])
		clear(mine[:n])
	}
}

// take moves tasks out of the line, a fair part of it, or counts the worker out.
func (c *crew[T]) take(into []T) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(into), (len(c.line)+c.most-1)/c.most)
	copy(into, c.line[:n])
	clear(c.line[:n])
	if c.line = c.line[n:]; len(c.line) == 0 {
		c.line = nil // gives the memory of a crowd back
	}
	if n == 0 {
		c.working--
	}
	return n
}

// wait returns when nobody works. Nothing may be added meanwhile.
func (c *crew[T]) wait() { c.busy.Wait() }
