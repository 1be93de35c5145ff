package transport

import (
	"bytes"
	"runtime"
	"sync"
	"time"

	"heyue/graph/transport/wire"
	"heyue/platform/clock"
)

// mostAtOnce is how many bytes of frames that have piled up go out in one write. It is no setting: more brings nothing.
const mostAtOnce = 64 << 10

// put queues a frame; a full queue ends the socket.
func (k *socket) put(frame []byte) *closing {
	k.mu.Lock()
	taken, wake := k.enqueue(frame)
	k.mu.Unlock()
	if wake {
		k.server.pens.add(k)
	}
	if !taken {
		return &closing{closeTryAgainLater, "Too slow"}
	}
	return nil
}

// enqueue queues a frame and tells whether the caller must see to its writing; mu is held. A socket that has ended takes
// anything and keeps nothing.
func (k *socket) enqueue(frame []byte) (taken, wake bool) {
	if k.ended {
		return true, false
	}
	if !k.out.put(frame, &k.server.options.Socket) {
		return false, false
	}
	return true, k.claim()
}

// claim makes the caller the one who sees to the writing, unless somebody does; mu is held.
func (k *socket) claim() bool {
	if k.writing {
		return false
	}
	k.writing = true
	k.running.Add(1)
	return true
}

// flush writes what is queued without waiting. What the connection does not take at once goes on in a goroutine of its own,
// so that a slow client holds up nobody.
func (k *socket) flush(p *pen) {
	for {
		data, over := k.next(p)
		if over {
			return
		}
		n, err := p.write(k.raw, data)
		if err != nil {
			k.close()
			continue
		}
		if n < len(data) {
			rest := bytes.Clone(data[n:])
			go k.flushSlowly(rest)
			return
		}
	}
}

// next takes out what is to be written, or ends the writing: for good when the socket has ended, after which the client is
// to hang up.
func (k *socket) next(p *pen) (data []byte, over bool) {
	k.mu.Lock()
	if k.dead || k.out.len() == 0 {
		k.writing = false
		if c, ok := k.conn.(interface{ CloseWrite() error }); ok && k.ended && !k.dead {
			_ = c.CloseWrite() // the reader notices what comes of it
		}
		k.mu.Unlock()
		k.running.Done()
		return nil, true
	}
	data, p.buffer = k.out.take(p.buffer, mostAtOnce)
	var waiting []func()
	if k.out.half(&k.server.options.Socket) {
		waiting, k.waiting = k.waiting, nil
	}
	k.mu.Unlock()
	for _, call := range waiting {
		call()
	}
	return data, false
}

// flushSlowly finishes a write that has to wait, for as long as one may take, and gives the socket back to the pens.
func (k *socket) flushSlowly(rest []byte) {
	k.mu.Lock()
	deadline := clock.System{}.Now().Add(k.server.options.WriteTimeout)
	if k.ended {
		deadline = k.times.grace
	}
	k.slow = true
	_ = k.conn.SetWriteDeadline(deadline) // the write tells
	k.mu.Unlock()
	_, err := k.conn.Write(rest)
	if err != nil {
		k.close()
	}
	k.mu.Lock()
	k.slow = false
	_ = k.conn.SetWriteDeadline(time.Time{})
	k.mu.Unlock()
	k.server.pens.add(k)
}

// roomy reports whether the queue is at most half full. If not, call is called once when it is, or when the socket has ended.
func (k *socket) roomy(call func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended || k.out.half(&k.server.options.Socket) {
		return true
	}
	k.waiting = append(k.waiting, call)
	return false
}

// newPens write what waits in sockets. Pens are kept while there is much to write; the garbage collector takes them when
// there is not.
func newPens() *crew[*socket] {
	kept := sync.Pool{New: func() any { return newPen() }}
	return newCrew(2*runtime.GOMAXPROCS(0), func(sockets []*socket) {
		p := kept.Get().(*pen)
		for _, k := range sockets {
			k.flush(p)
		}
		kept.Put(p)
	})
}

// last puts a frame in whatever waits.
func (q *queue) last(frame []byte) {
	if q.first == nil {
		q.first = frame
	} else {
		q.more = append(q.more, frame)
	}
	q.bytes += len(frame)
}

// textFrame is a message of the protocol on the wire.
func textFrame(kind, id string, payload []byte) []byte {
	return wire.Frame(wire.Text, frame(kind, id, payload))
}
