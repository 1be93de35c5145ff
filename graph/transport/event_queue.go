package transport

import "sync"

// eventStream is what waits to be written to one event stream. It never makes anybody wait; a stream whose client is too slow
// for it ends without complete, and the client comes back for the rest.
type eventStream struct {
	server *Server
	wake   chan struct{} // holds a token while there may be something

	mu      sync.Mutex
	text    [][]byte
	bytes   int
	last    bool     // nothing follows text
	closed  bool     // nobody takes anything any more
	waiting []func() // want to know when there is room
	member  *member
}

var _ sink = (*eventStream)(nil)

func (e *eventStream) deliver(d *delivery, _ *touched) {
	lines := d.lines()
	e.mu.Lock()
	defer e.mu.Unlock()
	o := &e.server.options.Socket
	switch {
	case e.closed || e.last:
		return
	case len(e.text) > 0 && (len(e.text) >= o.QueueFrames || e.bytes+len(lines) > o.QueueBytes):
		e.text, e.bytes, e.last = nil, 0, true
	default:
		e.text = append(e.text, lines)
		e.bytes += len(lines)
		e.last = d.over
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// take moves everything out. Last says that nothing follows.
func (e *eventStream) take() (text []byte, last bool) {
	e.mu.Lock()
	lines, waiting := e.text, e.waiting
	last = e.last
	e.text, e.bytes, e.waiting = nil, 0, nil
	e.mu.Unlock()
	for _, call := range waiting {
		call()
	}
	if len(lines) == 1 {
		return lines[0], last
	}
	for _, l := range lines {
		text = append(text, l...)
	}
	return text, last
}

func (e *eventStream) roomy(call func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := &e.server.options.Socket
	if e.closed || len(e.text) <= o.QueueFrames/2 && e.bytes <= o.QueueBytes/2 {
		return true
	}
	e.waiting = append(e.waiting, call)
	return false
}

func (e *eventStream) joined(m *member) {
	e.mu.Lock()
	e.member = m
	closed := e.closed
	e.mu.Unlock()
	if closed {
		m.leave()
	}
}

// close ends the stream, and its membership if there is one.
func (e *eventStream) close() {
	e.mu.Lock()
	e.closed, e.text = true, nil
	m, waiting := e.member, e.waiting
	e.waiting = nil
	e.mu.Unlock()
	if m != nil {
		m.leave()
	}
	for _, call := range waiting {
		call()
	}
}
