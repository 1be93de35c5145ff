package audit_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"heyue/audit"
	"heyue/ent"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

func sealerOf(w *fixture.World) *audit.Sealer {
	return &audit.Sealer{Client: w.Client, System: w.System, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond}
}

// record writes n entries with all kinds of content.
func record(t testing.TB, w *fixture.World, ctx context.Context, n int) {
	t.Helper()
	for i := range n {
		w.Clock.Advance(1234567 * time.Microsecond)
		w.Write(t, ctx, func(tx *ent.Tx) error {
			return w.Audit.Record(ctx, tx, audit.Entry{Action: "update", Object: "customer", ID: uuid.Must(uuid.NewV7()),
				Before: map[string]any{"name": "云汇 \"科技\" <&>", "n": i, "rate": 1.50, "same": 1},
				After:  map[string]any{"name": "新名", "n": i + 1, "rate": nil, "same": 1, "long": strings.Repeat("长", i)}})
		})
	}
}

func seal(t testing.TB, w *fixture.World) int {
	t.Helper()
	n, err := sealerOf(w).Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func verify(t testing.TB, w *fixture.World, ctx context.Context) audit.Proof {
	t.Helper()
	p, err := audit.Verify(ctx, w.Client)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChainHolds(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	record(t, w, acme.Admin, 7)
	record(t, w, acme.Ctx, 3) // the system itself
	record(t, w, globex.Admin, 2)
	if p := verify(t, w, acme.Ctx); p.Sealed != 0 || p.Waiting != 10 || p.Break != nil {
		t.Errorf("before sealing: %+v", p)
	}
	s := sealerOf(w)
	s.Batch = 3
	if n, err := s.Drain(t.Context()); err != nil || n != 12 {
		t.Errorf("sealed %d, %v", n, err)
	}
	first := verify(t, w, acme.Ctx)
	if first.Sealed != 10 || first.Waiting != 0 || first.Break != nil || len(first.Head) != 32 {
		t.Errorf("acme: %+v", first)
	}
	record(t, w, acme.Admin, 1)
	seal(t, w)
	if p := verify(t, w, acme.Ctx); p.Sealed != 11 || p.Break != nil || string(p.Head) == string(first.Head) {
		t.Errorf("one later: %+v", p)
	}
	if p := verify(t, w, globex.Ctx); p.Sealed != 2 || p.Break != nil {
		t.Errorf("globex: %+v", p)
	}
}

// TestSealersTakeTurns: four at once, under writers, some cut short.
func TestSealersTakeTurns(t *testing.T) {
	t.Parallel()
	const n = 150
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s := sealerOf(w)
			s.Batch = 5
			for ctx.Err() == nil {
				short, cancel := context.WithTimeout(ctx, time.Duration(3+i)*time.Millisecond)
				_, _ = s.Drain(short) // cut short or not
				cancel()
			}
		})
	}
	record(t, w, acme.Admin, n)
	stop()
	wg.Wait()
	seal(t, w)
	if p := verify(t, w, acme.Ctx); p.Sealed != n || p.Waiting != 0 || p.Break != nil {
		t.Errorf("%+v", p)
	}
}

