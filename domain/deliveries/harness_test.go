package deliveries_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"heyue/domain/alerts"
	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/outbox"
	"heyue/platform/carrier"
	"heyue/platform/date"
	"heyue/platform/egress"
	"heyue/platform/mail"
	"heyue/platform/mail/mailtest"
	"heyue/platform/money"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// house is a world with a tenant whose seller is told of what falls due, everything that tells them, and real servers at
// the other side.
type house struct {
	*fixture.World
	acme    *fixture.Tenant
	sales   publicid.DepartmentID
	seller  context.Context
	service *deliveries.Service
	owed    alerts.Obligations
	inbox   *alerts.Inbox
	mails   *mailtest.Sink
	http    *http.Client
	limits  deliveries.Limits
	logged  *logged
	relay   *outbox.Relay
}

// logged is everything that was logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func open(t *testing.T, change ...func(*deliveries.Limits)) *house {
	t.Helper()
	h := &house{World: fixture.New(t), mails: mailtest.New(t), limits: deliveries.DefaultLimits(), logged: &logged{}}
	h.limits.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	h.limits.Rate = 1_000_000
	for _, c := range change {
		c(&h.limits)
	}
	h.http = egress.New(egress.Options{Timeout: time.Second, Allow: h.limits.Allow})
	t.Cleanup(h.http.CloseIdleConnections)
	h.service = &deliveries.Service{
		Client: h.Client, Policies: h.Policies, Audit: h.Audit, Reminders: alerts.Obligations{Outbox: h.Outbox, Clock: h.Clock},
		Box: secret.NewBox(make([]byte, secret.Size)), Lister: h.Lister, Clock: h.Clock, Limits: h.limits,
	}
	h.owed = alerts.Obligations{Outbox: h.Outbox, Courier: h.service, Clock: h.Clock}
	h.inbox = &alerts.Inbox{Client: h.Client, Policies: h.Policies, Audit: h.Audit, Outbox: h.Outbox, Courier: h.service, Clock: h.Clock, Lister: h.Lister}
	h.relay = &outbox.Relay{Client: h.Client, System: h.System, Log: slog.New(slog.DiscardHandler)}
	h.acme = h.tenant(t, "acme")
	h.sales = h.Department(t, h.acme, "SALES")
	h.seller = h.User(t, h.acme, "sales", h.sales)
	return h
}

// tenant makes a tenant that tells people by mail beside the inbox.
func (h *house) tenant(t *testing.T, slug string) *fixture.Tenant {
	t.Helper()
	tn := h.Tenant(t, slug)
	h.channels(t, tn, channel.InApp, channel.Email)
	return tn
}

func (h *house) channels(t *testing.T, tn *fixture.Tenant, by ...channel.Channel) {
	t.Helper()
	h.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		s := settings.Default()
		s.AlertChannels = by
		return tx.Tenant.Update().SetSettings(s).Exec(tn.Ctx)
	})
}

// worker is one with a fleet of its own, as another process has.
func (h *house) worker(t *testing.T, change ...func(*deliveries.WorkerOptions)) *deliveries.Worker {
	t.Helper()
	sender, err := mail.NewSMTP(h.mails.URL, "heyue <no-reply@heyue.example>", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	o := deliveries.WorkerOptions{
		Client: h.Client, System: h.System, Policies: h.Policies, Alerts: h.inbox, Reminders: h.service.Reminders, Box: h.service.Box, Clock: h.Clock,
		Log: slog.New(slog.NewTextHandler(h.logged, &slog.HandlerOptions{Level: slog.LevelDebug})), Limits: h.limits, Site: "https://app.example",
		Carrier: carrier.New(carrier.Deps{HTTP: h.http, Answer: egress.DefaultAnswer, Mail: sender, Clock: h.Clock}),
	}
	for _, c := range change {
		c(&o)
	}
	return deliveries.NewWorker(o)
}

// send numbers events and sends everything that is due.
func (h *house) send(t *testing.T) {
	t.Helper()
	h.number(t)
	if err := h.worker(t).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) number(t *testing.T) {
	t.Helper()
	if _, err := h.relay.Drain(t.Context()); err != nil {
		t.Fatal("number events: ", err)
	}
}

// raise makes an alert about a subject of a tenant's user, due in some days, and returns the subject.
func (h *house) raise(t *testing.T, tn *fixture.Tenant, owner context.Context, title string, change ...func(*due.Date)) due.Date {
	t.Helper()
	who := fixture.Caller(t, owner).UserID
	sum := money.Of(123456, money.CNY)
	d := due.Date{
		Kind: due.PaymentDue, SubjectID: uuid.Must(uuid.NewV7()), Title: title, Owner: &who, Amount: &sum,
		DueOn: date.In(h.Clock.Now(), time.UTC).AddDays(7),
	}
	for _, c := range change {
		c(&d)
	}
	h.set(t, tn, d)
	return d
}

// set writes a date and raises what it is due for.
func (h *house) set(t *testing.T, tn *fixture.Tenant, d due.Date) {
	t.Helper()
	h.Write(t, tn.Ctx, func(tx *ent.Tx) error { return h.owed.Set(tn.Ctx, tx, d) })
	s := &alerts.Scanner{
		Client: h.Client, System: h.System, Policies: h.Policies, Recipients: alerts.Staff{}, Outbox: h.Outbox, Courier: h.service,
		Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	}
	if r, err := s.ScanOnce(t.Context(), h.Clock.Now()); err != nil || r.Failed > 0 || r.Raised == 0 {
		t.Fatalf("scan: %+v, %v", r, err)
	}
}

// log is what stands in the log: channel state reason attempt, oldest first.
func (h *house) log(t *testing.T) []string {
	t.Helper()
	rows, err := h.Client.Delivery.Query().Order(delivery.ByPosition(), delivery.ByID()).All(h.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(rows))
	for i, d := range rows {
		out[i] = string(d.Channel) + " " + string(d.State) + " " + string(d.Reason) + " " + strconv.Itoa(d.Attempt)
	}
	return out
}

// receiver is a program that takes what it is sent, or does what a test wants.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []call
	does func(w http.ResponseWriter, r *http.Request) bool // true: it is done, and the call counts as lost
}

type call struct {
	id, stamp, signature, body string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) behave(does func(w http.ResponseWriter, r *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.does = does
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	does := r.does
	r.mu.Unlock()
	if does != nil && does(w, q) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, call{q.Header.Get(carrier.HeaderID), q.Header.Get(carrier.HeaderTimestamp), q.Header.Get(carrier.HeaderSignature), string(body)})
	_, _ = io.WriteString(w, `{"errcode":0}`)
}

func (r *receiver) calls() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.got...)
}

// endpoint registers a receiver as the tenant's administrator.
func (h *house) endpoint(t *testing.T, tn *fixture.Tenant, url string, change ...func(*deliveries.EndpointDraft)) (*ent.Endpoint, string) {
	t.Helper()
	d := deliveries.EndpointDraft{Channel: channel.Webhook, Provider: posting.Plain, Name: "ERP", URL: &url, Events: []string{"alert.raised"}}
	for _, c := range change {
		c(&d)
	}
	made, err := h.service.CreateEndpoint(tn.Admin, d)
	if err != nil {
		t.Fatal(err)
	}
	return made.Endpoint, made.Text
}

func (h *house) reread(t *testing.T, e *ent.Endpoint) *ent.Endpoint {
	t.Helper()
	e, err := h.Client.Endpoint.Get(h.acme.Ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

func lacks(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%s holds %q:\n%s", what, p, text)
		}
	}
}
