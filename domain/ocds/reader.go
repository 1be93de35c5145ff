package ocds

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"heyue/platform/fault"
)

// Reader gives the processes of one input, one at a time. Its methods are for one goroutine, except Progress
// and Close, which any may call at any time.
type Reader struct {
	opt     Options
	src     *source
	index   index
	ready   bool
	failed  error
	parser  parser
	buf     []byte
	hash    canonical
	mapped  atomic.Int64
	indexed atomic.Int64 // -1 while the first pass runs
	closed  atomic.Bool
	done    chan struct{} // held while Next runs
}

// Open opens a file. It fails with a NotFound fault when there is none, and an Invalid one when it cannot be
// opened or a setting is out of range. Nothing is read before the first Next.
func Open(path string, opt Options) (*Reader, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	return newReader(src, opt), nil
}

// New reads from r, which is copied to a temporary file on the way because the releases of a process may be
// anywhere in it. It fails with an Invalid fault when a setting is out of range.
func New(r io.Reader, opt Options) (*Reader, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return newReader(&source{raw: r, size: -1}, opt), nil
}

func newReader(src *source, opt Options) *Reader {
	r := &Reader{opt: opt, src: src, done: make(chan struct{}, 1)}
	r.index = index{limit: opt.IndexMemory, dir: opt.TempDir}
	r.parser.maxDepth = opt.MaxDepth
	r.indexed.Store(-1)
	return r
}

var errClosed = fault.New(fault.Unavailable, fault.CodeUnavailable, "the reader was closed")

// Next returns the next process, or io.EOF after the last. The first call reads the whole input once and may
// take as long as that does. Bad input is never an error but a Process with Problems; an error means that the
// input or the temporary files cannot be read or written (Internal, after fault.Wrap) or that Close was called
// (Unavailable), and every later call returns it again.
func (r *Reader) Next() (Process, error) {
	r.done <- struct{}{}
	defer func() { <-r.done }()
	if r.failed != nil {
		return Process{}, r.failed
	}
	p, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Wrap(err, "read OCDS input")
	}
	r.failed = err
	return p, err
}

func (r *Reader) next() (Process, error) {
	if r.closed.Load() {
		return Process{}, errClosed
	}
	if !r.ready {
		if err := r.scan(); err != nil {
			return Process{}, err
		}
		r.ready = true
	}
	group, err := r.group()
	if err != nil {
		return Process{}, err
	}
	return r.process(group)
}

// scan is the first pass.
func (r *Reader) scan() error {
	in, lines, err := r.src.stream(r.opt)
	if err != nil {
		return err
	}
	s := newScanner(in, lines, func(e entry) error {
		if r.closed.Load() {
			return errClosed
		}
		return r.index.add(e)
	})
	if err := s.run(); err != nil {
		return err
	}
	r.indexed.Store(r.index.indexed)
	return r.index.sort()
}

// group takes the entries of one process off the index, or one entry without ocid.
func (r *Reader) group() ([]entry, error) {
	first, ok := r.index.peek()
	if !ok {
		return nil, io.EOF
	}
	var group []entry
	for e, ok := first, true; ok && e.ocid == first.ocid; e, ok = r.index.peek() {
		if len(group) > 0 && e.ocid == "" {
			break
		}
		group = append(group, e)
		if err := r.index.take(); err != nil {
			return nil, err
		}
	}
	return group, nil
}

// process reads, merges and maps the entries of one process. Reading errors are its only errors.
func (r *Reader) process(group []entry) (Process, error) {
	defer r.parser.reset()
	m := newMapper(r.opt, group)
	var total int64
	for _, e := range group {
		total += e.length
	}
	defer r.mapped.Add(total)
	m.out.OCID, _ = clip(group[0].ocid, r.opt.MaxID)
	switch {
	case group[0].flaw != sound:
		m.place(0, "$", group[0].flaw.reason(), Skipped)
		return m.out, nil
	case total > r.opt.MaxProcess:
		m.everywhere(fmt.Sprintf("the releases of this process have %d bytes together, at most %d are read", total, r.opt.MaxProcess))
		return m.out, nil
	case len(group[0].ocid) > r.opt.MaxID:
		m.everywhere(fmt.Sprintf("the ocid is longer than %d bytes", r.opt.MaxID))
		return m.out, nil
	}
	releases, err := r.gather(m, group)
	if err != nil || len(releases) == 0 {
		return m.out, err
	}
	root := m.merge(releases)
	if m.out.OCID == "" {
		m.place(0, "ocid", "is missing; the release belongs to no process", Skipped)
		return m.out, nil
	}
	m.out.SourceHash = r.hash.fingerprint(root, r.opt)
	m.out.Releases = len(releases)
	m.process(root)
	return m.out, nil
}

// gather parses the entries of a process. Releases that repeat one another byte by byte are parsed once.
func (r *Reader) gather(m *mapper, group []entry) ([]release, error) {
	g := gathering{hash: &r.hash, tell: m.place}
	seen := map[string]bool{}
	for i, e := range group {
		if e.length > r.opt.MaxElement {
			m.place(int32(i), "$", fmt.Sprintf("has %d bytes, at most %d are read", e.length, r.opt.MaxElement), Skipped)
			continue
		}
		raw, err := r.load(e)
		if err != nil {
			return nil, err
		}
		if len(group) > 1 {
			if seen[raw] {
				continue
			}
			seen[raw] = true
		}
		root, err := r.parser.parse(raw, int32(i))
		if err != nil {
			m.place(int32(i), "$", "is not JSON: "+err.Error(), Skipped)
			continue
		}
		for _, path := range r.parser.repeated {
			m.place(int32(i), path, "stands twice in one object; the later value was taken", Altered)
		}
		g.element(root, int32(i))
	}
	return g.ordered(), nil
}

func (r *Reader) load(e entry) (string, error) {
	if int64(cap(r.buf)) < e.length {
		r.buf = make([]byte, e.length)
	}
	b := r.buf[:e.length]
	if _, err := r.src.random.ReadAt(b, e.offset); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	} else if err != nil {
		return "", fmt.Errorf("the file was cut while it was read: %w", io.ErrUnexpectedEOF)
	}
	return string(b), nil
}

// Progress returns how much work is done and how much there is, in bytes. Each byte of the input counts
// twice: once when it is found and once when it is mapped. total is -1 while it is unknown, which it is for
// a stream until its end was seen.
func (r *Reader) Progress() (read, total int64) {
	read = r.src.read.Load()
	indexed := r.indexed.Load()
	switch {
	case indexed >= 0:
		return read + r.mapped.Load(), read + indexed
	case r.src.size < 0:
		return read, -1
	}
	return read, 2 * r.src.size
}

// Close ends a running Next soon, removes the temporary files and closes the file. It may be called twice.
func (r *Reader) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.done <- struct{}{}
	defer func() { <-r.done }()
	return errors.Join(r.index.close(), r.src.close())
}
