package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"github.com/google/uuid"
)

// sealed is an entry as its hash covers it: the columns as PostgreSQL gives them, changes as the text of its jsonb.
type sealed struct {
	ID         uuid.UUID
	Actor      *uuid.UUID
	APIKey     *uuid.UUID
	Action     string
	Object     string
	ObjectID   uuid.UUID
	Changes    string
	RequestID  string
	OccurredAt time.Time
}

// chainVersion begins every encoding, so that another way to encode can never be taken for this one.
const chainVersion = 1

// HashSize is how many bytes a hash of the chain has.
const HashSize = sha256.Size

// link is the hash of an entry at place seq of a tenant's chain: SHA-256 over the hash before it and every field of
// the entry, each with its length before it, so that no two different entries are encoded alike. Instants are
// microseconds since 1970, which is what PostgreSQL keeps (tenancy.md 5). The first hash before is 32 zero bytes.
func link(before [sha256.Size]byte, tenant, seq int64, e sealed) [sha256.Size]byte {
	h := sha256.New()
	h.Write(before[:])
	number(h, chainVersion)
	number(h, tenant)
	number(h, seq)
	text(h, e.ID[:])
	optional(h, e.Actor)
	optional(h, e.APIKey)
	text(h, []byte(e.Action))
	text(h, []byte(e.Object))
	text(h, e.ObjectID[:])
	text(h, []byte(e.Changes))
	text(h, []byte(e.RequestID))
	number(h, e.OccurredAt.UnixMicro())
	return [sha256.Size]byte(h.Sum(nil))
}

func number(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func optional(h hash.Hash, id *uuid.UUID) {
	if id == nil {
		text(h, nil)
		return
	}
	text(h, id[:])
}

func text(h hash.Hash, b []byte) {
	number(h, int64(len(b)))
	h.Write(b)
}
