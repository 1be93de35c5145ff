package tenancy

import (
	"encoding/binary"
	"fmt"
)

// phase is the part of a wrapped statement whose answers come next.
type phase uint8

const (
	phaseOff phase = iota // nothing is wrapped: all bytes pass

	seriesHead // BEGIN, SET LOCAL: their completions are dropped
	seriesBody // the statement, up to its command completion
	seriesTail // COMMIT's completions are dropped, up to ready

	simpleHead // up to the ready of BEGIN; SET LOCAL
	simpleBody // up to the ready of the statement
	simpleTail // up to the ready of COMMIT

	undoing // up to the ready of ROLLBACK
)

// sieve decides message by message what of the server's answers lib/pq may see. It holds no bytes and does
// no input or output, so it works on a stream that is cut anywhere.
type sieve struct {
	phase  phase
	commit bool
	heads  int  // command completions seen in seriesHead
	failed bool // SET LOCAL of simpleHead failed: its error stands for the statement's
	reset  bool // the series left its transaction open: ROLLBACK has to be sent

	left int  // bytes still to come of the message that is being copied or dropped
	drop bool // drop them
}

func (s *sieve) expectSeries(commit bool) { *s = sieve{phase: seriesHead, commit: commit} }
func (s *sieve) expectSimple(commit bool) { *s = sieve{phase: simpleHead, commit: commit} }
func (s *sieve) expectRollback()          { *s = sieve{phase: undoing} }

// through returns how many of the next bytes, at most limit, pass unseen.
func (s *sieve) through(limit int) int {
	switch {
	case s.left > 0 && s.drop:
		return 0
	case s.left > 0:
		return min(limit, s.left)
	case s.phase == phaseOff:
		return limit
	}
	return 0
}

// took counts n bytes that the caller has passed on itself.
func (s *sieve) took(n int) {
	if s.left > 0 {
		s.left -= n
	}
}

// filter copies to dst what passes of src. It returns how many bytes it wrote and how many it used up; it
// stops early when dst is full, when the head of a message is incomplete, or when reset is set.
func (s *sieve) filter(dst, src []byte) (wrote, used int, err error) {
	for used < len(src) && !s.reset {
		rest := src[used:]
		if k := s.through(min(len(dst)-wrote, len(rest))); k > 0 {
			wrote += copy(dst[wrote:], rest[:k])
			used += k
			s.took(k)
			continue
		}
		if s.left > 0 && s.drop {
			k := min(s.left, len(rest))
			s.left -= k
			used += k
			continue
		}
		if s.left > 0 || s.phase == phaseOff {
			break // dst is full
		}
		if len(rest) < headSize || rest[0] == msgReady && len(rest) < readySize {
			break
		}
		size := int64(binary.BigEndian.Uint32(rest[1:])) + 1
		if size < headSize || rest[0] == msgReady && size != readySize {
			return wrote, used, fmt.Errorf("%w: message %q of %d bytes", errProtocol, rest[0], size)
		}
		s.left = int(size)
		s.drop = !s.passes(rest[0], rest[headSize:])
		if s.drop && s.reset {
			s.left = 0
			used += int(size)
		}
	}
	return wrote, used, nil
}

// passes moves the phase on by one message and tells whether lib/pq may see it. body is complete only for
// a ready message.
func (s *sieve) passes(kind byte, body []byte) bool {
	switch kind {
	case msgNotice, msgNotification, msgParameterStatus:
		return true
	}
	switch s.phase {
	case seriesHead, seriesBody, seriesTail:
		return s.series(kind, body)
	default:
		return s.simple(kind)
	}
}

func (s *sieve) series(kind byte, body []byte) bool {
	switch {
	case kind == msgReady:
		s.phase = phaseOff
		s.reset = s.commit && body[0] != 'I'
		return !s.reset
	case kind == msgError:
		s.phase = seriesTail
		return true
	case s.phase == seriesHead:
		if kind == msgCommandComplete {
			if s.heads++; s.heads == 2 {
				s.phase = seriesBody
			}
		}
		return false
	case s.phase == seriesTail:
		return false
	}
	if kind == msgCommandComplete || kind == msgEmptyQuery {
		s.phase = seriesTail
	}
	return true
}

func (s *sieve) simple(kind byte) bool {
	switch s.phase {
	case simpleHead:
		if kind == msgError {
			s.failed = true
			return true
		}
		if kind == msgReady {
			s.phase = simpleBody
		}
		return false
	case simpleBody:
		if kind == msgError {
			return !s.failed
		}
		if kind == msgReady && s.commit {
			s.phase = simpleTail
			return false
		}
	default: // simpleTail, undoing
		if kind != msgReady {
			return kind == msgError
		}
	}
	if kind == msgReady {
		s.phase = phaseOff
	}
	return true
}
