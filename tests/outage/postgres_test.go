//go:build unix

package outage

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"heyue/platform/pgtest"
	"heyue/tests/fixture"
	"heyue/tests/gate"
	"heyue/tests/stage"
)

const (
	oneMore  = `mutation { customerCreate(input: {name: "添一"}) { customer { id } userErrors { code } } }`
	howMany  = `{ customers { totalCount } }`
	deadline = "1s"
)

// TestPostgreSQLComesBack: while it is gone callers are told so, within the operation's time; when it is back
// everything goes on by itself, sockets that were open included, and nothing was half-written.
func TestPostgreSQLComesBack(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct{ harm, mend func(*gate.Gate) }{
		"restarted": {harm: func(g *gate.Gate) { g.Close(); g.Open() }},
		"down":      {harm: (*gate.Gate).Close, mend: (*gate.Gate).Open},
		"hung":      {harm: (*gate.Gate).Hold, mend: (*gate.Gate).Release},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g *gate.Gate
			s := on(t, stage.Behind(t, func(w *fixture.World) []string {
				g = gate.Before(t, w.DB.AppDSN)
				return []string{
					"DATABASE_URL", g.Through(t, w.DB.AppDSN), "DATABASE_SYSTEM_URL", g.Through(t, w.DB.SystemDSN), "HEYUE_OPERATION_DEADLINE", deadline,
					"HEYUE_DATABASE_CONNECT_TIMEOUT", deadline, "HEYUE_DATABASE_CANCEL_GRACE", "100ms", "HEYUE_DATABASE_END_TIMEOUT", deadline,
				}
			}))
			early := s.socket(t, "")
			s.everything(t, "一")
			early.gets(t, "一")
			trouble.harm(g)
			if trouble.mend != nil {
				for _, document := range []string{howMany, oneMore, `{ viewer { user { email } } }`} {
					if answer := s.Post(t, s.token, document, nil); !strings.Contains(answer, `"code":"UNAVAILABLE"`) || strings.Contains(answer, `"id":"cus_`) {
						t.Errorf("%s while it is away: %s", document, answer)
					}
				}
				trouble.mend(g)
			}
			s.until(t, howMany, `"totalCount":1\b`)
			s.everything(t, "二")
			early.gets(t, "二")
		})
	}
}

// until asks until the answer is right; whatever is answered before says UNAVAILABLE.
func (s *site) until(t testing.TB, document, pattern string) {
	t.Helper()
	right := regexp.MustCompile(pattern)
	for {
		answer := s.Post(t, s.token, document, nil)
		if right.MatchString(answer) {
			return
		}
		if !strings.Contains(answer, `"code":"UNAVAILABLE"`) || s.ctx.Err() != nil {
			t.Fatalf("%s: %s, want %s", document, answer, pattern)
		}
	}
}

// TestAConnectionDiesInMidTransaction: the write is not there, the caller is told to try again, and the same key then
// carries it out once.
func TestAConnectionDiesInMidTransaction(t *testing.T) {
	t.Parallel()
	s := on(t, stage.New(t))
	super := pgtest.Open(t, s.DB.SuperDSN)
	for i := range 3 {
		key := fmt.Sprintf("try-again-%d", i)
		release := lock(t, super, "SHARE") // holds back what inserts
		answers := make(chan string, 1)
		go func() { answers <- s.PostKey(t, s.token, key, oneMore, nil) }()
		for killed := 0; killed == 0; {
			if s.ctx.Err() != nil {
				t.Fatal("nobody waits for the lock")
			}
			row := super.QueryRowContext(s.ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%customers%' AND pid <> pg_backend_pid()`)
			if err := row.Scan(&killed); err != nil {
				t.Fatal(err)
			}
		}
		if answer := <-answers; !strings.Contains(answer, `"code":"UNAVAILABLE"`) {
			t.Errorf("the killed one was told %s", answer)
		}
		release()
		s.until(t, howMany, fmt.Sprintf(`"totalCount":%d\b`, 1+i))
		first := s.again(t, key)
		if second := s.again(t, key); second != first {
			t.Errorf("carried out twice: %s and %s", first, second)
		}
		s.until(t, howMany, fmt.Sprintf(`"totalCount":%d\b`, 2+i))
	}
}

// again sends the mutation with its key until it is carried out, and returns the customer's id.
func (s *site) again(t testing.TB, key string) string {
	t.Helper()
	for {
		answer := s.PostKey(t, s.token, key, oneMore, nil)
		if id := regexp.MustCompile(`cus_\w+`).FindString(answer); id != "" {
			return id
		}
		if !strings.Contains(answer, `"code":"UNAVAILABLE"`) || s.ctx.Err() != nil {
			t.Fatalf("again: %s", answer)
		}
	}
}

// lock takes the table of customers until it is released.
func lock(t testing.TB, super *sql.DB, mode string) (release func()) {
	t.Helper()
	tx, err := super.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE customers IN "+mode+" MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// TestThePoolIsExhausted: with every connection taken by what waits for a lock, others are told within their time, and
// all is well when the lock is gone.
func TestThePoolIsExhausted(t *testing.T) {
	t.Parallel()
	s := on(t, stage.New(t, "HEYUE_DATABASE_POOL", "2", "HEYUE_OPERATION_DEADLINE", deadline))
	super := pgtest.Open(t, s.DB.SuperDSN)
	release := lock(t, super, "ACCESS EXCLUSIVE")
	const callers = 6
	answers := make(chan string, callers)
	for range callers {
		go func() { answers <- s.Post(t, s.token, howMany, nil) }()
	}
	for range callers {
		if answer := <-answers; !strings.Contains(answer, `"code":"UNAVAILABLE"`) {
			t.Errorf("told %s", answer)
		}
	}
	release()
	s.until(t, howMany, `"totalCount":1\b`)
	s.everything(t, "一")
}
