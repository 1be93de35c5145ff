package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"heyue/platform/fault"
	"heyue/tenancy/catalog"
	"heyue/tenancy/class"
)

// mark begins every sealed text, and so tells it from one that was written before its column was sealed.
const mark = "sealed:1:"

// Keys are the opened keys of one tenant. They are safe for concurrent use and never print themselves.
type Keys struct {
	tenant int64
	handle *keyset.Handle
	aead   tink.AEAD
	mac    []byte
	newest uint32
	known  map[uint32]bool
}

// String says whose keys they are, and nothing of them.
func (k *Keys) String() string { return fmt.Sprintf("keys of tenant %d", k.tenant) }

// macSize is how many bytes the key of the blind columns has, blindSize how many of a MAC are kept: enough that two values
// of a tenant do not meet.
const (
	macSize   = 32
	blindSize = 16
)

// fresh makes the keys of a tenant that has none.
func fresh(tenant int64) (*Keys, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("vault: make a key: %w", err)
	}
	mac := make([]byte, macSize)
	_, _ = rand.Read(mac) // never fails: crypto/rand ends the process when the system has no randomness
	return opened(tenant, handle, mac)
}

func opened(tenant int64, handle *keyset.Handle, mac []byte) (*Keys, error) {
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("vault: use the keys of a tenant: %w", err)
	}
	info := handle.KeysetInfo()
	k := &Keys{tenant: tenant, handle: handle, aead: primitive, mac: mac, newest: info.GetPrimaryKeyId(), known: map[uint32]bool{}}
	for _, key := range info.GetKeyInfo() {
		k.known[key.GetKeyId()] = true
	}
	return k, nil
}

// renewed returns the same keys with one more, which seals from then on.
func (k *Keys) renewed() (*Keys, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: make a key: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("vault: make a key: %w", err)
	}
	return opened(k.tenant, handle, k.mac)
}

// wrapping is the place that a tenant's keys are wrapped for, so that no row of another tenant can stand in for them.
func wrapping(tenant int64, what string) []byte {
	return []byte(strconv.FormatInt(tenant, 10) + "|tenant_keys|" + what)
}

// wrap encrypts the keys under an outer one.
func (k *Keys) wrap(ctx context.Context, o Outer) (sets, mac []byte, err error) {
	var b bytes.Buffer
	if err := k.handle.WriteWithContext(ctx, keyset.NewBinaryWriter(&b), o, wrapping(k.tenant, "keyset")); err != nil {
		return nil, nil, fmt.Errorf("vault: wrap the keys of a tenant: %w", err)
	}
	mac, err = o.EncryptWithContext(ctx, k.mac, wrapping(k.tenant, "blind"))
	if err != nil {
		return nil, nil, fmt.Errorf("vault: wrap the keys of a tenant: %w", err)
	}
	return b.Bytes(), mac, nil
}

func unwrap(ctx context.Context, o Outer, tenant int64, sets, mac []byte) (*Keys, error) {
	handle, err := keyset.ReadWithContext(ctx, keyset.NewBinaryReader(bytes.NewReader(sets)), o, wrapping(tenant, "keyset"))
	if err != nil {
		return nil, fmt.Errorf("vault: unwrap the keys of tenant %d: %w", tenant, err)
	}
	plain, err := o.DecryptWithContext(ctx, mac, wrapping(tenant, "blind"))
	if err != nil {
		return nil, fmt.Errorf("vault: unwrap the keys of tenant %d: %w", tenant, err)
	}
	return opened(tenant, handle, plain)
}

// place is what a text is sealed for: it opens in no other tenant, table, column or row (tenancy.md 5).
func (k *Keys) place(table, column string, row uuid.UUID) []byte {
	b := make([]byte, 0, 96)
	b = strconv.AppendInt(b, k.tenant, 10)
	b = append(append(append(append(b, '|'), table...), '|'), column...)
	return append(append(b, '|'), row.String()...)
}

// Seal encrypts a text for its place. "" stays "".
func (k *Keys) Seal(table, column string, row uuid.UUID, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	c, err := k.aead.Encrypt([]byte(plain), k.place(table, column, row))
	if err != nil {
		return "", fmt.Errorf("vault: seal %s.%s: %w", table, column, err)
	}
	return mark + base64.RawURLEncoding.EncodeToString(c), nil
}

// errUnknown is that a text was sealed by a key that these keys do not have: another process made one meanwhile.
var errUnknown = errors.New("vault: sealed by an unknown key")

// Open decrypts what Seal made for the same place; a text that is not sealed is returned as it is. It fails with INTERNAL
// for a text that was changed, or moved here from elsewhere.
func (k *Keys) Open(table, column string, row uuid.UUID, text string) (string, error) {
	c, id, ok := parse(text)
	switch {
	case !strings.HasPrefix(text, mark):
		return text, nil
	case ok && !k.known[id]:
		return "", errUnknown
	case ok:
		if plain, err := k.aead.Decrypt(c, k.place(table, column, row)); err == nil {
			return string(plain), nil
		}
	}
	return "", fault.New(fault.Internal, fault.CodeInternal, "vault: %s.%s of %s does not open: it was changed, or moved here from elsewhere", table, column, row)
}

// keyAt is where Tink writes the number of the key, after one byte that tells the form.
const keyAt = 1

func parse(text string) (c []byte, id uint32, ok bool) {
	rest, ok := strings.CutPrefix(text, mark)
	if !ok {
		return nil, 0, false
	}
	c, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || len(c) < keyAt+4 {
		return nil, 0, false
	}
	return c, binary.BigEndian.Uint32(c[keyAt:]), true
}

// current reports whether a text is empty or sealed by the newest key.
func (k *Keys) current(text string) bool {
	_, id, ok := parse(text)
	return text == "" || ok && id == k.newest
}

// Blind is what stands in for a value where equality is asked for: the same for values that mean the same, and nothing
// that tells them to whoever lacks the key. "" for no value.
func (k *Keys) Blind(table, column string, form class.Form, plain string) string {
	if plain == "" {
		return ""
	}
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte(table + "|" + column + "|" + form.Alike(plain)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:blindSize])
}

// Row seals the texts of a row, by column, and sets their blind columns. Texts that are sealed already must open, and stay
// when the newest key has sealed them. It reports whether anything is another than before.
func (k *Keys) Row(t catalog.Table, row uuid.UUID, texts map[string]string) (changed bool, err error) {
	for _, s := range t.Sealed {
		plain, err := k.Open(t.Name, s.Column, row, texts[s.Column])
		if err != nil {
			return false, err
		}
		if !k.current(texts[s.Column]) {
			changed = true
			if texts[s.Column], err = k.Seal(t.Name, s.Column, row, plain); err != nil {
				return false, err
			}
		}
		if s.Blind == "" {
			continue
		}
		if b := k.Blind(t.Name, s.Column, s.Form, plain); b != texts[s.Blind] {
			texts[s.Blind], changed = b, true
		}
	}
	return changed, nil
}

// Numbers are the numbers of the keys, which are random and tell nothing of them, in order.
func (k *Keys) Numbers() []uint32 { return slices.Sorted(maps.Keys(k.known)) }
