package transport_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

// board is a list of messages that subscriptions follow, and the rules about who is of which class. Of an event subscribers
// read its number, the class and the version of the rules that it was executed by, and the version it was published at.
type board struct {
	mu      sync.Mutex
	written []int64 // versions at publication
	bells   map[int]func()
	serial  int
	begun   int
	polled  int

	version int64
	classes []map[string]string // by version: the class of each name; "" may not read
	pad     string
}

func newBoard(classes map[string]string) *board {
	return &board{bells: map[int]func(){}, classes: []map[string]string{classes}}
}

func (b *board) publish() {
	b.mu.Lock()
	b.written = append(b.written, b.version)
	bells := make([]func(), 0, len(b.bells))
	for _, ring := range b.bells {
		bells = append(bells, ring)
	}
	b.mu.Unlock()
	for _, ring := range bells {
		ring()
	}
}

// change makes new rules, in which one name is of another class.
func (b *board) change(name, class string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := map[string]string{}
	for n, c := range b.classes[b.version] {
		next[n] = c
	}
	next[name] = class
	b.classes = append(b.classes, next)
	b.version++
}

func (b *board) classOf(name string, version int64) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.classes[version][name]
}

func (b *board) count() (begun, polled int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begun, b.polled
}

// decision is what an execution is pinned to.
type decision struct {
	class   string
	version int64
}

type decisionKey struct{}

func (b *board) options() transport.Options {
	return transport.Options{
		Version: func(context.Context) (int64, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.version, nil
		},
		Audience: func(ctx context.Context, _ *graphql.OperationContext, version int64) (transport.Audience, error) {
			class := b.classOf(*caller(ctx), version)
			if class == "" {
				return transport.Audience{}, &gqlerror.Error{Message: "you may not", Extensions: map[string]any{"code": "FORBIDDEN"}}
			}
			return transport.Audience{Key: class, Scope: "all", Pin: func(ctx context.Context) context.Context {
				return context.WithValue(ctx, decisionKey{}, decision{class, version})
			}}, nil
		},
	}
}

