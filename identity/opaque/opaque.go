// Package opaque makes secrets that mean nothing by themselves: 256 random bits which the holder sends back and
// of which we keep only a digest. A copy of the database therefore opens no session.
package opaque

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql/driver"
	"encoding/base64"
	"fmt"
	"strings"

	"heyue/identity"
)

// Kind is what a secret's text begins with. It lets secret scanners find a leaked one, and keeps a secret of one
// purpose from being taken for another's.
type Kind string

// Refresh is the kind of the token that renews a session.
const Refresh Kind = "hyr_"

const (
	secretBytes = 32
	bodyLen     = 43 // 32 bytes in base64 without padding
)

// Digest is the SHA-256 of a secret's text, the only form that is stored. A fast hash is enough here because 256
// random bits cannot be guessed, unlike a password.
type Digest [sha256.Size]byte

// New makes a secret. The text goes to the caller once and is never kept; the digest goes to the database.
func (k Kind) New() (text string, d Digest) {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process when the system has no randomness
	text = string(k) + base64.RawURLEncoding.EncodeToString(b[:])
	return text, sha256.Sum256([]byte(text))
}

// Digest returns what to look a secret up by. It fails with UNAUTHENTICATED, before any query, when text is not
// the one spelling of a secret of this kind.
func (k Kind) Digest(text string) (Digest, error) {
	body, ok := strings.CutPrefix(text, string(k))
	if !ok || len(body) != bodyLen {
		return Digest{}, identity.Unauthenticated(fmt.Errorf("not a secret of kind %s", k))
	}
	// The decoder skips line breaks; the decoded length shows them.
	if b, err := base64.RawURLEncoding.Strict().DecodeString(body); err != nil || len(b) != secretBytes {
		return Digest{}, identity.Unauthenticated(fmt.Errorf("malformed secret of kind %s", k))
	}
	return sha256.Sum256([]byte(text)), nil
}

// Equal compares in constant time.
func (d Digest) Equal(other Digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

// Bytes returns a copy for a bytea column.
func (d Digest) Bytes() []byte { return append([]byte(nil), d[:]...) }

// Value stores the digest as bytea.
func (d Digest) Value() (driver.Value, error) { return d.Bytes(), nil }

// Scan reads a bytea column of 32 bytes; anything else is an error.
func (d *Digest) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(d) {
		return fmt.Errorf("a digest has %d bytes, the database gave a %T of another shape", len(d), src)
	}
	copy(d[:], b)
	return nil
}
