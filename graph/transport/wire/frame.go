package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

// Kind is what a frame is for: its opcode.
type Kind uint8

// The kinds there are.
const (
	Continuation Kind = 0x0
	Text         Kind = 0x1
	Binary       Kind = 0x2
	Close        Kind = 0x8
	Ping         Kind = 0x9
	Pong         Kind = 0xA
)

// Close codes that this package gives itself, and NoCode for a close without one, which is never sent as a number.
const (
	CodeProtocol = 1002
	NoCode       = 1005
	CodeNotUTF8  = 1007
	CodeTooBig   = 1009
)

// maxControl is how much the frame of a close, a ping or a pong may carry.
const maxControl = 125

const (
	final    = 0x80
	reserved = 0x70
	masked   = 0x80
	length16 = 126
	length64 = 127
)

// control reports whether a frame of the kind may stand between the parts of a message.
func (k Kind) control() bool { return k >= Close }

func (k Kind) known() bool { return k <= Binary || k >= Close && k <= Pong }

// Frame makes one whole message of the parts, unmasked as a server sends it. It may be sent to any number of peers.
func Frame(kind Kind, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := appendHead(make([]byte, 0, n+10), kind, n)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func appendHead(to []byte, kind Kind, n int) []byte {
	to = append(to, final|byte(kind))
	switch {
	case n < length16:
		return append(to, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(to, length16), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(to, length64), uint64(n))
}

// CloseFrame says why a connection ends. A reason that does not fit is cut; NoCode sends neither code nor reason.
func CloseFrame(code int, reason string) []byte {
	if code == NoCode {
		return Frame(Close)
	}
	if most := maxControl - 2; len(reason) > most {
		for most > 0 && !utf8.RuneStart(reason[most]) {
			most--
		}
		reason = reason[:most]
	}
	return Frame(Close, binary.BigEndian.AppendUint16(nil, uint16(code)), []byte(reason))
}

// CloseCode reads what a close message carries: a code that may be answered with, NoCode when there is none. What no peer
// may send is an *Error.
func CloseCode(data []byte) (int, error) {
	if len(data) == 0 {
		return NoCode, nil
	}
	if len(data) == 1 {
		return 0, protocol("a close code of one byte")
	}
	code := int(binary.BigEndian.Uint16(data))
	switch {
	case code < 1000, code >= 5000, code >= 1004 && code <= 1006, code >= 1015 && code < 3000:
		return 0, protocol("no such close code")
	case !utf8.Valid(data[2:]):
		return 0, &Error{CodeNotUTF8, "Reason is not UTF-8"}
	}
	return code, nil
}
