package transport

// queue is what waits to be written to one socket, under the socket's lock. Frames are shared between sockets. Putting one in
// never waits: a full queue says no, and its socket is ended, so a slow client costs a bounded amount of memory and nobody
// else's time. While it is empty it holds no memory, and none beside the socket's own while one frame waits.
type queue struct {
	first []byte
	more  [][]byte
	bytes int
}

func (q *queue) len() int {
	if q.first == nil {
		return 0
	}
	return 1 + len(q.more)
}

// put reports whether the frame was taken. A single frame above the bytes is taken when nothing else waits: the size of one
// response is bounded elsewhere.
func (q *queue) put(frame []byte, o *SocketOptions) bool {
	if q.first == nil {
		q.first, q.bytes = frame, len(frame)
		return true
	}
	if q.len() >= o.QueueFrames || q.bytes+len(frame) > o.QueueBytes {
		return false
	}
	q.more = append(q.more, frame)
	q.bytes += len(frame)
	return true
}

// take moves frames out, oldest first, up to most bytes and at least one, as one piece; into is used to put several together.
func (q *queue) take(into []byte, most int) (data, used []byte) {
	if len(q.more) == 0 {
		data = q.first
		*q = queue{}
		return data, into
	}
	into = append(into[:0], q.first...)
	n := 0
	for n < len(q.more) && len(into)+len(q.more[n]) <= most {
		into = append(into, q.more[n]...)
		n++
	}
	q.bytes -= len(into)
	if n == len(q.more) {
		*q = queue{}
		return into, into
	}
	q.first = q.more[n]
	clear(q.more[:n+1])
	q.more = q.more[n+1:]
	return into, into
}

// half reports whether the queue is at most half full.
func (q *queue) half(o *SocketOptions) bool {
	return q.len() <= o.QueueFrames/2 && q.bytes <= o.QueueBytes/2
}
