package idempotency

import (
	"context"

	"heyue/ent"
	"heyue/ent/idempotencykey"
	"heyue/identity"
	"heyue/tenancy"
)

// maxMade is how many ids a claim keeps; no payload shows more.
const maxMade = 200

// Attempt is one request's try at its mutation. One goroutine at a time uses it.
type Attempt struct {
	store   *Store
	caller  identity.Caller
	request Request
	marks

	outlived  bool // an older row of the key waits to be forgotten
	made      []string
	committed bool
	beaten    bool // another attempt has claimed the key, or is about to
}

var _ tenancy.Companion = (*Attempt)(nil)

// Join returns a context whose first write claims the key.
func (a *Attempt) Join(ctx context.Context) context.Context { return tenancy.Accompanied(ctx, a) }

// Committed notes that the claim is in the database.
func (a *Attempt) Committed() { a.committed = true }

// Done reports whether this attempt's write has been committed, and the claim with it.
func (a *Attempt) Done() bool { return a.committed }

// Beaten reports whether another attempt came first: nothing of this one has happened.
func (a *Attempt) Beaten() bool { return a.beaten }

// Begun claims the key in the transaction of the mutation's write. While another transaction holds an uncommitted claim
// PostgreSQL makes this one wait for its end; after the store's patience, or when the other one has committed, the
// write is given up with IDEMPOTENCY_IN_PROGRESS, before it has done or locked anything.
func (a *Attempt) Begun(ctx context.Context, tx *ent.Tx) error {
	if a.committed { // a later write of the same mutation
		return nil
	}
	a.made = nil
	now := a.store.Clock.Now()
	if a.outlived {
		_, err := tx.IdempotencyKey.Delete().Where(idempotencykey.ID(a.id), idempotencykey.ExpiresAtLTE(now)).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "forget an idempotency key")
		}
	}
	// Cancelling the statement costs its connection, but only whoever has to wait pays that: a lock_timeout would cost
	// every write two statements more.
	patient, cancel := context.WithTimeout(ctx, a.store.Wait)
	defer cancel()
	err := tx.IdempotencyKey.Create().SetID(a.id).SetActorID(a.caller.UserID).SetMutation(a.request.Mutation).SetRequest(a.digest).
		SetCreatedAt(now).SetExpiresAt(now.Add(a.store.Keep)).Exec(patient)
	_, taken := tenancy.UniqueViolation(err)
	if taken || err != nil && patient.Err() != nil && ctx.Err() == nil {
		a.beaten = true
		return InProgress()
	}
	return tenancy.Fault(err, "claim an idempotency key")
}

// Made notes what the mutation adds; bookkeeping that no payload shows is left out.
func (a *Attempt) Made(entity, id string) {
	switch entity {
	case ent.TypeIdempotencyKey, ent.TypeAuditEntry, ent.TypeAuditQueue, ent.TypeOutboxEvent, ent.TypeNumberCounter, ent.TypeCustomValue:
		return
	}
	if !a.committed && len(a.made) < maxMade {
		a.made = append(a.made, id)
	}
}

// Ending writes what was made into the claim, so that an answer can be made from it whatever happens after the commit.
func (a *Attempt) Ending(ctx context.Context, tx *ent.Tx) error {
	if a.committed || len(a.made) == 0 {
		return nil
	}
	_, err := tx.IdempotencyKey.Update().Where(idempotencykey.ID(a.id)).SetMade(a.made).Save(ctx)
	return tenancy.Fault(err, "note what was made under an idempotency key")
}

// Remember keeps the answer of an attempt that is done, for those who ask again. Without it, or when it is too large,
// they get one that is made anew.
func (a *Attempt) Remember(ctx context.Context, answer []byte) error {
	if !a.committed || len(answer) > a.store.MaxAnswer {
		return nil
	}
	sealed, err := a.seal(answer)
	if err != nil {
		return err
	}
	_, err = a.store.Client.IdempotencyKey.Update().Where(idempotencykey.ID(a.id)).SetAnswer(sealed).SetAuthzVersion(a.caller.AuthzVersion).Save(ctx)
	return tenancy.Fault(err, "keep the answer of an idempotency key")
}
