package imports

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/google/uuid"
)

// signature is what a source said of an object: a short hash of each field or list, one after the other. It is kept
// with the object's source, so that the next import knows which of them the source has changed since.
type signature string

// sliceLen is the length of one hash: 48 bits, so that a change goes unseen once in 280 billion.
const sliceLen = 8

func sign(parts ...string) signature {
	var b strings.Builder
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		b.WriteString(base64.RawURLEncoding.EncodeToString(sum[:sliceLen*6/8]))
	}
	return signature(b.String())
}

// changed tells whether part i of s is another than in before. What before does not know counts as changed.
func (s signature) changed(before signature, i int) bool {
	from, to := i*sliceLen, (i+1)*sliceLen
	return len(before) < to || len(s) < to || s[from:to] != before[from:to]
}

// whole writes a list or a composed value as one text.
func whole(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // rows are plain values
	}
	return string(b)
}

// derived makes the id of a part of the object parent. It is the same for the same names on every run, so the part is
// found again without a note of where it went, and begins with parent's time, so that the parts of an object lie side
// by side in the index. It is of version 8 (RFC 9562, 5.8), which tells imported parts from those made here.
func derived(parent uuid.UUID, names ...string) uuid.UUID {
	h := sha256.New()
	h.Write(parent[:])
	for _, n := range names {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(n)))
		h.Write(size[:])
		h.Write([]byte(n))
	}
	var id uuid.UUID
	copy(id[:], parent[:6])
	copy(id[6:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// imported tells whether an id was made by derived.
func imported(id uuid.UUID) bool { return id.Version() == 8 }
