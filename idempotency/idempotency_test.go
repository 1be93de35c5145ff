package idempotency_test

import (
	"context"
	"testing"
	"time"

	"heyue/ent"
	"heyue/idempotency"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.World
	store *idempotency.Store
	ctx   context.Context
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	store := &idempotency.Store{Client: w.Client, System: w.System, Clock: w.Clock, Secret: [32]byte{1}, Keep: time.Hour, Wait: 50 * time.Millisecond, Batch: 2, MaxAnswer: 10}
	return world{w, store, w.Tenant(t, "acme").Admin}
}

func (w world) begin(t *testing.T, key, document string) *idempotency.Attempt {
	t.Helper()
	a, err := w.store.Begin(w.ctx, idempotency.Request{Key: key, Mutation: "customerCreate", Document: []byte(document)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// write makes a customer under an attempt.
func (w world) write(a *idempotency.Attempt) (id string, err error) {
	ctx := a.Join(w.ctx)
	err = tenancy.Write(ctx, w.Client, func(tx *ent.Tx) error {
		c, err := tx.Customer.Create().SetName("n").SetCode(publicid.NewCustomerID().String()).Save(ctx)
		if err == nil {
			id = c.ID.String()
		}
		return err
	})
	return id, err
}

func (w world) past(t *testing.T, a *idempotency.Attempt) *idempotency.Effect {
	t.Helper()
	p, err := a.Past(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAClaimIsThereExactlyWhenItsWriteIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failing := w.begin(t, "k", "d")
	ctx := failing.Join(w.ctx)
	refused := fault.NoSuch("customer", "id")
	if err := tenancy.Write(ctx, w.Client, func(*ent.Tx) error { return refused }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the failure became %v", err)
	}
	if failing.Done() || w.past(t, failing) != nil {
		t.Error("a write that failed has used its key up")
	}
	a := w.begin(t, "k", "d")
	id, err := w.write(a)
	if err != nil || !a.Done() {
		t.Fatal("the write: ", err)
	}
	if second, err := w.write(a); err != nil || second == id {
		t.Errorf("a second write of the same mutation: %v", err)
	}
	p := w.past(t, w.begin(t, "k", "d"))
	if p == nil || p.Answer != nil || len(p.Made) != 1 || p.Made[0] != id {
		t.Errorf("recorded %+v, want the id %s", p, id)
	}
}

// Two people who choose the same key ask for two things, and neither hears of the other's.
func TestAKeyIsItsUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tn := w.Tenant(t, "globex")
	mine, colleague := world{w.World, w.store, tn.Admin}, world{w.World, w.store, w.User(t, tn, "admin")}
	if _, err := mine.write(mine.begin(t, "k", "same")); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]world{"a colleague": colleague, "another tenant's": w} {
		a := other.begin(t, "k", "same")
		if p := other.past(t, a); p != nil {
			t.Errorf("%s key knows of %+v", name, p)
		}
		if _, err := other.write(a); err != nil {
			t.Errorf("%s write under the same key: %v", name, err)
		}
	}
}

func TestTheSecondAttemptIsBeaten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.begin(t, "k", "d"), w.begin(t, "k", "d")
	if _, err := w.write(first); err != nil {
		t.Fatal(err)
	}
	_, err := w.write(second)
	fixture.Want(t, "the second", err, "IDEMPOTENCY_IN_PROGRESS")
	if !second.Beaten() || second.Done() {
		t.Error("the second attempt does not know that it was beaten")
	}
	if n, err := w.Client.Customer.Query().Count(w.ctx); n != 1 || err != nil {
		t.Errorf("%d customers, %v", n, err)
	}
	_, err = w.begin(t, "k", "another").Past(w.ctx)
	fixture.Want(t, "another request", err, "IDEMPOTENCY_KEY_REUSED")
}

func TestAnswersAreKeptUpToTheirLimitAndSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ key, answer, kept string }{{"a", "0123456789", "0123456789"}, {"b", "0123456789+", ""}} {
		a := w.begin(t, c.key, "d")
		if _, err := w.write(a); err != nil {
			t.Fatal(err)
		}
		if err := a.Remember(w.ctx, []byte(c.answer)); err != nil {
			t.Fatal(err)
		}
		if p := w.past(t, w.begin(t, c.key, "d")); string(p.Answer) != c.kept {
			t.Errorf("kept %q of %q", p.Answer, c.answer)
		}
	}
	rows, err := w.Client.IdempotencyKey.Query().All(w.ctx)
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	for _, r := range rows {
		if r.Answer != nil && string(*r.Answer) == "0123456789" {
			t.Error("an answer lies in the table in the clear")
		}
	}
	other := *w.store
	other.Secret = [32]byte{2}
	w.store = &other
	if p := w.past(t, w.begin(t, "a", "d")); p != nil {
		t.Errorf("under another secret the key is known: %+v", p)
	}
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.write(w.begin(t, "k", "d")); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Hour)
	a := w.begin(t, "k", "d")
	if w.past(t, a) != nil {
		t.Error("a key counts past its time")
	}
	if _, err := w.write(a); err != nil {
		t.Error("a key cannot be used again after its time: ", err)
	}
	for _, more := range []string{"l", "m", "n", "o"} {
		if _, err := w.write(w.begin(t, more, "d")); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(time.Hour)
	if n, err := w.store.Forget(t.Context()); n != 5 || err != nil {
		t.Errorf("%d keys were forgotten in batches of 2, %v", n, err)
	}
}
