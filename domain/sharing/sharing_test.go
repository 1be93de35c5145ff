package sharing_test

import (
	"context"
	"testing"

	"heyue/domain/customers"
	"heyue/domain/numbers"
	"heyue/domain/sharing"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies/share"
	"heyue/tests/fixture"
)

// world has a customer of Alice, whom nobody else of the same standing sees.
type world struct {
	*fixture.Company
	sharing      *sharing.Service
	customers    *customers.Service
	alices       *ent.Customer
	bob, service publicid.UserID
	carol        context.Context // sells in City, like Alice and Bob
	carolID      publicid.UserID
}

func open(t *testing.T) world {
	t.Helper()
	w := world{Company: fixture.NewCompany(t)}
	w.sharing = &sharing.Service{Client: w.Client, Policies: w.Policies, Audit: w.Audit, Lister: w.Lister, Clock: w.Clock, Limits: sharing.DefaultLimits()}
	w.customers = &customers.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Codes: w.Codes, Numbers: numbers.Counters{}, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock,
	}
	w.carol = w.User(t, w.Acme, "sales", w.City)
	w.bob, w.service, w.carolID = fixture.Caller(t, w.Bob).UserID, fixture.Caller(t, w.Service).UserID, fixture.Caller(t, w.carol).UserID
	var err error
	if w.alices, err = w.customers.Create(w.Alice, customers.Draft{Details: customers.Details{Name: ptr("Alice's")}}); err != nil {
		t.Fatal(err)
	}
	return w
}

func ptr[T any](v T) *T { return &v }

func (w world) share(t *testing.T, ctx context.Context, with publicid.UserID, level share.Level, ends *date.Date) *ent.RecordShare {
	t.Helper()
	s, err := w.sharing.Share(w.Next(t, ctx), sharing.Draft{CustomerID: &w.alices.ID, UserID: &with, Level: level, EndsOn: ends})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAShareHoldsFromTheNextRequestOnToItsLastDay, in the tenant's zone, and no longer; taken back, it ends at once.
func TestAShareHoldsFromTheNextRequestOnToItsLastDay(t *testing.T) {
	t.Parallel()
	w := open(t)
	sees := func(when string, want bool) {
		t.Helper()
		if c, err := w.customers.Lookup(w.Next(t, w.Bob), w.alices.ID); err != nil || (c != nil) != want {
			t.Errorf("%s: Bob sees %v, %v", when, c, err)
		}
	}
	sees("before", false)
	today := date.Of(2026, 6, 15)
	s := w.share(t, w.Alice, w.bob, share.Read, &today)
	sees("on the last day", true)
	w.Clock.Set(fixture.Start().AddDate(0, 0, 1).Add(-10 * 60 * 60 * 1e9)) // 23:00 in Shanghai
	sees("an hour before its end", true)
	w.Clock.Set(fixture.Start().AddDate(0, 0, 1).Add(-8 * 60 * 60 * 1e9))
	sees("the next day", false)
	if _, err := w.sharing.Update(w.Next(t, w.Alice), sharing.Change{ID: s.ID, ExpectedVersion: 1, Clear: []sharing.Clearable{sharing.ClearEndsOn}}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a share that ended can be changed: %v", err)
	}
	again := w.share(t, w.Alice, w.bob, share.Read, nil) // what has ended stands in nobody's way
	sees("shared again", true)
	if _, err := w.sharing.End(w.Next(t, w.Alice), sharing.Target{ID: again.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	sees("taken back", false)
	if n, err := w.Client.AuditEntry.Query().Where(auditentry.Object("record_share")).Count(w.Acme.Ctx); err != nil || n != 3 {
		t.Errorf("%d entries in the audit record, %v", n, err)
	}
}

// TestNobodySharesMoreThanTheyHold: no level to write on who may only read, no later end, and nothing of others' shares.
func TestNobodySharesMoreThanTheyHold(t *testing.T) {
	t.Parallel()
	w := open(t)
	soon, later := date.Of(2026, 6, 20), date.Of(2026, 6, 21)
	give := func(ctx context.Context, ends *date.Date) error {
		_, err := w.sharing.Share(w.Next(t, ctx), sharing.Draft{CustomerID: &w.alices.ID, UserID: &w.carolID, Level: share.Read, EndsOn: ends})
		return err
	}
	if err := give(w.Bob, &soon); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Bob shares what he does not see: %v", err)
	}
	first := w.share(t, w.Alice, w.bob, share.Read, &soon)
	if err := give(w.Bob, &soon); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Bob shares what he may only read: %v", err)
	}
	if _, err := w.sharing.Update(w.Next(t, w.Alice), sharing.Change{ID: first.ID, ExpectedVersion: 1, Level: ptr(share.Write)}); err != nil {
		t.Fatal(err)
	}
	for name, ends := range map[string]*date.Date{"no end": nil, "a later end": &later} {
		if err := give(w.Bob, ends); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Bob shares with %s: %v", name, err)
		}
	}
	if err := give(w.Bob, &soon); err != nil {
		t.Errorf("Bob shares for as long as he has it: %v", err)
	}
	if _, err := w.sharing.End(w.Next(t, w.Bob), sharing.Target{ID: first.ID, ExpectedVersion: 2}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Bob takes back what Alice shared: %v", err)
	}
	for name, ctx := range map[string]context.Context{"who may update nothing": w.Finance, "nobody": w.Nobody} {
		if err := give(ctx, &soon); fault.KindOf(err) != fault.Denied {
			t.Errorf("%s shares: %v", name, err)
		}
	}
	if err := give(w.Stranger, &soon); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tenant's administrator shares: %v", err)
	}
}

