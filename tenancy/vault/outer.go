package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Outer is a key that wraps the keys of tenants and is kept where the database is not: in the settings or a file today; a
// key management service fits in behind the same three methods.
type Outer interface {
	Name() string // kept beside what it wraps; it tells nothing of the key
	tink.AEADWithContext
}

// Local is an outer key that this process holds.
type Local struct {
	name string
	aead tink.AEAD
}

var _ Outer = Local{}

// NewLocal returns the outer key of 32 bytes.
func NewLocal(key []byte) (Local, error) {
	aead, err := subtle.NewAESGCM(key)
	if err != nil {
		return Local{}, fmt.Errorf("vault: an outer key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("heyue outer key\x00"), key...))
	return Local{name: "local:" + hex.EncodeToString(sum[:8]), aead: aead}, nil
}

// Name is "local:" and what tells it from other keys.
func (l Local) Name() string { return l.name }

// EncryptWithContext wraps.
func (l Local) EncryptWithContext(_ context.Context, plain, place []byte) ([]byte, error) {
	return l.aead.Encrypt(plain, place)
}

// DecryptWithContext unwraps.
func (l Local) DecryptWithContext(_ context.Context, wrapped, place []byte) ([]byte, error) {
	return l.aead.Decrypt(wrapped, place)
}

// Ring is the outer keys of an installation: one that wraps, and those before it, which still unwrap.
type Ring struct {
	Newest Outer
	Old    []Outer
}

func (r Ring) find(name string) (Outer, error) {
	if r.Newest.Name() == name {
		return r.Newest, nil
	}
	for _, o := range r.Old {
		if o.Name() == name {
			return o, nil
		}
	}
	return nil, fmt.Errorf("vault: the keys of this tenant are wrapped by %s, which is neither HEYUE_TENANT_KEY nor among HEYUE_TENANT_KEYS_OLD", name)
}
