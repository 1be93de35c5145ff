package ocds

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

// entry notes where one release or record lies and which process it belongs to.
type entry struct {
	ocid    string
	offset  int64
	length  int64
	line    int64
	element int64
	flaw    flaw
}

// entryOverhead is what an entry costs in memory beside its ocid, about.
const entryOverhead = 72

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.ocid, b.ocid), cmp.Compare(a.offset, b.offset))
}

// index sorts entries by ocid and place. It holds at most limit bytes of them; the rest waits in sorted runs
// in one temporary file, merged when they are read.
type index struct {
	limit   int64
	dir     string
	held    []entry
	size    int64
	spill   *os.File
	written int64
	runs    []span
	sources cursors
	indexed int64 // bytes of input that entries point to
}

type span struct{ from, to int64 }

func (x *index) add(e entry) error {
	x.held = append(x.held, e)
	x.size += entryOverhead + int64(len(e.ocid))
	x.indexed += e.length
	if x.size < x.limit {
		return nil
	}
	return x.flush()
}

// flush writes what is held as one more run.
func (x *index) flush() error {
	if x.spill == nil {
		f, err := os.CreateTemp(x.dir, "heyue-ocds-index-*")
		if err != nil {
			return err
		}
		x.spill = f
	}
	slices.SortFunc(x.held, compareEntries)
	w := &countingWriter{w: bufio.NewWriterSize(io.NewOffsetWriter(x.spill, x.written), 64<<10)}
	var b []byte
	for _, e := range x.held {
		b = e.encode(b[:0])
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	x.runs = append(x.runs, span{x.written, x.written + w.n})
	x.written += w.n
	clear(x.held)
	x.held, x.size = x.held[:0], 0
	return nil
}

// sort ends adding and makes next usable. When a run was spilled, the memory of the notes is given back.
func (x *index) sort() error {
	if len(x.runs) == 0 {
		slices.SortFunc(x.held, compareEntries)
		x.sources = cursors{{held: x.held}}
	} else {
		if err := x.flush(); err != nil {
			return err
		}
		x.held = nil
		room := min(64<<10, max(4<<10, int(x.limit)/len(x.runs)))
		for _, run := range x.runs {
			r := io.NewSectionReader(x.spill, run.from, run.to-run.from)
			x.sources = append(x.sources, &cursor{r: bufio.NewReaderSize(r, room)})
		}
	}
	return x.start()
}

func (x *index) start() error {
	live := x.sources[:0]
	for _, c := range x.sources {
		switch err := c.advance(); {
		case err == nil:
			live = append(live, c)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	x.sources = live
	heap.Init(&x.sources)
	return nil
}

// peek returns the next entry without taking it; ok is false at the end.
func (x *index) peek() (entry, bool) {
	if len(x.sources) == 0 {
		return entry{}, false
	}
	return x.sources[0].at, true
}

// take drops the entry that peek showed.
func (x *index) take() error {
	switch err := x.sources[0].advance(); {
	case err == nil:
		heap.Fix(&x.sources, 0)
	case errors.Is(err, io.EOF):
		heap.Pop(&x.sources)
	default:
		return err
	}
	return nil
}

func (x *index) close() error { return discard(x.spill) }

// discard closes and removes a temporary file; nil is none.
func discard(f *os.File) error {
	if f == nil {
		return nil
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// cursor walks one sorted run, in memory or in the file.
type cursor struct {
	held []entry
	r    *bufio.Reader
	at   entry
}

func (c *cursor) advance() error {
	if c.r != nil {
		return c.at.decode(c.r)
	}
	if len(c.held) == 0 {
		return io.EOF
	}
	c.at, c.held = c.held[0], c.held[1:]
	return nil
}

// cursors is a heap of runs, the one with the least entry on top.
type cursors []*cursor

func (h cursors) Len() int           { return len(h) }
func (h cursors) Less(i, j int) bool { return compareEntries(h[i].at, h[j].at) < 0 }
func (h cursors) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *cursors) Push(v any) { *h = append(*h, v.(*cursor)) }

// Pop implements heap.Interface.
func (h *cursors) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (e entry) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.ocid)))
	b = append(b, e.ocid...)
	for _, v := range []int64{e.offset, e.length, e.line, e.element} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return append(b, byte(e.flaw))
}

// decode returns io.EOF only between entries.
func (e *entry) decode(r *bufio.Reader) error {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return err
	}
	id := make([]byte, n)
	if _, err := io.ReadFull(r, id); err != nil {
		return noEOF(err)
	}
	e.ocid = string(id)
	for _, p := range []*int64{&e.offset, &e.length, &e.line, &e.element} {
		v, err := binary.ReadUvarint(r)
		if err != nil {
			return noEOF(err)
		}
		*p = int64(v)
	}
	f, err := r.ReadByte()
	e.flaw = flaw(f)
	return noEOF(err)
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

type countingWriter struct {
	w *bufio.Writer
	n int64
}

// Write implements io.Writer.
func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
