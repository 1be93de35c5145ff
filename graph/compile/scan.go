package compile

import (
	"bytes"
	"errors"
)

// errShape is JSON that is not what the statement makes.
var errShape = errors.New("the answer of the statement has another shape")

// scanner reads JSON as PostgreSQL writes it, one value after the other.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\t', '\r', ',':
			s.at++
		default:
			return
		}
	}
}

// open enters an array.
func (s *scanner) open() error {
	s.space()
	if s.at >= len(s.text) || s.text[s.at] != '[' {
		return errShape
	}
	s.at++
	return nil
}

// more reports whether another value follows in the array; it leaves an array that has ended.
func (s *scanner) more() bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == ']' {
		s.at++
		return false
	}
	return s.at < len(s.text)
}

// closed leaves an array that must have ended.
func (s *scanner) closed() error {
	if s.at >= len(s.text) || s.more() {
		return errShape
	}
	return nil
}

// null takes a null, if one follows.
func (s *scanner) null() bool {
	s.space()
	if bytes.HasPrefix(s.text[s.at:], []byte(null)) {
		s.at += len(null)
		return true
	}
	return false
}

// value takes the next value as it is.
func (s *scanner) value() ([]byte, error) {
	s.space()
	from, depth := s.at, 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"':
			if !s.quoted() {
				return nil, errShape
			}
		case '[', '{':
			depth++
			s.at++
		case ']', '}':
			if depth == 0 {
				return s.taken(from)
			}
			depth--
			s.at++
		case ',', ' ', '\n':
			if depth == 0 {
				return s.taken(from)
			}
			s.at++
		default:
			s.at++
			continue
		}
		if depth == 0 {
			return s.taken(from)
		}
	}
	return s.taken(from)
}

func (s *scanner) taken(from int) ([]byte, error) {
	if from == s.at {
		return nil, errShape
	}
	return s.text[from:s.at], nil
}

// quoted passes a text.
func (s *scanner) quoted() bool {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	return false
}
