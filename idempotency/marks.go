package idempotency

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"

	"heyue/identity"
)

// marks are what a row says of a key and its request. They are MACs, because a document may hold a password and a plain
// hash of it could be guessed at; and the answer is sealed under a key that comes from the client's, so that a copy of
// the table shows nothing of what people were told.
type marks struct {
	id     uuid.UUID
	digest []byte
	aead   func() (cipher.AEAD, error)
}

func (s *Store) marks(c identity.Caller, r Request) marks {
	tenant := binary.BigEndian.AppendUint64(nil, uint64(c.TenantID))
	user := c.UserID.UUID()
	who := func(purpose string) []byte {
		parts := [][]byte{[]byte(purpose), tenant, user[:], []byte(r.Key)}
		if c.Key != nil { // another key of the user may be for less than what was answered to this one
			id := c.Key.ID.UUID()
			parts = append(parts, id[:])
		}
		return s.mac(parts...)
	}
	id := uuid.UUID(who("id")[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, RFC 9562: made by the application
	return marks{
		id: id, digest: s.mac([]byte("request"), r.Document),
		aead: func() (cipher.AEAD, error) {
			block, err := aes.NewCipher(who("answer"))
			if err != nil {
				return nil, err
			}
			return cipher.NewGCMWithRandomNonce(block)
		},
	}
}

// mac joins the parts with their lengths, so that no two lists of parts look alike.
func (s *Store) mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, s.Secret[:])
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

func (m marks) same(digest []byte) bool { return hmac.Equal(m.digest, digest) }

func (m marks) seal(answer []byte) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, answer, m.digest), nil //nolint:gosec // G407: this AEAD takes no nonce, it draws one
}

// open gives an answer back. One that cannot be opened, such as after a change of the secret key, is nil: it is made
// anew then.
func (m marks) open(sealed []byte) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	answer, err := aead.Open(nil, nil, sealed, m.digest)
	if err != nil {
		return nil, nil //nolint:nilerr // as said above
	}
	return answer, nil
}