// TestTamperingShows: whatever a superuser does to the tables by hand.
func TestTamperingShows(t *testing.T) {
	t.Parallel()
	const fifth = `(SELECT entry_id FROM audit_seals WHERE tenant_id = $1 AND seq = 5)`
	for name, c := range map[string]struct {
		statements []string
		at         int64
		says       string
	}{
		"an edited change":    {[]string{`UPDATE audit_entries SET changes = jsonb_set(changes, '{n,0}', '99') WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"another action":      {[]string{`UPDATE audit_entries SET action = 'updat' WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"text moved between":  {[]string{`UPDATE audit_entries SET action = 'updatec', object = 'ustomer' WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"another actor":       {[]string{`UPDATE audit_entries SET actor_id = NULL WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"another key":         {[]string{`UPDATE audit_entries SET api_key_id = gen_random_uuid() WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"a microsecond":       {[]string{`UPDATE audit_entries SET occurred_at = occurred_at + interval '1 microsecond' WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"another request":     {[]string{`UPDATE audit_entries SET request_id = 'x' WHERE tenant_id = $1 AND id = ` + fifth}, 5, "changed"},
		"a new hash":          {[]string{`UPDATE audit_seals SET hash = sha256('x') WHERE tenant_id = $1 AND seq = 5`}, 5, "changed"},
		"a missing seal":      {[]string{`DELETE FROM audit_seals WHERE tenant_id = $1 AND seq = 5`}, 5, "the seal is missing"},
		"a missing entry":     {[]string{`ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_audit_entries_entry`, `DELETE FROM audit_entries WHERE tenant_id = $1 AND id = ` + fifth}, 5, "the entry is missing"},
		"two swapped":         {[]string{`UPDATE audit_seals SET seq = -seq WHERE tenant_id = $1 AND seq IN (5, 6)`, `UPDATE audit_seals SET seq = 11 + seq WHERE tenant_id = $1 AND seq < 0`}, 5, "moved"},
		"one that slipped in": {[]string{`INSERT INTO audit_entries (tenant_id, id, action, object, object_id, changes, occurred_at) VALUES ($1, gen_random_uuid(), 'a', 'b', gen_random_uuid(), '{}', now())`}, 0, "outside the chain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			acme := w.Tenant(t, "acme")
			record(t, w, acme.Admin, 9)
			seal(t, w)
			super := pgtest.Open(t, w.DB.SuperDSN)
			for _, statement := range c.statements {
				run(t, super, statement, acme.ID)
			}
			p := verify(t, w, acme.Ctx)
			if p.Break == nil || p.Break.Seq != c.at || !strings.Contains(p.Break.Problem, c.says) {
				t.Errorf("%+v, %+v; want place %d: %s", p, p.Break, c.at, c.says)
			}
		})
	}
}

func run(t testing.TB, db *sql.DB, statement string, tenant int64) {
	t.Helper()
	var args []any
	if strings.Contains(statement, "$1") {
		args = append(args, tenant)
	}
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// TestTheAppCannotTamper: its role lacks the rights.
func TestTheAppCannotTamper(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	record(t, w, acme.Admin, 1)
	seal(t, w)
	for _, statement := range []string{`UPDATE audit_entries SET action = 'x'`, `DELETE FROM audit_entries`, `UPDATE audit_seals SET seq = 2`, `DELETE FROM audit_seals`} {
		if _, err := w.Pool.ExecContext(acme.Ctx, statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// TestAnchorsShowWhatTheChainCannot: whoever may write all tables can make a chain that holds in itself.
func TestAnchorsShowWhatTheChainCannot(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	record(t, w, acme.Admin, 4)
	seal(t, w)
	early := verify(t, w, acme.Ctx)
	record(t, w, acme.Admin, 5)
	seal(t, w)
	late := verify(t, w, acme.Ctx)
	kept := []audit.Anchor{{Seq: early.Sealed, Hash: early.Head}, {Seq: late.Sealed, Hash: late.Head}}
	holds := func(want string) {
		t.Helper()
		p, err := audit.Verify(acme.Ctx, w.Client, kept...)
		if err != nil {
			t.Fatal(err)
		}
		if (want == "") != (p.Break == nil) || p.Break != nil && !strings.Contains(p.Break.Problem, want) {
			t.Errorf("%+v, want %q", p.Break, want)
		}
	}
	holds("")
	super := pgtest.Open(t, w.DB.SuperDSN)
	run(t, super, `DELETE FROM audit_seals WHERE tenant_id = $1 AND seq > 7`, acme.ID)
	run(t, super, `DELETE FROM audit_entries e WHERE tenant_id = $1 AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = e.id)`, acme.ID)
	if p := verify(t, w, acme.Ctx); p.Break != nil {
		t.Fatalf("without an anchor a shorter chain holds, and this does not: %+v", p.Break)
	}
	holds("the chain ends here")
	run(t, super, `UPDATE audit_entries SET action = 'other' WHERE tenant_id = $1 AND id = (SELECT entry_id FROM audit_seals WHERE tenant_id = $1 AND seq = 2)`, acme.ID)
	run(t, super, `INSERT INTO audit_queue (tenant_id, id) SELECT tenant_id, id FROM audit_entries WHERE tenant_id = $1`, acme.ID)
	run(t, super, `DELETE FROM audit_seals WHERE tenant_id = $1`, acme.ID)
	seal(t, w)
	if p := verify(t, w, acme.Ctx); p.Break != nil {
		t.Fatalf("without an anchor a new chain holds, and this does not: %+v", p.Break)
	}
	holds("written anew")
}
