package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/auditseal"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Break is the first place where a tenant's chain does not hold.
type Break struct {
	Seq     int64                 // the place in the chain; 0 for an entry that should be in it and is not
	Entry   publicid.AuditEntryID // the entry there, zero when there is none
	Problem string                // for an administrator, in English
}

// Proof is what a chain was found to be.
type Proof struct {
	Sealed  int64  // entries whose seals hold, in order from the first
	Waiting int    // entries that have no seal yet
	Head    []byte // the newest hash; anchored outside the database it proves that nothing before it was changed
	Break   *Break // nil when all holds
}

// Anchor is a place of a chain with its hash, kept outside the database when it was written.
type Anchor struct {
	Seq  int64
	Hash []byte
}

// verifyPage is how many seals are checked at a time.
const verifyPage = 1000

// Verify walks the chain of the context's tenant from its beginning and reports the first entry that was edited, is
// missing, was moved or was slipped in. Entries waiting for their seal are counted, not judged. Cutting entries and
// seals off the end, or writing the whole chain anew, leaves a chain that holds; only a Head that was kept elsewhere shows
// that, and is given as an anchor.
func Verify(ctx context.Context, client *ent.Client, anchors ...Anchor) (Proof, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return Proof{}, tenancy.ErrNoTenant
	}
	w := walk{tenant: tenant, client: client, anchors: map[int64][]byte{}}
	for _, a := range anchors {
		w.anchors[a.Seq], w.far = a.Hash, max(w.far, a.Seq)
	}
	for w.proof.Break == nil {
		seals, err := client.AuditSeal.Query().Where(auditseal.SeqGT(w.proof.Sealed)).Order(auditseal.BySeq()).Limit(verifyPage).All(ctx)
		if err != nil {
			return Proof{}, tenancy.Fault(err, "read seals")
		}
		if len(seals) == 0 {
			break
		}
		if err := w.page(ctx, seals); err != nil {
			return Proof{}, err
		}
	}
	w.proof.Head = w.head[:]
	if w.proof.Break == nil && w.far > w.proof.Sealed {
		w.proof.Break = &Break{Seq: w.proof.Sealed + 1, Problem: fmt.Sprintf("the chain ends here; it was anchored up to number %d", w.far)}
	}
	if err := w.rest(ctx); err != nil {
		return Proof{}, err
	}
	return w.proof, nil
}

type walk struct {
	tenant  int64
	client  *ent.Client
	anchors map[int64][]byte
	far     int64 // the farthest anchor
	head    [sha256.Size]byte
	proof   Proof
}

func (w *walk) page(ctx context.Context, seals []*ent.AuditSeal) error {
	ids := make([]publicid.AuditEntryID, len(seals))
	for i, s := range seals {
		ids[i] = s.EntryID
	}
	entries, err := read(ctx, w.client, entriesSQL, w.tenant, ids)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]sealed, len(entries))
	for _, e := range entries {
		byID[e.ID] = e
	}
	for _, s := range seals {
		if w.proof.Break = w.step(s, byID); w.proof.Break != nil {
			return nil
		}
	}
	return nil
}

// step checks one seal and moves on behind it.
func (w *walk) step(s *ent.AuditSeal, entries map[uuid.UUID]sealed) *Break {
	place := w.proof.Sealed + 1
	if s.Seq != place {
		return &Break{Seq: place, Problem: fmt.Sprintf("the seal is missing; the next one there is has number %d", s.Seq)}
	}
	e, ok := entries[s.EntryID.UUID()]
	if !ok {
		return &Break{place, s.EntryID, "the entry is missing"}
	}
	hash := link(w.head, w.tenant, place, e)
	if !bytes.Equal(hash[:], s.Hash) {
		return &Break{place, s.EntryID, "the entry or its seal was changed or moved"}
	}
	if anchor, ok := w.anchors[place]; ok && !bytes.Equal(hash[:], anchor) {
		return &Break{place, s.EntryID, "the chain was written anew: it is not the one that was anchored"}
	}
	w.head, w.proof.Sealed = hash, place
	return nil
}

// slippedSQL counts entries that have neither a seal nor a place in the queue, and gives one of them.
const slippedSQL = `SELECT e.id FROM audit_entries e
WHERE e.tenant_id = $1::bigint
AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.tenant_id = e.tenant_id AND s.entry_id = e.id)
AND NOT EXISTS (SELECT FROM audit_queue q WHERE q.tenant_id = e.tenant_id AND q.id = e.id)
ORDER BY e.id LIMIT 1`

// rest looks at what is not in the chain.
func (w *walk) rest(ctx context.Context) error {
	waiting, err := w.client.AuditQueue.Query().Count(ctx)
	if err != nil {
		return tenancy.Fault(err, "count unsealed entries")
	}
	w.proof.Waiting = waiting
	if w.proof.Break != nil {
		return nil
	}
	rows, err := w.client.QueryContext(ctx, slippedSQL, w.tenant)
	if err != nil {
		return tenancy.Fault(err, "look for entries outside the chain")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return tenancy.Fault(err, "look for entries outside the chain")
		}
		w.proof.Break = &Break{0, publicid.AuditEntryID(id), "the entry is outside the chain and does not wait for a seal"}
	}
	return tenancy.Fault(rows.Err(), "look for entries outside the chain")
}
