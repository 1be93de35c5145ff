package opaque

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"heyue/identity"
)

// prefixLen is the length of a key's prefix: 48 random bits, enough that no two keys of a tenant have one.
const prefixLen = 12

// NewKey makes an API key of a tenant, such as hyk_7_4be1c09a7f3d_…: behind the tenant's number a prefix that people may
// see and write down, then 256 random bits. The text goes to the caller once and is never kept.
func NewKey(tenant int64) (prefix, text string, d Digest) {
	var b [prefixLen / 2]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process when the system has no randomness
	prefix = hex.EncodeToString(b[:])
	text, d = Rekey(tenant, prefix)
	return prefix, text, d
}

// Rekey makes another secret for a key.
func Rekey(tenant int64, prefix string) (text string, d Digest) {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:])
	text = string(Key) + strconv.FormatInt(tenant, 10) + separator + prefix + separator + base64.RawURLEncoding.EncodeToString(b[:])
	return text, sha256.Sum256([]byte(text))
}

// IsKey reports whether a bearer token claims to be an API key.
func IsKey(text string) bool { return strings.HasPrefix(text, string(Key)) }

// ParseKey returns the tenant and the prefix that a key claims, and what its secret is compared by. It fails with
// UNAUTHENTICATED, before any query, when text is not the one spelling of a key.
func ParseKey(text string) (tenant int64, prefix string, d Digest, err error) {
	malformed := func(what string) (int64, string, Digest, error) {
		return 0, "", Digest{}, identity.Unauthenticated(fmt.Errorf("an API key %s", what))
	}
	if len(text) > maxLen {
		return malformed("that is too long")
	}
	number, rest, ok := strings.Cut(strings.TrimPrefix(text, string(Key)), separator)
	if !ok || !IsKey(text) || len(rest) != prefixLen+len(separator)+bodyLen || rest[prefixLen:prefixLen+1] != separator {
		return malformed("of another shape")
	}
	tenant, err = strconv.ParseInt(number, 10, 64)
	if err != nil || tenant < 1 || strconv.FormatInt(tenant, 10) != number {
		return malformed("without a tenant")
	}
	prefix = rest[:prefixLen]
	if b, err := hex.DecodeString(prefix); err != nil || hex.EncodeToString(b) != prefix {
		return malformed("without a prefix")
	}
	body := rest[prefixLen+1:]
	if b, err := base64.RawURLEncoding.Strict().DecodeString(body); err != nil || len(b) != secretBytes {
		return malformed("with a malformed secret")
	}
	return tenant, prefix, sha256.Sum256([]byte(text)), nil
}

// DigestOf reads what Hex wrote. Another text gives the digest of nothing.
func DigestOf(text string) (d Digest) {
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(d) {
		copy(d[:], b)
	}
	return d
}

// Sum is the digest of any text that claims to be a secret.
func Sum(text string) Digest { return sha256.Sum256([]byte(text)) }