// follow is the resolver.
func (b *board) follow(ctx context.Context, after *string) (<-chan *probe.Message, error) {
	f := &follower{board: b, at: -1}
	if at := transport.Resume(ctx); at != "" {
		after = &at
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	b.serial++
	f.id, f.next = b.serial, len(b.written)
	if after != nil {
		f.next, _ = strconv.Atoi(*after)
		f.past = true
	}
	return transport.Follow(ctx, f), nil
}

type follower struct {
	board    *board
	id, next int
	at       int // of the greeting of the first, which is sent once; -1 before
	seen     int
	past     bool
}

func (f *follower) Notify(ring func()) {
	f.board.mu.Lock()
	f.board.bells[f.id] = ring
	f.board.mu.Unlock()
	ring()
}

func (f *follower) Ready(context.Context) bool {
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	f.seen = len(f.board.written)
	return f.at < 0 || f.next < f.seen
}

func (f *follower) Poll(ctx context.Context) (*probe.Message, bool, error) {
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	if f.at < 0 {
		f.at = f.next
		return f.message(ctx, "greeting", 0), true, nil
	}
	if f.next >= f.seen {
		return nil, false, nil
	}
	f.board.polled++
	f.next++
	return f.message(ctx, "event", f.board.written[f.next-1]), true, nil
}

func (f *follower) message(ctx context.Context, kind string, published int64) *probe.Message {
	d, _ := ctx.Value(decisionKey{}).(decision)
	text, _ := json.Marshal(told{kind, d.class, d.version, published, f.board.pad})
	return &probe.Message{Cursor: strconv.Itoa(f.next), Text: string(text)}
}

func (f *follower) Greet(ctx context.Context) (*probe.Message, bool, error) {
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	return f.message(ctx, "greeting", 0), true, nil
}

func (f *follower) At(context.Context) string { return strconv.Itoa(f.next) }
func (f *follower) Joinable() bool            { return !f.past }

func (f *follower) Close() {
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	delete(f.board.bells, f.id)
}

// told is what an event says.
type told struct {
	Kind      string
	Class     string
	Version   int64
	Published int64
	Pad       string `json:",omitempty"`
}

// screen is a subscriber.
type screen struct {
	*peer
	name string
}

func (e *endpoint) screen(t *testing.T, name, query string) screen {
	t.Helper()
	p := e.open(t, `{"token":"`+name+`"}`)
	p.subscribe(name, query)
	return screen{p, name}
}

const following = "subscription{messages{cursor text}}"

// next reads an event or a greeting.
func (s screen) next() (cursor int, said told) {
	s.t.Helper()
	return decodeTold(s.t, s.want("next", s.name))
}

func decodeTold(t *testing.T, payload string) (cursor int, said told) {
	t.Helper()
	var answer struct {
		Data struct{ Messages probe.Message }
	}
	if err := json.Unmarshal([]byte(payload), &answer); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	if err := json.Unmarshal([]byte(answer.Data.Messages.Text), &said); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	cursor, _ = strconv.Atoi(answer.Data.Messages.Cursor)
	return cursor, said
}

func (s screen) wants(kind string, cursor int) told {
	s.t.Helper()
	at, said := s.next()
	if said.Kind != kind || at != cursor {
		s.t.Fatalf("%s got %s %d, want %s %d", s.name, said.Kind, at, kind, cursor)
	}
	return said
}

// TestEqualSubscriptionsShareAnExecution: however many ask, whatever they call it and however they lay it out, on either
// transport.
func TestEqualSubscriptionsShareAnExecution(t *testing.T) {
	t.Parallel()
	b := newBoard(map[string]string{"ann": "a", "bob": "a", "eve": "a", "zoe": "z"})
	e := start(t, &probe.Resolver{Messages: b.follow}, b.options())
	first := e.screen(t, "ann", following)
	first.wants("greeting", 0)
	b.publish()
	first.wants("event", 1)
	second := e.screen(t, "bob", "subscription  {\n  messages { cursor, text }\n}")
	second.wants("greeting", 1) // who joins is told where the stream is, and nothing of before
	s := e.events(t, e.client, following, "Authorization", "Bearer eve")
	if _, said := decodeTold(t, strings.TrimPrefix(s.event(), "event: next\ndata: ")); said.Kind != "greeting" {
		t.Errorf("the event stream begins with %+v", said)
	}
	b.publish()
	first.wants("event", 2)
	second.wants("event", 2)
	if at, said := decodeTold(t, strings.TrimPrefix(s.event(), "event: next\ndata: ")); said.Kind != "event" || at != 2 {
		t.Errorf("the event stream got %d %+v", at, said)
	}
	if begun, polled := b.count(); begun != 1 || polled != 2 {
		t.Errorf("%d executions made %d events for three who ask the same", begun, polled)
	}
	other := e.screen(t, "zoe", following)
	if said := other.wants("greeting", 2); said.Class != "z" {
		t.Errorf("got %+v", said)
	}
	more := e.screen(t, "bob", "subscription{messages{text cursor}}") // another document
	more.wants("greeting", 2)
	if open, executions := e.Subscriptions(); open != 5 || executions != 3 {
		t.Errorf("%d subscriptions, %d executions", open, executions)
	}
}

// TestWhoBeganAtAPlaceIsNotJoined: they would miss what lies between.
func TestWhoBeganAtAPlaceIsNotJoined(t *testing.T) {
	t.Parallel()
	b := newBoard(map[string]string{"ann": "a", "bob": "a"})
	b.publish()
	b.publish()
	e := start(t, &probe.Resolver{Messages: b.follow}, b.options())
	for _, name := range []string{"ann", "bob"} {
		p := e.screen(t, name, `subscription{messages(after:"1"){cursor text}}`)
		p.wants("greeting", 1)
		p.wants("event", 2)
	}
}

// TestTheFirstMayLeave: an execution goes on for the others.
func TestTheFirstMayLeave(t *testing.T) {
	t.Parallel()
	b := newBoard(map[string]string{"ann": "a", "bob": "a"})
	e := start(t, &probe.Resolver{Messages: b.follow}, b.options())
	first := e.screen(t, "ann", following)
	first.wants("greeting", 0)
	second := e.screen(t, "bob", following)
	second.wants("greeting", 0)
	_ = first.conn.CloseNow()
	for open := 2; open > 1; open, _ = e.Subscriptions() {
		b.publish()
		second.next()
	}
	b.publish()
	second.next()
	if begun, _ := b.count(); begun != 1 {
		t.Errorf("%d executions", begun)
	}
	second.send(`{"type":"complete","id":"bob"}`)
	for open := 1; open > 0; open, _ = e.Subscriptions() {
		second.send(`{"type":"ping"}`)
		second.want("pong", "")
	}
}

// TestRulesChangeWithoutAnEvent: a stream is cut, or goes on with what is left, as soon as the server is told to look.
func TestRulesChangeWithoutAnEvent(t *testing.T) {
	t.Parallel()
	b := newBoard(map[string]string{"ann": "a", "bob": "a", "eve": "a"})
	e := start(t, &probe.Resolver{Messages: b.follow}, b.options())
	ann, bob, eve := e.screen(t, "ann", following), e.screen(t, "bob", following), e.screen(t, "eve", following)
	for _, s := range []screen{ann, bob, eve} {
		s.wants("greeting", 0)
	}
	b.change("bob", "")
	e.Recheck("another tenant")
	e.Recheck("all")
	if got := bob.want("error", "bob"); !strings.Contains(got, "FORBIDDEN") {
		t.Errorf("bob got %s", got)
	}
	b.change("eve", "less")
	e.Recheck("all")
	if said := eve.wants("greeting", 0); said.Class != "less" || said.Version != 2 {
		t.Errorf("eve goes on with %+v", said)
	}
	b.publish()
	if said := ann.wants("event", 1); said.Class != "a" {
		t.Errorf("ann got %+v", said)
	}
	if said := eve.wants("event", 1); said.Class != "less" {
		t.Errorf("eve got %+v", said)
	}
}

// events is how many there are in TestAudiencesNeverMix. `make soak` asks for more by HEYUE_SOAK.
func events() int {
	if os.Getenv("HEYUE_SOAK") != "" {
		return 5000
	}
	return 200
}

// TestAudiencesNeverMix lets many come, go and change their class while events are published, and wants of each event that it
// was executed for the class that its receiver was of, by rules no older than the event.
func TestAudiencesNeverMix(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	names, classes := map[string]string{}, []string{"one", "two", "three"}
	for i := range 24 {
		names[fmt.Sprintf("u%d", i)] = classes[i%3]
	}
	b := newBoard(names)
	e := start(t, &probe.Resolver{Messages: b.follow}, b.options())
	var watching sync.WaitGroup
	for name := range names {
		s := e.screen(t, name, following)
		watching.Go(func() { b.watch(t, s, events()) })
	}
	for i := range events() {
		switch random.IntN(4) {
		case 0:
			b.change(fmt.Sprintf("u%d", random.IntN(len(names))), classes[random.IntN(3)])
		case 1:
			e.Recheck("all")
		}
		if i%20 == 0 { // somebody who comes and goes
			s := e.screen(t, fmt.Sprintf("u%d", random.IntN(len(names))), following)
			s.next()
			_ = s.conn.CloseNow()
		}
		b.publish()
	}
	watching.Wait()
}

// watch reads up to the last event and checks that there was each, once, and by which rules.
func (b *board) watch(t *testing.T, s screen, last int) {
	for at := -1; at < last; {
		m := s.read()
		if m.Type != "next" {
			t.Errorf("%s got %s %s", s.name, m.Type, m.Payload)
			return
		}
		cursor, said := decodeTold(t, string(m.Payload))
		if want := b.classOf(s.name, said.Version); said.Class != want || said.Version < said.Published {
			t.Errorf("%s, who is %s by version %d, got an event of version %d that was made for %s", s.name, want, said.Version, said.Published, said.Class)
			return
		}
		switch {
		case said.Kind == "event" && at >= 0 && cursor != at+1:
			t.Errorf("%s got event %d after %d", s.name, cursor, at)
			return
		case said.Kind == "greeting" && at >= 0 && cursor != at: // in another group
			t.Errorf("%s goes on at %d after %d", s.name, cursor, at)
			return
		}
		at = cursor
	}
}

// TestTheStalledAreLeftBehind: who reads gets everything while others of the same execution do not, and those are closed.
func TestTheStalledAreLeftBehind(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for i := range 8 {
		names[fmt.Sprintf("u%d", i)] = "a"
	}
	b := newBoard(names)
	b.pad = strings.Repeat("x", 256<<10)
	o := b.options()
	o.WriteTimeout = 300 * time.Millisecond
	e := start(t, &probe.Resolver{Messages: b.follow}, o)
	var reading []screen
	for i := range 8 {
		name := fmt.Sprintf("u%d", i)
		if i%2 == 0 {
			reading = append(reading, e.screen(t, name, following))
			reading[len(reading)-1].wants("greeting", 0)
			continue
		}
		stalled, _, err := e.tryDial(t, narrow(t))
		if err != nil {
			t.Fatal(err)
		}
		stalled.send(`{"type":"connection_init","payload":{"token":"` + name + `"}}`)
		stalled.want("connection_ack", "")
		stalled.subscribe(name, following)
	}
	for open := 0; open < 8; open, _ = e.Subscriptions() {
		reading[0].send(`{"type":"ping"}`)
		reading[0].want("pong", "")
	}
	n := 0
	for open := 8; open > 4; open, _ = e.Subscriptions() {
		b.publish()
		n++
		for _, s := range reading {
			s.wants("event", n)
		}
	}
	if begun, _ := b.count(); begun != 1 {
		t.Errorf("%d executions", begun)
	}
}
