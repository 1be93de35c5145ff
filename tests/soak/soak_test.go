//go:build unix

package soak

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heyue/platform/child"
	"heyue/platform/publicid"
	"heyue/platform/redistest"
	"heyue/tests/fixture"
	"heyue/tests/gate"
	"heyue/tests/stage"
)

const (
	companies = 50
	people    = 4 // of a company; each follows their alerts
	workers   = 2
	patience  = 4 * time.Minute // how long anything may take before the test gives up: a guard, not a measure
)

// worker in the environment makes this program one that works, instead of one that tests.
const worker = "HEYUE_SOAK_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(worker) == "" {
		os.Exit(m.Run())
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil)) // it is killed in the midst of everything
	if err := stage.Work(context.Background(), os.Environ(), log); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lasting is how long things go wrong: HEYUE_SOAK may name a time.
func lasting() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("HEYUE_SOAK")); err == nil {
		return d
	}
	return time.Minute
}

// field is the product as two processes that answer and two that work, with a Redis of its own and a gate before its
// database.
type field struct {
	redis   *redistest.Server
	gate    *gate.Gate
	servers []*stage.Stage
	labour  []string // the environment of a worker
	done    context.Context

	working []*child.Process

	people  []*person
	payers  []string // a token of each company's finance
	written atomic.Int64
}

// person is a salesperson with a customer. Whatever is about them has their company's mark.
type person struct {
	company               *fixture.Tenant
	id                    publicid.UserID
	mark, token, customer string
}

func TestEverythingArrivesWhateverHappens(t *testing.T) {
	t.Parallel()
	f := lay(t)
	ctx, cancel := context.WithTimeout(t.Context(), lasting()+patience)
	defer cancel()
	f.done = ctx
	var listeners []*listener
	var listening sync.WaitGroup
	for n, p := range f.people {
		l := &listener{field: f, person: p, draw: rand.New(rand.NewPCG(uint64(n), 1)), news: make(chan struct{}, 1)}
		if err := l.begin(ctx); err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	over, end := context.WithCancel(ctx)
	defer end()
	for _, l := range listeners {
		listening.Go(func() { l.listen(over) })
	}
	f.trouble(t, ctx)
	want := f.committed(t, ctx)
	for _, l := range listeners {
		l.check(t, ctx, want[l.person.company.ID])
	}
	end()
	listening.Wait()
	var cut, again int
	for _, l := range listeners {
		cut, again = cut+l.cuts, again+l.repeated
	}
	t.Logf("%d writes; %d listeners began again %d times and heard %d events twice", f.written.Load(), len(listeners), cut, again)
}

// lay puts everything on, with everybody signed in.
func lay(t *testing.T) *field {
	t.Helper()
	f := &field{redis: redistest.Start(t)}
	var settings []string
	first := stage.Behind(t, func(w *fixture.World) []string {
		f.gate = gate.Before(t, w.DB.AppDSN)
		settings = []string{
			"DATABASE_URL", f.gate.Through(t, w.DB.AppDSN), "DATABASE_SYSTEM_URL", f.gate.Through(t, w.DB.SystemDSN), "REDIS_URL", f.redis.URL(),
			"HEYUE_OPERATION_DEADLINE", "5s", "HEYUE_DATABASE_CANCEL_GRACE", "100ms",
		}
		return settings
	})
	f.servers = []*stage.Stage{first, stage.Beside(t, first, settings...)}
	f.labour = append(stage.Environment(t, first.World, settings...), worker+"=1")
	for range workers {
		f.working = append(f.working, f.work(t))
	}
	t.Cleanup(func() {
		for _, p := range f.working {
			p.Kill()
		}
	})
	for c := range companies {
		tn := first.Tenant(t, fmt.Sprintf("c%d", c))
		f.payers = append(f.payers, first.Token(t, tn, first.User(t, tn, "finance", tn.Root)))
		for range people {
			ctx := first.User(t, tn, "sales", first.Department(t, tn, fmt.Sprintf("D%d", len(f.people))))
			p := &person{company: tn, id: fixture.Caller(t, ctx).UserID, mark: fmt.Sprintf("C%d!", c), token: first.Token(t, tn, ctx)}
			answer := first.Post(t, p.token, fmt.Sprintf(`mutation { customerCreate(input: {name: %q}) { customer { id } } }`, p.mark), nil)
			if p.customer = regexp.MustCompile(`cus_\w+`).FindString(answer); p.customer == "" {
				t.Fatal("no customer: ", answer)
			}
			f.people = append(f.people, p)
		}
	}
	return f
}

// work starts a program that works and nothing else.
func (f *field) work(t *testing.T) *child.Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^$") //nolint:noctx // this program itself, until it is killed
	cmd.Env, cmd.Stderr = append(os.Environ(), f.labour...), os.Stderr
	p, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trouble writes in all companies at once, and breaks things meanwhile. It ends with everything mended.
func (f *field) trouble(t *testing.T, ctx context.Context) {
	t.Helper()
	lasts, end := context.WithTimeout(ctx, lasting())
	defer end()
	var writing sync.WaitGroup
	for c := range companies {
		writing.Go(func() { f.write(t, lasts, c) })
	}
	draw := rand.New(rand.NewPCG(5, 5))
	tick := time.NewTicker(1500 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-lasts.Done():
			writing.Wait()
			return
		case <-tick.C:
			f.harm(t, n, draw)
		}
	}
}

// harm breaks one thing; each kind comes in turn.
func (f *field) harm(t *testing.T, n int, draw *rand.Rand) {
	t.Helper()
	switch n % 4 {
	case 0, 2:
		one := draw.IntN(workers)
		f.working[one].Kill()
		f.working[one] = f.work(t)
	case 1:
		if draw.IntN(2) == 0 {
			f.redis.Restart(t)
			return
		}
		flush(t, f.redis)
	case 3: // PostgreSQL restarts
		f.gate.Close()
		f.gate.Open()
	}
}
