package alerts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/userrole"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
)

func sealer(t testing.TB) *page.Sealer {
	t.Helper()
	s, err := page.NewSealer([64]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bed) inbox(t testing.TB) *alerts.Inbox {
	t.Helper()
	return &alerts.Inbox{Client: b.Client, Policies: b.Policies, Audit: b.Audit, Outbox: b.Outbox, Clock: b.Clock,
		Lister: listing.Lister{Sealer: sealer(t), Limits: page.Limits{Default: 20, Max: 100}}}
}

// raise makes one alert for the seller and returns its date.
func (b *bed) raise(t testing.TB, change ...func(*due.Date)) due.Date {
	t.Helper()
	d := b.date(t, 7)
	for _, c := range change {
		c(&d)
	}
	b.set(t, d)
	if r := b.scan(t); r.Raised != 1 {
		t.Fatalf("%+v", r)
	}
	b.Clock.Advance(time.Second)
	return d
}

func titled(title string) func(*due.Date) { return func(d *due.Date) { d.Title = title } }

func titles(t testing.TB, i *alerts.Inbox, ctx context.Context, f *alerts.Filter) []string {
	t.Helper()
	list, err := i.List(ctx, page.Args{}, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range list.Nodes() {
		if alerts.Mine(a) == nil {
			t.Errorf("%s came without its inbox row", a.Title)
		}
		out = append(out, a.Title)
	}
	return out
}

func unread(t testing.TB, i *alerts.Inbox, ctx context.Context) int {
	t.Helper()
	n, err := i.UnreadCount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func first(t testing.TB, i *alerts.Inbox, ctx context.Context) *ent.Alert {
	t.Helper()
	one := 1
	list, err := i.List(ctx, page.Args{First: &one}, nil, nil)
	if err != nil || len(list.Edges) != 1 {
		t.Fatalf("the newest alert: %v, %v", list, err)
	}
	return list.Edges[0].Node
}

func TestInboxListsAndFilters(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	b.raise(t, titled("一"))
	met := b.raise(t, titled("二"))
	b.raise(t, titled("三"), func(d *due.Date) { d.Kind, d.DueOn = due.ContractEnd, b.today().AddDays(30) })
	b.raise(t, titled("别人的"), func(d *due.Date) { d.Owner = nil })
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error { return b.owed.Meet(b.acme.Ctx, tx, met.Kind, met.SubjectID) })
	if _, err := i.Read(b.seller, []publicid.AlertID{first(t, i, b.seller).ID}); err != nil {
		t.Fatal(err)
	}
	yes, no, soon := true, false, b.today().AddDays(7)
	for name, c := range map[string]struct {
		filter *alerts.Filter
		want   []string
	}{
		"all, newest first": {nil, []string{"三", "二", "一"}},
		"a kind":            {&alerts.Filter{Kind: []due.Kind{due.ContractEnd}}, []string{"三"}},
		"a state":           {&alerts.Filter{State: []due.AlertState{due.Withdrawn}}, []string{"二"}},
		"due until":         {&alerts.Filter{DueOn: &listing.Dates{To: &soon}}, []string{"二", "一"}},
		"unread":            {&alerts.Filter{Unread: &yes}, []string{"二", "一"}},
		"read":              {&alerts.Filter{Unread: &no}, []string{"三"}},
		"unacknowledged":    {&alerts.Filter{Unacknowledged: &yes, Kind: []due.Kind{due.PaymentDue}}, []string{"二", "一"}},
		"acknowledged":      {&alerts.Filter{Unacknowledged: &no}, nil},
	} {
		if got := titles(t, i, b.seller, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if n := unread(t, i, b.seller); n != 1 {
		t.Errorf("%d unread, want 1: one was read, one withdrawn", n)
	}
	if got := titles(t, i, b.manager, nil); !slices.Equal(got, []string{"别人的"}) {
		t.Errorf("the manager's inbox has %v", got)
	}
}

func TestInboxPages(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	var want []string
	for n := range 5 {
		want = append([]string{string(rune('a' + n))}, want...)
		b.raise(t, titled(want[0]))
	}
	two := 2
	var got []string
	var after *string
	for {
		list, err := i.List(b.seller, page.Args{First: &two, After: after}, nil, []*listing.Sort{{Field: "RAISED_AT", Direction: listing.Desc}})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := list.TotalCount(b.seller); err != nil || n != 5 {
			t.Errorf("%d in all, %v", n, err)
		}
		for _, a := range list.Nodes() {
			got = append(got, a.Title)
		}
		if after = list.PageInfo.EndCursor; !list.PageInfo.HasNextPage {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("paged %v, want %v", got, want)
	}
	yes := true
	if _, err := i.List(b.seller, page.Args{After: after}, &alerts.Filter{Unread: &yes}, nil); fault.KindOf(err) != fault.BadRequest {
		t.Errorf("a cursor of another filter: %v", err)
	}
	if _, err := i.List(b.seller, page.Args{}, nil, []*listing.Sort{{Field: "DUE_ON"}}); err != nil {
		t.Errorf("by due date: %v", err)
	}
}

func TestReadAndAcknowledge(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	b.raise(t)
	b.raise(t)
	newest := first(t, i, b.seller)
	for n := range 2 {
		got, err := i.Read(b.seller, []publicid.AlertID{newest.ID, newest.ID})
		if err != nil || len(got) != 1 || alerts.Mine(got[0]).ReadAt == nil || (alerts.Mine(got[0]).AcknowledgedAt != nil) != (n == 1) {
			t.Fatalf("read: %v, %v", got, err)
		}
		a, err := i.Acknowledge(b.seller, newest.ID)
		if err != nil || alerts.Mine(a).AcknowledgedAt == nil {
			t.Fatalf("acknowledged: %v, %v", a, err)
		}
	}
	if got := b.events(t); got[alerts.EventRead] != 1 || got[alerts.EventAcknowledged] != 1 {
		t.Errorf("events %v: what was marked already tells nobody again", got)
	}
	if stored := alerts.Mine(first(t, i, b.seller)); stored.ReadAt == nil || stored.AcknowledgedAt == nil {
		t.Errorf("stored %v", stored)
	}
	if n := unread(t, i, b.seller); n != 1 {
		t.Errorf("%d unread", n)
	}
}

func TestInboxRefuses(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	b.raise(t)
	mine := first(t, i, b.seller).ID
	globex := b.Tenant(t, "globex")
	nobody := b.User(t, b.acme, "")
	for name, c := range map[string]struct {
		ctx  context.Context
		ids  []publicid.AlertID
		kind fault.Kind
		path string
	}{
		"another user's":       {b.manager, []publicid.AlertID{mine}, fault.NotFound, "0"},
		"the administrator's":  {b.acme.Admin, []publicid.AlertID{mine}, fault.NotFound, "0"},
		"another tenant's":     {globex.Admin, []publicid.AlertID{mine}, fault.NotFound, "0"},
		"unknown among others": {b.seller, []publicid.AlertID{mine, publicid.NewAlertID()}, fault.NotFound, "1"},
		"no right":             {nobody, []publicid.AlertID{mine}, fault.Denied, ""},
		"nobody":               {b.acme.Ctx, []publicid.AlertID{mine}, fault.Unauthenticated, ""},
		"none":                 {b.seller, nil, fault.Invalid, "ids"},
		"too many":             {b.seller, make([]publicid.AlertID, alerts.MaxMarked+1), fault.Invalid, "ids"},
	} {
		_, err := i.Read(c.ctx, c.ids)
		l := fault.All(err)
		if len(l) != 1 || l[0].Kind != c.kind || c.path != "" && l[0].Field[len(l[0].Field)-1] != c.path {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := i.Acknowledge(b.manager, mine); fault.KindOf(err) != fault.NotFound || fault.All(err)[0].Field[0] != "id" {
		t.Errorf("acknowledge another user's: %v", err)
	}
	if n := unread(t, i, b.seller); n != 1 {
		t.Errorf("a refused call marked something: %d unread", n)
	}
}

// TestALostRightHidesTheAlert: the inbox shows only what its owner may still read.
func TestALostRightHidesTheAlert(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	d := b.raise(t)
	other := user(t, b.manager)
	d.Owner = &other
	b.set(t, d) // the contract went to somebody else, and sales read only their own
	if got := titles(t, i, b.seller, nil); got != nil {
		t.Errorf("the former owner sees %v", got)
	}
	if n := unread(t, i, b.seller); n != 0 {
		t.Errorf("and counts %d", n)
	}
	b.takeRole(t, b.seller)
	if _, err := i.List(b.Next(t, b.seller), page.Args{}, nil, nil); fault.KindOf(err) != fault.Denied {
		t.Errorf("without any role: %v", err)
	}
}

// takeRole takes a user's roles away.
func (b *bed) takeRole(t testing.TB, ctx context.Context) {
	t.Helper()
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		if _, err := tx.UserRole.Delete().Where(userrole.UserID(user(t, ctx))).Exec(b.acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(b.acme.Ctx, tx)
	})
}
