package wire

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Message is one message of a peer, its frames put together, or a control frame.
type Message struct {
	Kind Kind
	Data []byte // the receiver's to keep
}

// Error is what a peer did that ends its connection, with the code and the reason to close it with.
type Error struct {
	Code   int
	Reason string
}

// Error says what was wrong.
func (e *Error) Error() string { return "websocket: " + e.Reason }

func protocol(reason string) *Error { return &Error{CodeProtocol, "Protocol error: " + reason} }

// headRoom is what a Reader reads at least: the frames that idle clients send, pings and pongs, in one go.
const headRoom = 64

// firstBytes is what is set aside for a payload before any of it has come. A frame may claim to be long and never come.
const firstBytes = 4 << 10

// Reader reads the messages of a peer. It is for one goroutine, and holds nothing but headRoom bytes between messages.
type Reader struct {
	from    io.Reader
	most    int64
	at, end uint8
	kind    Kind   // of the message whose parts are coming
	parts   []byte // so far
	head    [headRoom]byte
}

// NewReader reads messages of at most most bytes. Rest are bytes that have been read already.
func NewReader(from io.Reader, most int64, rest []byte) *Reader {
	if len(rest) > 0 {
		from = io.MultiReader(bytes.NewReader(rest), from)
	}
	return &Reader{from: from, most: most}
}

// Next waits for a message. It fails with an *Error for what a peer may not send, and otherwise as the connection does;
// either is the end.
func (r *Reader) Next() (Message, error) {
	for {
		f, err := r.frame()
		if err != nil {
			return Message{}, err
		}
		if f.kind.control() {
			data, err := r.payload(nil, f)
			return Message{f.kind, data}, err
		}
		if r.parts, err = r.payload(r.parts, f); err != nil {
			return Message{}, err
		}
		if f.kind != Continuation {
			r.kind = f.kind
		}
		if f.final {
			m := Message{r.kind, r.parts}
			r.kind, r.parts = 0, nil
			return m, nil
		}
	}
}

// frame is the head of one.
type frame struct {
	kind  Kind
	final bool
	size  int64
	mask  [4]byte
}

func (r *Reader) frame() (f frame, err error) {
	if err = r.need(2); err != nil {
		return f, err
	}
	first, second := r.head[r.at], r.head[r.at+1]
	f.kind, f.final = Kind(first&0x0F), first&final != 0
	more, short := 0, int64(second&^masked)
	switch {
	case first&reserved != 0:
		return f, protocol("a reserved bit is set")
	case !f.kind.known():
		return f, protocol("unknown kind of frame")
	case second&masked == 0:
		return f, protocol("the frame is not masked")
	case f.kind.control() && (!f.final || short > maxControl):
		return f, protocol("a control frame is long or in parts")
	case f.kind == Continuation && r.kind == 0:
		return f, protocol("a continuation of nothing")
	case (f.kind == Text || f.kind == Binary) && r.kind != 0:
		return f, protocol("a message within a message")
	case short == length16:
		more = 2
	case short == length64:
		more = 8
	}
	if err = r.need(2 + more + 4); err != nil {
		return f, err
	}
	head := r.head[r.at:]
	switch f.size = short; more {
	case 2:
		f.size = int64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		f.size = int64(binary.BigEndian.Uint64(head[2:]))
	}
	if f.size < 0 || more == 2 && f.size < length16 || more == 8 && f.size < 1<<16 {
		return f, protocol("a length is not written as it must be")
	}
	if !f.kind.control() && f.size > r.most-int64(len(r.parts)) {
		return f, &Error{CodeTooBig, "Message too big"}
	}
	copy(f.mask[:], head[2+more:])
	r.at += uint8(2 + more + 4)
	return f, nil
}

// need waits until n bytes are in the head.
func (r *Reader) need(n int) error {
	if int(r.at)+n > headRoom {
		copy(r.head[:], r.head[r.at:r.end])
		r.at, r.end = 0, r.end-r.at
	}
	for int(r.end-r.at) < n {
		if r.at == r.end {
			r.at, r.end = 0, 0
		}
		got, err := r.from.Read(r.head[r.end:])
		r.end += uint8(got)
		if err != nil && int(r.end-r.at) < n {
			if err == io.EOF && r.end > r.at {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// payload appends a frame's payload to a message, which grows as it comes.
func (r *Reader) payload(to []byte, f frame) ([]byte, error) {
	from, left := len(to), f.size
	if to == nil && left > 0 {
		to = make([]byte, 0, min(left, firstBytes))
	}
	held := min(left, int64(r.end-r.at))
	to = append(to, r.head[r.at:int64(r.at)+held]...)
	r.at += uint8(held)
	for left -= held; left > 0; {
		if len(to) == cap(to) {
			to = append(to, 0)[:len(to)] // grows as append does
		}
		room := to[len(to):min(int64(cap(to)), int64(len(to))+left)]
		got, err := r.from.Read(room)
		to, left = to[:len(to)+got], left-int64(got)
		if err != nil && left > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return to, err
		}
	}
	unmask(to[from:], f.mask)
	return to, nil
}

// unmask takes the mask off, eight bytes at a time.
func unmask(data []byte, mask [4]byte) {
	word := binary.LittleEndian.Uint32(mask[:])
	wide := uint64(word)<<32 | uint64(word)
	for len(data) >= 8 {
		binary.LittleEndian.PutUint64(data, binary.LittleEndian.Uint64(data)^wide)
		data = data[8:]
	}
	for i := range data {
		data[i] ^= mask[i&3]
	}
}
