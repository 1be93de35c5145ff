package transport

import (
	"context"
	"sync"
)

// outbox is what waits to be written to one socket. Putting a frame in never blocks: a full box says no,
// and its socket is ended, so a slow client costs a bounded amount of memory and nobody else's time.
// Producers that can wait, such as a query replaying a log, use ready before they make the next frame.
type outbox struct {
	mu        sync.Mutex
	frames    [][]byte
	bytes     int
	maxFrames int
	maxBytes  int
	wake      chan struct{} // holds a token while there may be frames
	room      chan struct{} // closed when the box has emptied to half; nil when nobody waits
}

func newOutbox(frames, bytes int) *outbox {
	return &outbox{maxFrames: frames, maxBytes: bytes, wake: make(chan struct{}, 1)}
}

// push reports whether the frame was taken. A single frame above maxBytes is taken when nothing else
// waits: the size of one response is bounded elsewhere.
func (b *outbox) push(frame []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.frames) > 0 && (len(b.frames) >= b.maxFrames || b.bytes+len(frame) > b.maxBytes) {
		return false
	}
	b.frames = append(b.frames, frame)
	b.bytes += len(frame)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return true
}

// pop takes the oldest frame out, or returns nil.
func (b *outbox) pop() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.frames) == 0 {
		return nil
	}
	frame := b.frames[0]
	b.frames[0] = nil
	b.frames = b.frames[1:]
	b.bytes -= len(frame)
	if len(b.frames) == 0 {
		b.frames = nil // gives the memory of a burst back
	}
	if b.room != nil && b.half() {
		close(b.room)
		b.room = nil
	}
	return frame
}

// half reports whether the box is at most half full.
func (b *outbox) half() bool { return len(b.frames) <= b.maxFrames/2 && b.bytes <= b.maxBytes/2 }

// ready waits until the box is at most half full. It reports false when ctx ended first.
func (b *outbox) ready(ctx context.Context) bool {
	for {
		b.mu.Lock()
		if b.half() {
			b.mu.Unlock()
			return ctx.Err() == nil
		}
		if b.room == nil {
			b.room = make(chan struct{})
		}
		room := b.room
		b.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return false
		}
	}
}
