package archive

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"heyue/platform/fault"
)

// Certificate says what an erasure took away, whose it was, when and by whom. It holds nothing of what was erased but its
// hashes.
type Certificate struct {
	Slug     string    `json:"slug"`
	Number   int64     `json:"number"`
	ErasedAt time.Time `json:"erasedAt"`
	By       string    `json:"by"`
	Schema   int64     `json:"schema"`
	Tables   []Part    `json:"tables"`
	// Keys are the numbers of the keys that were destroyed. Whatever they have sealed opens nowhere, in no backup either.
	Keys  []uint32 `json:"keysDestroyed"`
	Audit Head     `json:"audit"`
	// SHA256 is over the JSON without it and what follows; Signature over the same, by the installation whose public key
	// Signer is.
	SHA256    string `json:"sha256,omitempty"`
	Signer    string `json:"signer,omitempty"`
	Signature string `json:"signature,omitempty"`
}

func (c Certificate) bare() ([]byte, error) {
	c.SHA256, c.Signer, c.Signature = "", "", ""
	return json.Marshal(c)
}

func (c Certificate) sign(key ed25519.PrivateKey) (string, error) {
	plain, err := c.bare()
	if err != nil {
		return "", fault.Wrap(err, "write the certificate")
	}
	sum := sha256.Sum256(plain)
	c.SHA256 = hex.EncodeToString(sum[:])
	c.Signer = hex.EncodeToString(key.Public().(ed25519.PublicKey))
	c.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, plain))
	text, err := json.MarshalIndent(c, "", "  ")
	return string(text) + "\n", fault.Wrap(err, "write the certificate")
}

// Check reads a certificate and fails with MALFORMED when it was changed, or signed by another installation than the one
// whose key it is given; without a key it compares hash and signature only.
func Check(text []byte, installation ed25519.PublicKey) (Certificate, error) {
	var c Certificate
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, unsound("it cannot be read: %v", err)
	}
	plain, err := c.bare()
	if err != nil {
		return c, fault.Wrap(err, "read the certificate")
	}
	sum := sha256.Sum256(plain)
	signer, _ := hex.DecodeString(c.Signer)
	signature, _ := base64.StdEncoding.DecodeString(c.Signature)
	switch {
	case hex.EncodeToString(sum[:]) != c.SHA256:
		return c, unsound("it was changed: its SHA-256 is another")
	case len(signer) != ed25519.PublicKeySize || !ed25519.Verify(signer, plain, signature):
		return c, unsound("its signature is not over what it says")
	case installation != nil && !installation.Equal(ed25519.PublicKey(signer)):
		return c, unsound("another installation has signed it: %s", c.Signer)
	}
	return c, nil
}

func unsound(form string, args ...any) error {
	return fault.New(fault.Invalid, fault.Malformed, "the certificate does not hold: "+form, args...)
}

// Certificate returns that of an erased tenant. NOT_FOUND at slug for a tenant that was not erased, and for none.
func (a Archive) Certificate(ctx context.Context, slug string) (text string, err error) {
	err = a.Owner.QueryRowContext(ctx, `SELECT certificate FROM tenant_directory WHERE slug = $1 AND erased_at IS NOT NULL`, slug).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.NoSuch("erased tenant", "slug")
	}
	return text, fault.Wrap(err, "read the certificate")
}
