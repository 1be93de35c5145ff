//go:build unix

// Package outage takes away what the product leans on and holds that callers still get right answers and lose nothing.
package outage

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/redis/go-redis/v9"

	"heyue/identity/sessions"
	"heyue/platform/redistest"
	"heyue/tests/stage"
)

// patience is how long anything may take before the test gives up. It is a guard, not a measure.
const patience = 2 * time.Minute

// TestRedisIsNeverNeeded: two processes, one that answers and one that works, whose Redis is in trouble. Everything is
// answered as ever, and who follows alerts gets each once, in order: on a socket that was open before, on one that is
// opened meanwhile, and afterwards, when messages flow again.
func TestRedisIsNeverNeeded(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct {
		before, harm, mend func(t testing.TB, s *redistest.Server)
	}{
		"down from the start": {before: stop, harm: leave, mend: restart},
		"hung from the start": {before: pause, harm: leave, mend: resume},
		"hung":                {before: leave, harm: pause, mend: resume},
		"killed":              {before: leave, harm: stop, mend: restart},
		"restarted":           {before: leave, harm: restart, mend: leave},
		"flushed":             {before: leave, harm: flush, mend: leave},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			trouble.before(t, server)
			s := open(t, server)
			early := s.socket(t, "")
			s.everything(t, "一")
			early.gets(t, "一")
			trouble.harm(t, server)
			s.everything(t, "二")
			early.gets(t, "二")
			between := s.socket(t, early.cursor)
			s.everything(t, "三")
			early.gets(t, "三")
			between.gets(t, "三")
			trouble.mend(t, server)
			s.hears(t, server)
			s.everything(t, "四")
			early.gets(t, "醒", "四")
			between.gets(t, "醒", "四")
			late := s.socket(t, early.first)
			late.gets(t, "一", "二", "三", "醒", "四")
		})
	}
}

func leave(testing.TB, *redistest.Server)           {}
func stop(t testing.TB, s *redistest.Server)        { s.Stop(t) }
func restart(t testing.TB, s *redistest.Server)     { s.Restart(t) }
func pause(t testing.TB, s *redistest.Server)       { s.Pause(t) }
func resume(t testing.TB, server *redistest.Server) { server.Resume(t) }

