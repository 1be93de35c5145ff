// Package idempotency makes a mutation that carries a client's key take effect once, however often it is sent
// (graphql.md 4.9). The key is claimed by a row in the transaction of the mutation's own write, so the claim is there
// exactly when the effect is: no crash can part them. The row says what was made; the answer is kept beside it when it
// has been formed, and can be made again from what was made until then (ADR 5).
package idempotency

import (
	"context"
	"database/sql"
	"time"

	"heyue/ent"
	"heyue/ent/idempotencykey"
	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// MaxKey is the length of a key in characters.
const MaxKey = 255

// Store keeps the keys.
type Store struct {
	Client    *ent.Client
	System    *sql.DB // sees which tenants have keys to forget, and nothing else of them
	Clock     clock.Clock
	Secret    [32]byte      // what MACs and seals are made with
	Keep      time.Duration // how long a key is remembered
	Wait      time.Duration // how long a write waits for another one that has claimed its key
	Batch     int           // how many keys one transaction forgets
	MaxAnswer int           // bytes of an answer that is kept; a larger one is made again when it is asked for
}

// Request is one mutation under a key. Document is what identifies it: two requests are the same when their documents
// are, byte for byte.
type Request struct {
	Key      string
	Mutation string
	Document []byte
}

// Begin makes an attempt at r by the caller of ctx, after a look at the key alone. Faults: BAD_REQUEST for a key that is
// not 1 to 255 printable ASCII characters, or when nobody is signed in.
func (s *Store) Begin(ctx context.Context, r Request) (*Attempt, error) {
	if err := CheckKey(r.Key); err != nil {
		return nil, err
	}
	caller, err := identity.From(ctx)
	if err != nil {
		return nil, fault.New(fault.BadRequest, fault.CodeBadRequest, "idempotency keys are for callers who are signed in")
	}
	return &Attempt{store: s, caller: caller, request: r, marks: s.marks(caller, r)}, nil
}

// CheckKey refuses what cannot be a key, with BAD_REQUEST.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fault.New(fault.BadRequest, fault.CodeBadRequest, "an idempotency key has 1 to %d characters, not %d", MaxKey, len(key))
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return fault.New(fault.BadRequest, fault.CodeBadRequest, "an idempotency key is printable ASCII; character %d is not", i+1)
		}
	}
	return nil
}

// Effect is what an attempt has done.
type Effect struct {
	// Answer is what the caller was told, or nil: it was not formed any more, was too large to keep, or was formed under
	// other permissions than the caller has now.
	Answer []byte
	// Made are the public ids of what was made, in order.
	Made []string
}

// Past is what has been done under the attempt's key, by whichever attempt; nil when nothing has. Fault:
// IDEMPOTENCY_KEY_REUSED when that was another request.
func (a *Attempt) Past(ctx context.Context) (*Effect, error) {
	row, err := a.store.Client.IdempotencyKey.Query().Where(idempotencykey.ID(a.id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, tenancy.Fault(err, "look an idempotency key up")
	}
	if !row.ExpiresAt.After(a.store.Clock.Now()) {
		a.outlived = true
		return nil, nil
	}
	if !a.same(row.Request) {
		return nil, fault.New(fault.BadRequest, fault.CodeKeyReused, "this idempotency key was used for another request; take a new one")
	}
	past := &Effect{Made: row.Made}
	if row.Answer != nil && row.AuthzVersion == a.caller.AuthzVersion {
		past.Answer, err = a.open(*row.Answer)
	}
	return past, err
}

// InProgress is the answer to a request while another one with its key is being carried out.
func InProgress() error {
	f := fault.New(fault.Exhausted, fault.CodeKeyInProgress, "a request with this idempotency key is being carried out; ask again in a moment")
	f.RetryAfter = time.Second
	return f
}
