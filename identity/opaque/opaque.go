// Package opaque makes secrets of a tenant: 256 random bits which the holder sends back and of which we keep only a
// digest. A copy of the database therefore opens no session. Before the bits stands the tenant's number, because a
// holder who sends nothing else must still be brought to the right database; it is no secret, the access token shows
// it too, and a changed one changes the digest.
package opaque

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"heyue/identity"
)

// Kind is what a secret's text begins with. It lets secret scanners find a leaked one, and keeps a secret of one
// purpose from being taken for another's.
type Kind string

// Kinds of secrets.
const (
	Refresh    Kind = "hyr_" // renews a session
	Invitation Kind = "hyi_" // lets a new user choose their first password
	Reset      Kind = "hyp_" // lets somebody who forgot their password choose another
	Second     Kind = "hys_" // stands for a right password until the second factor is shown
	State      Kind = "hyo_" // goes to a sign-in provider and comes back
	Code       Kind = "hyc_" // stands for what a sign-in provider has answered
	Key        Kind = "hyk_" // signs a program in; see NewKey
)

const (
	secretBytes = 32
	bodyLen     = 43 // 32 bytes in base64 without padding
	separator   = "_"
	maxLen      = 128 // ours are below 70; more is refused unread
)

// Digest is the SHA-256 of a secret's text, the only form that is stored. A fast hash is enough here because 256
// random bits cannot be guessed, unlike a password.
type Digest [sha256.Size]byte

// New makes a secret of a tenant, whose number is above zero. The text, such as hyr_7_…, goes to the caller once and is
// never kept; the digest goes to the database.
func (k Kind) New(tenant int64) (text string, d Digest) {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process when the system has no randomness
	text = string(k) + strconv.FormatInt(tenant, 10) + separator + base64.RawURLEncoding.EncodeToString(b[:])
	return text, sha256.Sum256([]byte(text))
}

// Parse returns the tenant that a secret claims and what to look it up by there. It fails with UNAUTHENTICATED, before
// any query, when text is not the one spelling of a secret of this kind.
func (k Kind) Parse(text string) (tenant int64, d Digest, err error) {
	if len(text) > maxLen {
		return 0, Digest{}, identity.Unauthenticated(fmt.Errorf("a secret of %d characters", len(text)))
	}
	number, body, ok := strings.Cut(strings.TrimPrefix(text, string(k)), separator)
	if !ok || !strings.HasPrefix(text, string(k)) || len(body) != bodyLen {
		return 0, Digest{}, identity.Unauthenticated(fmt.Errorf("not a secret of kind %s", k))
	}
	tenant, err = strconv.ParseInt(number, 10, 64)
	if err != nil || tenant < 1 || strconv.FormatInt(tenant, 10) != number {
		return 0, Digest{}, identity.Unauthenticated(fmt.Errorf("a secret of kind %s without a tenant", k))
	}
	// The decoder skips line breaks; the decoded length shows them.
	if b, err := base64.RawURLEncoding.Strict().DecodeString(body); err != nil || len(b) != secretBytes {
		return 0, Digest{}, identity.Unauthenticated(fmt.Errorf("malformed secret of kind %s", k))
	}
	return tenant, sha256.Sum256([]byte(text)), nil
}

// Equal compares in constant time.
func (d Digest) Equal(other Digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

// Hex is the digest as text, for a text column.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

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
