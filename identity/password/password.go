// Package password hashes passwords with Argon2id and judges new ones. It knows nothing of users or databases.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"runtime"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"heyue/platform/fault"
)

// Cost is what one hash takes. The zero value is not usable; see DefaultCost.
type Cost struct {
	MemoryKiB uint32 // at least 8 for each lane
	Passes    uint32
	Lanes     uint8
}

// DefaultCost is 19 MiB, two passes, one lane: the second of the equal choices of the OWASP password storage cheat
// sheet, about 20 ms of one core.
func DefaultCost() Cost { return Cost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1} }

// most is the highest cost a stored hash may ask for: a row that was tampered with must not take the server down.
var most = Cost{MemoryKiB: 256 * 1024, Passes: 16, Lanes: 16}

const (
	saltBytes = 16
	keyBytes  = 32
)

// Hasher hashes and verifies. It is safe for concurrent use; make one for the process, as it bounds the memory
// and the cores that sign-ins take together.
type Hasher struct {
	cost  Cost
	slots *semaphore.Weighted
}

// New returns a Hasher that makes hashes of the given cost and runs at most atOnce of them at a time. With atOnce
// zero it is the number of usable cores, more than which only waste memory.
func New(cost Cost, atOnce int) *Hasher {
	if atOnce <= 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	return &Hasher{cost: cost, slots: semaphore.NewWeighted(int64(atOnce))}
}

// Hash returns the PHC string of password under a fresh salt. It fails with UNAVAILABLE when ctx ends before its
// turn comes. It does not judge the password; see Policy.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := phc{cost: h.cost, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(p.salt) // never fails: crypto/rand ends the process when the system has no randomness
	var err error
	if p.key, err = h.derive(ctx, password, p.cost, p.salt, keyBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify reports whether password is the one that stored was made of. The comparison takes constant time. It fails
// with UNAVAILABLE when ctx ends before its turn comes, and with INTERNAL when stored is not a hash that this
// package makes; it never takes such a row for a wrong password.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	p, err := parse(stored)
	if err != nil {
		return false, fault.Wrap(err, "read a stored password hash")
	}
	key, err := h.derive(ctx, password, p.cost, p.salt, uint32(len(p.key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1, nil
}

// Burn takes the time of a Verify and tells nothing. A sign-in calls it for a user who does not exist, so that the
// answer's time does not tell which e-mail addresses are known.
func (h *Hasher) Burn(ctx context.Context, password string) error {
	_, err := h.derive(ctx, password, h.cost, make([]byte, saltBytes), keyBytes)
	return err
}

// NeedsRehash reports whether stored was made at another cost than this Hasher's. Whoever has just verified the
// password then stores a new hash.
func (h *Hasher) NeedsRehash(stored string) bool {
	p, err := parse(stored)
	return err != nil || p.cost != h.cost || len(p.salt) != saltBytes || len(p.key) != keyBytes
}

// derive waits for a slot first: unbounded, a hundred sign-ins at once would take 2 GB.
func (h *Hasher) derive(ctx context.Context, password string, c Cost, salt []byte, n uint32) ([]byte, error) {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		f := fault.New(fault.Unavailable, fault.CodeUnavailable, "too many sign-ins at once; try again")
		f.Cause, f.RetryAfter = err, retryAfter
		return nil, f
	}
	defer h.slots.Release(1)
	return argon2.IDKey(canonical(password), salt, c.Passes, c.MemoryKiB, c.Lanes, n), nil
}

// canonical makes one password of the ways to type it: keyboards and systems differ in how they compose accents
// and full-width letters (NIST SP 800-63B section 5.1.1.2). Bytes that are not text stay as they are.
func canonical(password string) []byte {
	if !utf8.ValidString(password) {
		return []byte(password)
	}
	return norm.NFKC.Bytes([]byte(password))
}
