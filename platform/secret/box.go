package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

// Box encrypts what must not be readable in the database, with AES-256-GCM. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// NewBox returns a Box under a key of 32 bytes, as Derive gives it; another length is a bug and panics.
func NewBox(key []byte) Box {
	if len(key) != Size {
		panic("secret: a box needs a key of 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("secret: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("secret: " + err.Error())
	}
	return Box{aead}
}

// ErrSealed is returned for what this Box did not seal for this place. It says no more.
var ErrSealed = errors.New("secret: not sealed by this key for this place")

// Seal encrypts plain for a place: what names the row and column that it stands in, so that it opens nowhere else.
func (b Box) Seal(plain []byte, place string) []byte {
	nonce := make([]byte, b.aead.NonceSize(), b.aead.NonceSize()+len(plain)+b.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process when the system has no randomness
	return b.aead.Seal(nonce, nonce, plain, []byte(place))
}

// Open decrypts what Seal made for the same place. It fails with ErrSealed.
func (b Box) Open(sealed []byte, place string) ([]byte, error) {
	n := b.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrSealed
	}
	plain, err := b.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