func flush(t testing.TB, s *redistest.Server) {
	if err := client(t, s).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

func client(t testing.TB, s *redistest.Server) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// site is the product with a salesperson who has a customer.
type site struct {
	*stage.Stage
	ctx             context.Context
	login           sessions.Credentials
	token, customer string
	titles          []string
}

func open(t testing.TB, server *redistest.Server) *site {
	t.Helper()
	return on(t, stage.Apart(t, "REDIS_URL", server.URL()))
}

// on puts the salesperson on a stage.
func on(t testing.TB, bare *stage.Stage) *site {
	t.Helper()
	s := &site{Stage: bare}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	acme := s.Tenant(t, "acme")
	sales := s.User(t, acme, "sales", s.Department(t, acme, "SALES"))
	s.login = s.SetPassword(t, acme, sales)
	s.signIn(t)
	s.customer = s.ask(t, `cus_\w+`, `mutation { customerCreate(input: {name: "云汇"}) { customer { id } } }`)
	return s
}

func (s *site) signIn(t testing.TB) {
	t.Helper()
	answer := s.ask(t, `"accessToken":"[^"]+"`, fmt.Sprintf(`mutation { login(input: {tenant: %q, email: %q, password: %q}) { signIn { accessToken } userErrors { code } } }`,
		s.login.Tenant, s.login.Email, s.login.Password))
	s.token = strings.TrimSuffix(strings.TrimPrefix(answer, `"accessToken":"`), `"`)
}

// ask sends a document, wants an answer without errors, and returns the part of it that matches.
func (s *site) ask(t testing.TB, pattern, document string) string {
	t.Helper()
	answer := s.Post(t, s.token, document, nil)
	found := regexp.MustCompile(pattern).FindString(answer)
	if found == "" || strings.Contains(answer, `"errors":[`) {
		t.Fatalf("%s: no %s in %s", document, pattern, answer)
	}
	return found
}

// everything signs in and does what a day brings, with a contract that reminds at once.
func (s *site) everything(t testing.TB, title string) {
	t.Helper()
	s.signIn(t)
	s.ask(t, `"viewer":\{"user":\{"email":"`+regexp.QuoteMeta(s.login.Email)+`"`, `{ viewer { user { email } } }`)
	s.ask(t, `"totalCount":1,"nodes":\[\{"id":"`+s.customer+`","name":"云汇"\}\]`, `{ customers { totalCount nodes { id name } } }`)
	id := s.ask(t, `con_\w+`, fmt.Sprintf(`mutation { contractCreate(input: {kind: SALES, registered: true, title: %q, customerId: %q, amount: {amount: "1", currency: CNY},
		signedOn: "2026-01-01", effectiveOn: "2026-01-01", paymentPlan: [{dueOn: "2026-06-15", amount: "1"}]}) { contract { id } userErrors { message } } }`, title, s.customer))
	s.ask(t, `"contract":\{"title":"`+title+`","status":"ACTIVE"\}`, fmt.Sprintf(`{ contract(id: %q) { title status } }`, id))
	s.titles = append(s.titles, title)
	count := fmt.Sprintf(`"totalCount":%d,`, len(s.titles))
	for { // until the alert is there
		answer := s.Post(t, s.token, `{ alerts { totalCount nodes { title } } }`, nil)
		if strings.Contains(answer, count) && strings.Contains(answer, `"`+title+`"`) {
			return
		}
		if strings.Contains(answer, `"errors":[`) || s.ctx.Err() != nil {
			t.Fatalf("the alerts are %s", answer)
		}
	}
}

// hears returns when both processes listen to Redis again and the wake-up for a new alert has passed through it.
func (s *site) hears(t testing.TB, server *redistest.Server) {
	t.Helper()
	c := client(t, server)
	var names []string
	for len(names) < 2 || !slices.Contains(names, "relay") { // the other one is the tenant's
		var err error
		if names, err = c.PubSubChannels(s.ctx, "*").Result(); s.ctx.Err() != nil {
			t.Fatalf("Redis knows of %v, %v", names, err)
		}
	}
	sub := c.Subscribe(s.ctx, names...)
	defer func() { _ = sub.Close() }() // nothing is owed to a subscription
	if _, err := sub.Receive(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.everything(t, "醒")
	if _, err := sub.ReceiveMessage(s.ctx); err != nil {
		t.Fatal("no wake-up: ", err)
	}
}

// socket is a subscription to the salesperson's alerts.
type socket struct {
	*websocket.Conn
	ctx           context.Context
	first, cursor string // of the first position, and of the last event
}

func (s *site) socket(t testing.TB, after string) *socket {
	t.Helper()
	conn, resp, err := websocket.Dial(s.ctx, s.Server.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp // its body is the connection's
	t.Cleanup(func() { _ = conn.CloseNow() })
	k := &socket{Conn: conn, ctx: s.ctx}
	k.send(t, map[string]any{"type": "connection_init", "payload": map[string]string{"token": s.token}})
	if kind, _ := k.read(t); kind != "connection_ack" {
		t.Fatal("the socket was not opened: ", kind)
	}
	argument := ""
	if after != "" {
		argument = fmt.Sprintf("(after: %q)", after)
	}
	k.send(t, map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{
		"query": "subscription { alertEvents" + argument + " { cursor type alert { title } } }"}})
	k.first = k.next(t).Cursor
	return k
}

func (k *socket) send(t testing.TB, message map[string]any) {
	t.Helper()
	if err := wsjson.Write(k.ctx, k.Conn, message); err != nil {
		t.Fatal(err)
	}
}

func (k *socket) read(t testing.TB) (kind string, payload json.RawMessage) {
	t.Helper()
	var m struct {
		Type    string
		Payload json.RawMessage
	}
	if err := wsjson.Read(k.ctx, k.Conn, &m); err != nil {
		t.Fatal(err)
	}
	return m.Type, m.Payload
}

type event struct {
	Cursor, Type string
	Alert        *struct{ Title string }
}

func (k *socket) next(t testing.TB) event {
	t.Helper()
	for {
		kind, payload := k.read(t)
		if kind == "ping" || kind == "pong" {
			continue
		}
		var m struct {
			Data   struct{ AlertEvents *event }
			Errors json.RawMessage
		}
		if err := json.Unmarshal(payload, &m); err != nil || kind != "next" || m.Data.AlertEvents == nil {
			t.Fatalf("%s %s, %v", kind, payload, err)
		}
		k.cursor = m.Data.AlertEvents.Cursor
		return *m.Data.AlertEvents
	}
}

// gets wants these alerts next, each once; positions may stand between them.
func (k *socket) gets(t testing.TB, titles ...string) {
	t.Helper()
	for _, want := range titles {
		e := k.next(t)
		for e.Type == "POSITION" {
			e = k.next(t)
		}
		if e.Type != "RAISED" || e.Alert == nil || e.Alert.Title != want {
			t.Fatalf("got %+v %+v, want %s", e, e.Alert, want)
		}
	}
}
