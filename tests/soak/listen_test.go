//go:build unix

package soak

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
)

const subscription = `subscription Follow($after: String) { alertEvents(after: $after) { cursor type alert { id title } } }`

// event is what a listener hears of, and what it is known by.
type event struct {
	Cursor, Type string
	Alert        *struct{ ID, Title string }
}

type key struct{ Kind, Alert string }

// listener follows a person's alerts, by websocket or event stream, hangs up at random, and goes on where it was with another
// server.
type listener struct {
	field  *field
	person *person
	draw   *rand.Rand
	cursor string
	cuts   int
	news   chan struct{}

	mu       sync.Mutex
	heard    []key
	known    map[key]bool
	foreign  []string
	repeated int
}

// begin learns where to begin, before anything happens.
func (l *listener) begin(ctx context.Context) error {
	l.known = map[key]bool{}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return l.stream(ctx, func(e event) bool { l.take(e); return false })
}

// listen goes on until ctx ends. Every connection lasts a while and is then cut off.
func (l *listener) listen(ctx context.Context) {
	for ctx.Err() == nil {
		one, cut := context.WithTimeout(ctx, time.Duration(200+l.draw.IntN(8000))*time.Millisecond)
		follow := l.stream
		if l.draw.IntN(2) == 0 {
			follow = l.socket
		}
		_ = follow(one, func(e event) bool { l.take(e); return true }) // whatever ended it, there is another connection
		cut()
		l.cuts++
	}
}

func (l *listener) take(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cursor = e.Cursor
	if e.Alert == nil {
		return
	}
	if !strings.HasPrefix(e.Alert.Title, l.person.mark) {
		l.foreign = append(l.foreign, e.Alert.Title)
	}
	k := key{e.Type, e.Alert.ID}
	if l.known[k] {
		l.repeated++
		return
	}
	l.known[k] = true
	l.heard = append(l.heard, k)
	select {
	case l.news <- struct{}{}:
	default:
	}
}

func (l *listener) after() *string {
	if l.cursor == "" {
		return nil
	}
	return &l.cursor
}

// stream follows by an event stream as long as more wants more.
func (l *listener) stream(ctx context.Context, more func(event) bool) error {
	s := l.field.servers[l.draw.IntN(len(l.field.servers))].Server
	body, err := json.Marshal(map[string]any{"query": subscription, "variables": map[string]any{"after": l.after()}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Accept": "text/event-stream", "Content-Type": "application/json", "Authorization": "Bearer " + l.person.token} {
		req.Header.Set(name, value)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it is cut off, not finished
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		e, err := decode([]byte(data))
		if err != nil || !more(e) {
			return err
		}
	}
	return lines.Err()
}

// socket follows by a websocket.
func (l *listener) socket(ctx context.Context, more func(event) bool) error {
	s := l.field.servers[l.draw.IntN(len(l.field.servers))].Server
	conn, _, err := websocket.Dial(ctx, s.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }() // it is cut off, not finished
	for _, m := range []map[string]any{
		{"type": "connection_init", "payload": map[string]string{"token": l.person.token}},
		{"type": "subscribe", "id": "1", "payload": map[string]any{"query": subscription, "variables": map[string]any{"after": l.after()}}},
	} {
		if err := wsjson.Write(ctx, conn, m); err != nil {
			return err
		}
		if m["type"] == "connection_init" {
			var ack struct{ Type string }
			if err := wsjson.Read(ctx, conn, &ack); err != nil || ack.Type != "connection_ack" {
				return errors.Join(fmt.Errorf("the first answer is %q", ack.Type), err)
			}
		}
	}
	for {
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(ctx, conn, &m); err != nil {
			return err
		}
		switch m.Type {
		case "next":
			if e, err := decode(m.Payload); err != nil || !more(e) {
				return err
			}
		case "error", "complete":
			return fmt.Errorf("it ended with %s %s", m.Type, m.Payload)
		}
	}
}

func decode(payload []byte) (event, error) {
	var answer struct {
		Data   struct{ AlertEvents *event }
		Errors json.RawMessage
	}
	if err := json.Unmarshal(payload, &answer); err != nil || answer.Data.AlertEvents == nil {
		return event{}, fmt.Errorf("not an event: %s, %w", payload, err)
	}
	return *answer.Data.AlertEvents, nil
}

// committed reads what has been written, past all walls, once every event has its number: by tenant and user, in order.
func (f *field) committed(t *testing.T, ctx context.Context) map[int64]map[publicid.UserID][]key {
	t.Helper()
	db := pgtest.Open(t, f.servers[0].DB.SuperDSN)
	for waiting := 1; waiting > 0; { // for the workers to raise what is due, and to number it
		err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM outbox_events WHERE seq IS NULL) + (SELECT count(*) FROM reminders WHERE next_at <= $1)`,
			f.servers[0].Clock.Now()).Scan(&waiting)
		if err != nil {
			t.Fatal("what waits: ", err)
		}
	}
	rows, err := db.QueryContext(ctx, `SELECT tenant_id, kind, payload FROM outbox_events WHERE kind IN ($1, $2) ORDER BY tenant_id, seq`, alerts.EventRaised, alerts.EventWithdrawn)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	kinds := map[string]string{alerts.EventRaised: "RAISED", alerts.EventWithdrawn: "WITHDRAWN"}
	all := map[int64]map[publicid.UserID][]key{}
	for rows.Next() {
		var tenant int64
		var kind string
		var payload []byte
		var notice alerts.Notice
		if err := errors.Join(rows.Scan(&tenant, &kind, &payload), json.Unmarshal(payload, &notice)); err != nil {
			t.Fatal(err)
		}
		if all[tenant] == nil {
			all[tenant] = map[publicid.UserID][]key{}
		}
		for _, u := range notice.Recipients {
			all[tenant][u] = append(all[tenant][u], key{kinds[kind], notice.Alert.String()})
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// check waits until the listener has heard as much as was told to its person, and wants it to be that, in order, and nothing of
// anybody else's.
func (l *listener) check(t *testing.T, ctx context.Context, told map[publicid.UserID][]key) {
	t.Helper()
	want := told[l.person.id]
	if len(want) == 0 {
		t.Errorf("nothing was told to %s of %s; the test looks at too little", l.person.id, l.person.mark)
	}
	for {
		l.mu.Lock()
		heard, foreign := l.heard[:len(l.heard):len(l.heard)], l.foreign
		l.mu.Unlock()
		if len(heard) < len(want) {
			select {
			case <-l.news:
				continue
			case <-ctx.Done():
			}
		}
		if d := cmp.Diff(want, heard); d != "" {
			t.Errorf("%s of %s (-told +heard):\n%s", l.person.id, l.person.mark, d)
		}
		if len(foreign) > 0 {
			t.Errorf("%s of %s heard of %v", l.person.id, l.person.mark, foreign)
		}
		return
	}
}
