// Package publicid gives every entity an id type of its own. In the database an id is a UUIDv7; outside it is
// a prefix and the UUID in Crockford base32 ("con_01k…", architecture.md 5.7), so an id tells what it is an id
// of: a contact's id handed in as a contract's is refused before any query runs, by Go's compiler inside the
// server and by UnmarshalGQL at its edge.
//
// A v7 UUID tells when it was made. Never use one as a secret.
package publicid

//go:generate go run ./gen

import (
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"heyue/platform/fault"
)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// textLen is the length of 128 bits in base32, five bits a character.
const textLen = 26

var decode = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// Any is an id whose kind is known only at run time, as node(id:) gets it.
type Any struct {
	Prefix string
	UUID   uuid.UUID
}

// ParseAny takes an id of any kind apart. It fails with INVALID_ID on an unknown prefix or a malformed body.
func ParseAny(s string) (Any, error) {
	prefix, body, ok := strings.Cut(s, "_")
	if !ok || !known[prefix] {
		return Any{}, invalid("an id")
	}
	u, ok := decodeBody(body)
	if !ok {
		return Any{}, invalid("an id")
	}
	return Any{Prefix: prefix, UUID: u}, nil
}

// String gives the public form.
func (a Any) String() string { return Format(a.Prefix, a.UUID) }

// Value is the UUID, as columns hold it.
func (a Any) Value() (driver.Value, error) { return valueUUID(a.UUID) }

// MarshalGQL writes the public form.
func (a Any) MarshalGQL(w io.Writer) { marshal(w, a.String()) }

// UnmarshalGQL reads an id of any kind. It fails with INVALID_ID.
func (a *Any) UnmarshalGQL(v any) (err error) {
	s, ok := v.(string)
	if !ok {
		return invalid("an object")
	}
	*a, err = ParseAny(s)
	return err
}

// Format writes the public form of u under prefix.
func Format(prefix string, u uuid.UUID) string {
	var b [textLen]byte
	encode(b[:], u)
	return prefix + "_" + string(b[:])
}

// Append writes the public form of u under prefix behind dst.
func Append(dst []byte, prefix string, u uuid.UUID) []byte {
	var b [textLen]byte
	encode(b[:], u)
	return append(append(append(dst, prefix...), '_'), b[:]...)
}

func newV7() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func parse(prefix, kind, s string) (uuid.UUID, error) {
	body, ok := strings.CutPrefix(s, prefix+"_")
	if !ok {
		return uuid.Nil, invalid(kind)
	}
	u, ok := decodeBody(body)
	if !ok {
		return uuid.Nil, invalid(kind)
	}
	return u, nil
}

func invalid(kind string) error {
	return fault.New(fault.BadRequest, fault.CodeInvalidID, "not the id of %s", kind)
}

// encode writes u as 26 characters; the first holds only three bits.
func encode(dst []byte, u uuid.UUID) {
	acc, bits, out := uint(0), 2, 0 // two leading zero bits make 130 = 26*5
	for _, b := range u {
		acc = acc<<8 | uint(b)
		bits += 8
		for bits >= 5 {
			bits -= 5
			dst[out] = alphabet[acc>>bits&31]
			out++
		}
	}
}

// decodeBody accepts the canonical form only: one id has one spelling, so ids can be compared as text.
func decodeBody(s string) (u uuid.UUID, ok bool) {
	if len(s) != textLen || s[0] > '7' {
		return u, false
	}
	acc, bits, out := uint(0), -2, 0
	for i := range textLen {
		v := decode[s[i]]
		if v == 0xff {
			return u, false
		}
		acc = acc<<5 | uint(v)
		bits += 5
		if bits >= 8 {
			bits -= 8
			u[out] = byte(acc >> bits)
			out++
		}
	}
	return u, true
}

func scanUUID(src any) (uuid.UUID, error) {
	var u uuid.UUID
	err := u.Scan(src)
	return u, err
}

func valueUUID(u uuid.UUID) (driver.Value, error) { return u.String(), nil }

func marshal(w io.Writer, s string) { _, _ = io.WriteString(w, strconv.Quote(s)) }

func unmarshal(prefix, kind string, v any) (uuid.UUID, error) {
	s, ok := v.(string)
	if !ok {
		return uuid.Nil, fault.New(fault.BadRequest, fault.CodeInvalidID, "the id of %s is a string, not %s", kind, fmt.Sprintf("%T", v))
	}
	return parse(prefix, kind, s)
}
