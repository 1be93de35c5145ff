package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/tests/fixture"
)

// TestManyAreLikeOneByOne: entries recorded together say what they would have said alone, and each waits for its seal.
func TestManyAreLikeOneByOne(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	const n = 1001 // more than one statement
	entries := make([]audit.Entry, n)
	for i := range entries {
		entries[i] = audit.Entry{Action: "import", Object: "customer", ID: uuid.Must(uuid.NewV7()), After: map[string]any{"name": "云\"汇\"", "n": i}}
	}
	seal(t, w)
	w.Write(t, acme.Admin, func(tx *ent.Tx) error {
		if err := w.Audit.Record(acme.Admin, tx, entries[0]); err != nil {
			return err
		}
		return w.Audit.RecordMany(acme.Admin, tx, entries)
	})
	queued, err := w.Client.AuditQueue.Query().Count(acme.Ctx)
	if err != nil || queued != n+1 {
		t.Errorf("%d entries wait for their seal, %v; want %d", queued, err, n+1)
	}
	all, err := w.Client.AuditEntry.Query().All(acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	type said struct {
		Actor, Action, Object, Changes, Request string
		At                                      int64
	}
	found := map[uuid.UUID][]said{}
	for _, e := range all {
		if e.Action == "import" {
			found[e.ObjectID] = append(found[e.ObjectID], said{e.ActorID.String(), e.Action, e.Object, string(e.Changes), e.RequestID, e.OccurredAt.UnixMicro()})
		}
	}
	both := found[entries[0].ID]
	if len(found) != n || len(both) != 2 {
		t.Fatalf("%d objects have entries, the first has %d", len(found), len(both))
	}
	if diff := cmp.Diff(both[0], both[1]); diff != "" {
		t.Errorf("alone and together differ:\n%s", diff)
	}
	if got := seal(t, w); got != n+1 {
		t.Errorf("%d entries were sealed, want %d", got, n+1)
	}
}
