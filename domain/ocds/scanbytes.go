package ocds

import (
	"errors"
	"io"
	"strings"
)

// What follows is the scanner's view of single bytes: passing over values, texts and white space while the
// buffer is refilled under it.

// skip passes over one value.
func (s *scanner) skip() error {
	depth := 0
	for {
		c, ok := s.peek()
		if !ok {
			return errInputCut
		}
		switch c {
		case '"':
			if _, err := s.str(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			s.next()
		case '}', ']':
			if depth == 0 {
				return nil
			}
			depth--
			s.next()
		case '\n':
			if s.lines {
				s.next()
				return errLineCut
			}
			s.next()
			continue
		case ',':
			if depth == 0 {
				return nil
			}
			s.next()
			continue
		default:
			s.plain(depth)
			continue
		}
		if depth == 0 {
			return nil
		}
	}
}

// plain passes over bytes that mean nothing to the structure; at depth 0 only over one.
func (s *scanner) plain(depth int) {
	s.pos++
	if depth == 0 {
		return
	}
	for s.pos < s.end {
		switch s.buf[s.pos] {
		case '"', '{', '}', '[', ']', '\n':
			return
		}
		s.pos++
	}
}

// str reads a string and returns its first maxKey bytes, still escaped. The result lives until the next call.
func (s *scanner) str() ([]byte, error) {
	s.next()
	s.token = s.token[:0]
	for {
		c, ok := s.peek()
		if !ok {
			return s.token, errInputCut
		}
		from := s.pos
		switch {
		case c == '"':
			s.next()
			return s.token, nil
		case c == '\n' && s.lines:
			s.next()
			return s.token, errLineCut
		case c == '\\':
			s.next()
			if e, ok := s.peek(); ok && e != '\n' {
				s.keep([]byte{c, e})
				s.next()
			}
			continue
		case c == '\n':
			s.next()
			continue
		}
		s.pos += innerRun(s.buf[s.pos:s.end])
		s.keep(s.buf[from:s.pos])
	}
}

func (s *scanner) keep(b []byte) {
	if room := maxKey - len(s.token); room > 0 {
		s.token = append(s.token, b[:min(room, len(b))]...)
	}
}

// literal reads a number or a word.
func (s *scanner) literal() ([]byte, error) {
	s.token = s.token[:0]
	for {
		c, ok := s.peek()
		if !ok {
			return s.token, errInputCut
		}
		if strings.IndexByte(",}] \t\r\n{[\"", c) >= 0 {
			return s.token, nil
		}
		s.keep([]byte{c})
		s.next()
	}
}

// inside returns the next byte that is not white space, which must exist.
func (s *scanner) inside() (byte, error) {
	for {
		c, ok := s.peek()
		if !ok {
			return 0, errInputCut
		}
		if c == '\n' && s.lines {
			s.next()
			return 0, errLineCut
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, nil
		}
		s.next()
	}
}

// space skips what may stand between values: white space, byte order marks, record separators (RFC 7464), NUL.
func (s *scanner) space() (byte, bool) {
	for {
		c, ok := s.peek()
		if !ok {
			return 0, false
		}
		switch c {
		case ' ', '\t', '\r', '\n', 0x1e, 0, 0xef, 0xbb, 0xbf:
			s.next()
		default:
			return c, true
		}
	}
}

func (s *scanner) peek() (byte, bool) {
	if s.pos == s.end && !s.fill() {
		return 0, false
	}
	return s.buf[s.pos], true
}

func (s *scanner) next() {
	if s.buf[s.pos] == '\n' {
		s.line++
	}
	s.pos++
}

func (s *scanner) fill() bool {
	if s.eof {
		return false
	}
	s.base += int64(s.end)
	s.pos, s.end = 0, 0
	for empty := 0; s.end == 0; empty++ {
		n, err := s.r.Read(s.buf)
		s.end = n
		if err == nil && n == 0 && empty > 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.eof = true
			if !errors.Is(err, io.EOF) {
				s.err = err
			}
			return n > 0
		}
	}
	return true
}
