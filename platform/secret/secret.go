// Package secret holds the one key an installation needs and derives every other key from it. Each purpose gets a
// key of its own, so a leak of one derived key says nothing about the rest.
package secret

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Size is the length of a master key in bytes.
const Size = 32

// Purpose names what a derived key is for. The text is part of the derivation: changing it changes the key, and
// with it everything the key has signed or encrypted.
type Purpose string

// Purposes in use. Each ends in the version of its scheme.
const (
	AccessTokens Purpose = "heyue access tokens v1"     // Ed25519 seed, 32 bytes
	Cursors      Purpose = "heyue page cursors v1"      // page.NewSealer, 64 bytes
	EventCursors Purpose = "heyue event cursors v1"     // page.NewSealer, 64 bytes
	Idempotency  Purpose = "heyue idempotency v1"       // idempotency.Store, 32 bytes
	Attempts     Purpose = "heyue attempts v1"          // throttle.Throttle, 32 bytes
	Mails        Purpose = "heyue mails v1"             // letters.Letters, a Box of 32 bytes
	Factors      Purpose = "heyue second factors v1"    // factor.Service, a Box of 32 bytes
	Providers    Purpose = "heyue sign-in providers v1" // oidc.Service, a Box of 32 bytes
	Recovery     Purpose = "heyue recovery codes v1"    // factor.Service, 32 bytes
	TenantKeys   Purpose = "heyue tenant keys v1"       // vault.NewLocal, 32 bytes
	Certificates Purpose = "heyue certificates v1"      // Ed25519 seed of archive.Archive, 32 bytes
	Endpoints    Purpose = "heyue endpoints v1"         // deliveries.Service, a Box of 32 bytes
)

// Master is the key of an installation. It never prints itself.
type Master struct{ key [Size]byte }

// New makes a random master key.
func New() Master {
	var m Master
	_, _ = rand.Read(m.key[:]) // never fails: crypto/rand ends the process when the system has no randomness
	return m
}

// ErrMalformed is returned for text that is not 32 bytes in base64. It does not repeat the text.
var ErrMalformed = errors.New("not 32 bytes in base64; make one with: openssl rand -base64 32")

// Parse reads base64, standard or URL alphabet, with or without padding. It fails with ErrMalformed.
func Parse(text string) (Master, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != Size {
		return Master{}, ErrMalformed
	}
	return Master{key: [Size]byte(b)}, nil
}

// Derive returns n bytes for purpose by HKDF-SHA256 (RFC 5869). Equal arguments give equal bytes in every process
// of the installation. n is at most 8160; all callers pass constants, so a larger one is a bug and panics.
func (m Master) Derive(p Purpose, n int) []byte {
	k, err := hkdf.Key(sha256.New, m.key[:], nil, string(p), n)
	if err != nil {
		panic(fmt.Sprintf("secret: derive %d bytes for %q: %v", n, p, err))
	}
	return k
}

const masked = "[master key]"

// Format writes a mask for every verb, %x and %#v included.
func (Master) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// LogValue keeps the key out of structured logs.
func (Master) LogValue() slog.Value { return slog.StringValue(masked) }

// encode is for the key file only.
func (m Master) encode() string { return base64.StdEncoding.EncodeToString(m.key[:]) + "\n" }
