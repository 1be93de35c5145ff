package page

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/google/uuid"

	"heyue/platform/fault"
)

// Position is what a cursor holds: the sort keys of a row with its id as the tie-break. Purpose binds it to one
// list (noun, sort and filter) so that a cursor of another list is refused instead of misread.
type Position struct {
	Keys []json.RawMessage `json:"k,omitempty"`
	ID   uuid.UUID         `json:"i"`
}

// Sealer seals and opens cursors. The same position always seals to the same text, so equal answers are equal to
// the byte: the nonce is a MAC of what is sealed (a synthetic IV), under a key of its own.
type Sealer struct {
	aead cipher.AEAD
	mac  []byte
}

// NewSealer takes a 64-byte key: half for encryption, half for nonces.
func NewSealer(key [64]byte) (*Sealer, error) {
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, mac: key[32:]}, nil
}

// Binding is what a cursor is valid for: a tenant and a purpose. Neither is stored in it.
type Binding struct {
	Tenant  int64
	Purpose []byte
}

func (b Binding) bytes() []byte {
	ad, _ := json.Marshal(struct { // a number and bytes cannot fail to marshal
		V int
		T int64
		P []byte
	}{1, b.Tenant, b.Purpose})
	return ad
}

// Seal turns v into cursor text.
func (s *Sealer) Seal(b Binding, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	ad := b.bytes()
	mac := hmac.New(sha256.New, s.mac)
	mac.Write(ad)
	mac.Write([]byte{0})
	mac.Write(plain)
	nonce := mac.Sum(nil)[:s.aead.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, ad)), nil
}

// Open reads cursor text into v. It fails with INVALID_CURSOR on anything that Seal did not make for the same
// binding: a forged cursor, another tenant's, another list's.
func (s *Sealer) Open(b Binding, cursor string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < s.aead.NonceSize() {
		return invalidCursor()
	}
	nonce, sealed := raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, sealed, b.bytes())
	if err != nil || json.Unmarshal(plain, v) != nil {
		return invalidCursor()
	}
	return nil
}

func invalidCursor() error {
	return fault.New(fault.BadRequest, fault.CodeInvalidCursor, "the cursor is not one of this list; start again without it")
}
