package tenancy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
)

// errProtocol means that the server answered with something a wrapped statement cannot get. The connection
// is unusable afterwards.
var errProtocol = errors.New("tenancy: the server's answer does not fit the statement")

// scopeOf is what the next statement is wrapped in.
type scopeOf struct {
	begin  string // BEGIN with its modes; empty: the statement goes as it is
	tenant int64
	commit bool // end the transaction behind the statement
}

// wire is the network connection below lib/pq. As a rule it passes bytes through. Once armed, it sends
// BEGIN and SET LOCAL before the driver's next write and, for a statement of its own, COMMIT behind it, all
// in one write; then it hides the answers to what it added, so that lib/pq sees one plain statement.
//
// A statement in the extended protocol is joined with its frame into one series that ends in a single
// Sync: the server answers once, and after an error skips the rest of the series. When that leaves the
// transaction open, the wire rolls it back before it reports ready. A simple query cannot join a series,
// so it travels between two simple queries and their ready messages are hidden.
//
// The wire belongs to one connection and is used by one goroutine at a time, like the connection itself.
type wire struct {
	net.Conn           // clear text; TLS, if any, is below
	sock      net.Conn // what alive looks at
	encrypted bool

	next  scopeOf
	names names
	out   []byte
	sent  bool  // bytes of the current statement have left
	fault error // first failure of the network or the protocol

	in   []byte // read from the server, not yet judged or passed on: in[r:w]
	r, w int
	sieve
}

const wireBuffer = 8 << 10

func newWire(clear, sock net.Conn, encrypted bool) *wire {
	return &wire{Conn: clear, sock: sock, encrypted: encrypted, in: make([]byte, wireBuffer)}
}

// arm wraps the next write.
func (w *wire) arm(s scopeOf) { w.next = s }

// disarm takes back an arm that no write has used, and reports whether there was one.
func (w *wire) disarm() bool {
	unused := w.next.begin != ""
	w.next = scopeOf{}
	return unused
}

// settled reports whether every answer expected has been read.
func (w *wire) settled() bool { return w.fault == nil && w.sieve.phase == phaseOff }

// Write sends p, wrapped if armed. It never sends a scoped statement in part: either the frame and the
// statement go together or the error comes before a byte.
func (w *wire) Write(p []byte) (int, error) {
	if w.fault != nil {
		return 0, w.fault
	}
	if w.next.begin == "" {
		n, err := w.send(p)
		return n, err
	}
	s := w.next
	w.next = scopeOf{}
	b, err := w.wrap(w.out[:0], s, p)
	if err != nil {
		w.fault = err
		return 0, err
	}
	if cap(b) <= 64<<10 { // a bulk insert must not pin its buffer to the connection
		w.out = b
	}
	n, err := w.send(b)
	return min(n, len(p)), err
}

func (w *wire) send(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.sent = w.sent || n > 0
	if err != nil {
		w.fault = err
	}
	return n, err
}

// wrap appends p in its frame to b and tells the sieve what answers to expect.
func (w *wire) wrap(b []byte, s scopeOf, p []byte) ([]byte, error) {
	if len(p) < headSize || w.sieve.phase != phaseOff {
		return nil, fmt.Errorf("%w: a statement was sent while another is open", errProtocol)
	}
	switch p[0] {
	case msgQuery:
		b, at := start(b, msgQuery)
		b = append(append(b, s.begin...), "; "...)
		b = seal(append(appendSetLocal(b, s.tenant), 0), at)
		b = append(b, p...)
		if s.commit {
			b = appendQuery(b, "COMMIT")
		}
		w.sieve.expectSimple(s.commit)
		return b, nil
	case msgParse, msgBind:
		body := len(p) - len(syncMessage)
		if string(p[body:]) != string(syncMessage[:]) {
			break
		}
		b = w.appendSeries(b, s, p[:body])
		w.sieve.expectSeries(s.commit)
		return append(b, syncMessage[:]...), nil
	}
	return nil, fmt.Errorf("%w: message %q cannot be scoped", errProtocol, p[0])
}

func (w *wire) appendSeries(b []byte, s scopeOf, body []byte) []byte {
	b = w.names.appendTenant(w.names.appendBegin(b, s.begin), s.tenant)
	b = append(b, body...)
	if s.commit {
		b = w.names.appendCommit(b)
	}
	return b
}

// Read gives lib/pq the answers to its own messages.
func (w *wire) Read(p []byte) (int, error) {
	for {
		if n := w.pass(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if w.fault != nil {
			return 0, w.fault
		}
		if w.sieve.reset {
			if err := w.rollback(); err != nil {
				return 0, err
			}
			continue
		}
		if n, err := w.fill(p); n > 0 || err != nil {
			return n, err
		}
	}
}

// pass copies what lib/pq may see of in[r:w] to p.
func (w *wire) pass(p []byte) int {
	n, r, err := w.sieve.filter(p, w.in[w.r:w.w])
	w.r += r
	if err != nil && w.fault == nil {
		w.fault = err
	}
	return n
}

// fill reads from the server: straight into p when all of it will be passed on, else into the buffer.
func (w *wire) fill(p []byte) (int, error) {
	if w.r == w.w {
		w.r, w.w = 0, 0
		if k := w.sieve.through(len(p)); k > 0 {
			n, err := w.Conn.Read(p[:k])
			w.sieve.took(n)
			return n, w.failed(n, err)
		}
	} else if w.r > 0 {
		w.w = copy(w.in, w.in[w.r:w.w])
		w.r = 0
	}
	n, err := w.Conn.Read(w.in[w.w:])
	w.w += n
	return 0, w.failed(n, err)
}

// failed keeps err for later calls; bytes that came with it are served first.
func (w *wire) failed(n int, err error) error {
	if err == nil {
		return nil
	}
	w.fault = err
	if n > 0 {
		return nil
	}
	return err
}

// rollback ends the transaction that a failed series has left open. Its ready message replaces the one
// held back, so the statement costs a second round trip, and only then.
func (w *wire) rollback() error {
	w.sieve.expectRollback()
	_, err := w.send(appendQuery(w.out[:0], "ROLLBACK"))
	return err
}

// prepareEnds prepares BEGIN and COMMIT on a fresh connection, which spares parsing them for every statement.
func (w *wire) prepareEnds() error {
	b := appendParse(appendParse(w.out[:0], nameBegin, "BEGIN"), nameCommit, "COMMIT")
	if _, err := w.send(append(b, syncMessage[:]...)); err != nil {
		return err
	}
	for want := 2; ; {
		for w.w-w.r < headSize {
			if _, err := w.fill(nil); err != nil {
				return err
			}
		}
		size := 1 + int(binary.BigEndian.Uint32(w.in[w.r+1:]))
		if size > len(w.in) {
			return fmt.Errorf("%w: %d bytes for Parse", errProtocol, size)
		}
		for w.w-w.r < size {
			if _, err := w.fill(nil); err != nil {
				return err
			}
		}
		kind := w.in[w.r]
		w.r += size
		switch kind {
		case msgParseComplete:
			want--
		case msgError:
			return fmt.Errorf("%w: BEGIN and COMMIT cannot be prepared", errProtocol)
		case msgReady:
			w.names.ends = want == 0
			return nil
		}
	}
}
