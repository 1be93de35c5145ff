package ocds

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes are looked at in one step: most of an input is the inside of texts, and what is done for each of
// its bytes decides how fast an import can be. A byte is marked by its highest bit. A mark may be wrong above
// a right one, never below, so that only the lowest may be used.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// equals marks the bytes of x that are c.
func equals(x uint64, c byte) uint64 {
	x ^= ones * uint64(c)
	return (x - ones) &^ x & highs
}

// below marks the bytes of x that are less than c, which is at most 128.
func below(x uint64, c byte) uint64 { return (x - ones*uint64(c)) &^ x & highs }

// plainRun returns how many bytes s begins with that are ASCII, no control characters, quotes or backslashes.
func plainRun(s string) int {
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		w := s[n : n+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		if marks := equals(x, '"') | equals(x, '\\') | below(x, ' ') | x&highs; marks != 0 {
			return n + bits.TrailingZeros64(marks)/8
		}
	}
	for n < len(s) && s[n] >= ' ' && s[n] < 0x80 && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}

// innerRun returns how many bytes b begins with that the scanner may pass over inside a text.
func innerRun(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		if marks := equals(x, '"') | equals(x, '\\') | equals(x, '\n'); marks != 0 {
			return n + bits.TrailingZeros64(marks)/8
		}
	}
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] != '\n' {
		n++
	}
	return n
}
