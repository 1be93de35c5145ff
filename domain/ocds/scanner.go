package ocds

import (
	"errors"
	"io"
	"strings"
)

// flaw says why a piece of input is no release. None of them is an error: each becomes a Problem.
type flaw uint8

const (
	sound flaw = iota
	notObject
	lineCut
	inputCut
)

func (f flaw) reason() string {
	switch f {
	case notObject:
		return "is not a JSON object"
	case lineCut:
		return "the line ends before the JSON value does"
	case inputCut:
		return "the input ends before the JSON value does"
	}
	return "is not JSON"
}

var (
	errLineCut  = errors.New("line ends inside a value")
	errInputCut = errors.New("input ends inside a value")
)

const (
	scanBuffer = 256 << 10
	maxKey     = 4 << 10  // bytes of a key or an ocid that are looked at
	maxPending = 10 << 10 // releases of an object that may still turn out to be a record
)

// scanner finds the releases and records of an input in one pass without keeping them. It understands just
// enough JSON to tell strings from brackets, so a release that is broken inside does not hide the next one.
type scanner struct {
	r     io.Reader
	buf   []byte
	pos   int
	end   int
	base  int64 // offset of buf[0]
	line  int64 // of pos, 1-based
	count int64 // entries found
	lines bool  // a value may not span lines
	eof   bool
	err   error // of r
	emit  func(entry) error
	held  []entry // releases of the object being read, until it is known to be a package
	hold  bool
	token []byte
}

func newScanner(r io.Reader, lines bool, emit func(entry) error) *scanner {
	return &scanner{r: r, buf: make([]byte, scanBuffer), line: 1, lines: lines, emit: emit}
}

// run scans the whole input. It returns errors of reading and of emit, nothing else.
func (s *scanner) run() error {
	for {
		c, ok := s.space()
		if !ok {
			return s.err
		}
		at := s.mark()
		var err error
		switch c {
		case '{':
			err = s.object(true)
		case '[':
			err = s.array(true)
		default:
			err = s.stray(at)
		}
		if err = s.settle(at, err); err != nil {
			return err
		}
	}
}

// settle turns a value that was cut off into an entry and passes real errors on.
func (s *scanner) settle(at entry, err error) error {
	s.hold = false
	if flushErr := s.flush(); flushErr != nil {
		return flushErr
	}
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(err, errLineCut):
		at.flaw = lineCut
	case errors.Is(err, errInputCut):
		at.flaw = inputCut
	default:
		return err
	}
	return s.put(at)
}

// stray reports something at the top that is neither object nor array and skips the rest of its line.
func (s *scanner) stray(at entry) error {
	at.flaw = notObject
	for {
		c, ok := s.peek()
		if !ok {
			break
		}
		s.next()
		if c == '\n' {
			break
		}
	}
	return s.put(at)
}

// array reads the elements of a list of releases or records, or of packages at the top.
func (s *scanner) array(top bool) error {
	s.next()
	for {
		c, err := s.inside()
		if err != nil {
			return err
		}
		switch c {
		case ']', '}': // like everywhere here, only the number of brackets counts, not their kind
			s.next()
			return nil
		case ',':
			s.next()
		case '{':
			if err := s.object(top); err != nil {
				return err
			}
		default:
			at := s.mark()
			at.flaw = notObject
			if err := s.skip(); err != nil {
				return err
			}
			if err := s.put(at); err != nil {
				return err
			}
		}
	}
}

// object reads one release, record or, at the top, package.
func (s *scanner) object(top bool) error {
	at := s.mark()
	s.next()
	var parts, record bool
	for depth := 1; depth > 0; {
		c, err := s.inside()
		if err != nil {
			return err
		}
		switch c {
		case '}', ']':
			s.next()
			depth--
		case '{', '[': // not JSON; keep the brackets balanced
			s.next()
			depth++
		case '"':
			err = s.member(top, &at, &parts, &record)
		default:
			s.next()
		}
		if err != nil {
			return err
		}
	}
	at.length = s.base + int64(s.pos) - at.offset
	if !parts {
		return s.put(at)
	}
	return s.close(at, record || at.ocid != "")
}

// close decides what an object with releases was. A record is one entry, whose releases are read with it; a
// package is nothing but its parts.
func (s *scanner) close(at entry, record bool) error {
	s.hold = false
	if record && len(s.held) > 0 {
		s.count -= int64(len(s.held))
		s.held = s.held[:0]
		return s.put(at)
	}
	if err := s.flush(); err != nil {
		return err
	}
	if record {
		return s.put(at)
	}
	return nil
}

// member reads a key, and its value unless it turns out not to be one.
func (s *scanner) member(top bool, at *entry, parts, record *bool) error {
	key, err := s.str()
	if err != nil {
		return err
	}
	name := string(key)
	c, err := s.inside()
	if err != nil || c != ':' {
		return err
	}
	s.next()
	if c, err = s.inside(); err != nil {
		return err
	}
	switch {
	case name == "ocid" && c == '"':
		raw, err := s.str()
		at.ocid = strings.TrimSpace(unquote(string(raw)))
		return err
	case name == "ocid" && c != '{' && c != '[' && c != 'n':
		raw, err := s.literal()
		at.ocid = string(raw)
		return err
	case name == "compiledRelease" || name == "versionedRelease":
		*record = true
	case top && c == '[' && (name == "releases" || name == "records"):
		*parts = true
		s.hold = true
		return s.array(false)
	case c == '}' || c == ']' || c == ',':
		return nil
	}
	return s.skip()
}

// mark is an entry that begins here.
func (s *scanner) mark() entry {
	return entry{offset: s.base + int64(s.pos), line: s.line, element: s.count}
}

// put numbers an entry and hands it on, or holds it back while it may be part of a record.
func (s *scanner) put(e entry) error {
	e.element = s.count
	s.count++
	if !s.hold {
		return s.emit(e)
	}
	s.held = append(s.held, e)
	if len(s.held) < maxPending {
		return nil
	}
	s.hold = false
	return s.flush()
}

func (s *scanner) flush() error {
	for _, e := range s.held {
		if err := s.emit(e); err != nil {
			return err
		}
	}
	s.held = s.held[:0]
	return nil
}