// TestWhatIsLentIsNotGivenAway: a share to write lets its user change a record, also when it belongs to somebody else, and
// not who it belongs to.
func TestWhatIsLentIsNotGivenAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.share(t, w.Alice, w.bob, share.Write, nil)
	bob := w.Next(t, w.Bob)
	change := customers.Change{ID: w.alices.ID, ExpectedVersion: 1, Details: customers.Details{Name: ptr("better")}}
	if _, err := w.customers.Update(bob, change); err != nil {
		t.Fatal("Bob changes what is lent to him: ", err)
	}
	for name, d := range map[string]customers.Details{"himself": {OwnerID: &w.bob}, "Carol": {OwnerID: &w.carolID}, "South": {DepartmentID: &w.South}} {
		if _, err := w.customers.Update(bob, customers.Change{ID: w.alices.ID, ExpectedVersion: 2, Details: d}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Bob gives it to %s: %v", name, err)
		}
	}
}

// TestSharesAreSeenByWhomTheyConcern: those who may update the record and those whom it is shared with, by name or through
// a department.
func TestSharesAreSeenByWhomTheyConcern(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.share(t, w.Alice, w.service, share.Read, nil)
	if _, err := w.sharing.Share(w.Next(t, w.Alice), sharing.Draft{CustomerID: &w.alices.ID, DepartmentID: &w.South, Level: share.Read}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		want int
	}{"Alice": {w.Alice, 2}, "the manager": {w.Manager, 2}, "Service, of South": {w.Service, 2}, "Bob": {w.Bob, 0}, "Finance": {w.Finance, 0}, "a stranger": {w.Stranger, 0}} {
		list, err := w.sharing.List(w.Next(t, c.ctx), page.Args{}, nil)
		if err != nil || len(list.Edges) != c.want {
			t.Errorf("%s sees %d shares, want %d, %v", name, len(list.Edges), c.want, err)
		}
		rows, err := w.sharing.OfCustomers(w.Next(t, c.ctx), []publicid.CustomerID{w.alices.ID})
		if err != nil || len(rows) != c.want {
			t.Errorf("%s sees %d shares of the customer, want %d, %v", name, len(rows), c.want, err)
		}
	}
}

// TestSharesHaveLimits holds each of the three.
func TestSharesHaveLimits(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]sharing.Limits{
		"of the record": {Tenant: 9, Grantee: 9, Record: 1}, "with one user": {Tenant: 9, Grantee: 0, Record: 9}, "of all": {Tenant: 1, Grantee: 9, Record: 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.share(t, w.Alice, w.bob, share.Read, nil)
			w.sharing.Limits = limits
			_, err := w.sharing.Share(w.Next(t, w.Alice), sharing.Draft{CustomerID: &w.alices.ID, UserID: &w.carolID, Level: share.Read})
			if faults := fault.All(err); len(faults) != 1 || faults[0].Code != fault.LimitReached {
				t.Errorf("one more: %v", err)
			}
		})
	}
}
