package demo_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/customers/profile"
	"heyue/domain/demo"
	"heyue/domain/dictionaries"
	"heyue/domain/dictionaries/shipped"
	"heyue/domain/imports"
	"heyue/domain/numbers"
	"heyue/domain/settlement/plan"
	"heyue/domain/staff"
	"heyue/domain/templates"
	"heyue/domain/tenants"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/obligation"
	"heyue/ent/reminder"
	"heyue/identity/password"
	"heyue/platform/date"
	"heyue/platform/pgtest"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func loader(w *fixture.World) demo.Loader {
	o := alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}
	return demo.Loader{
		Client: w.Client, Directory: w.Directory, Passwords: w.Passwords, Obligations: o, Audit: w.Audit, Numbers: numbers.Counters{}, Clock: w.Clock,
		Import: imports.OCDS{Client: w.Client, Obligations: o, Audit: w.Audit, Sealer: w.Vault, Numbers: numbers.Counters{}, Clock: w.Clock, Dates: contracts.DueDates},
		Tenants: &tenants.Service{
			Client: w.Client, System: w.System, Directory: w.Directory, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock,
			Passwords: w.Passwords, PasswordPolicy: password.DefaultPolicy(),
			Seeds: tenants.Seeds{Dictionaries: dictionaries.Seed, Templates: templates.Seed{Clock: w.Clock}.Run, Root: staff.SeedRoot, Admin: seedAdmin},
		},
	}
}

func seedAdmin(ctx context.Context, tx *ent.Tx, a tenants.FirstUser) error {
	_, err := staff.SeedAdmin(ctx, tx, staff.FirstUser{Email: a.Email, Name: a.Name, Locale: a.Locale, DepartmentID: &a.Department}, a.PasswordHash, a.Role)
	return err
}

// load loads the demo and returns a context for each tenant.
func load(t testing.TB, w *fixture.World) map[string]context.Context {
	t.Helper()
	var steps []int
	ok, err := loader(w).Load(t.Context(), func(done, total int) { steps = append(steps, done, total) })
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff([]int{1, 4, 2, 4, 3, 4, 4, 4}, steps); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	all := map[string]context.Context{}
	listed, err := w.Directory.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listed {
		all[l.Slug] = tenancy.With(t.Context(), l.TenantID) //nolint:fatcontext // one context a tenant
	}
	return all
}

type counts struct{ Departments, Users, Customers, Contacts, Services, Contracts, Lines, Plan, Payments, Milestones, Documents, Obligations int }

func count(t testing.TB, c *ent.Client, ctx context.Context) counts {
	t.Helper()
	n := func(count int, err error) int {
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	return counts{
		n(c.Department.Query().Count(ctx)), n(c.User.Query().Count(ctx)), n(c.Customer.Query().Count(ctx)), n(c.Contact.Query().Count(ctx)),
		n(c.ServiceRecord.Query().Count(ctx)), n(c.Contract.Query().Count(ctx)), n(c.ContractLine.Query().Count(ctx)),
		n(c.PaymentPlanLine.Query().Count(ctx)), n(c.Payment.Query().Count(ctx)), n(c.Milestone.Query().Count(ctx)),
		n(c.DocumentReference.Query().Count(ctx)), n(c.Obligation.Query().Count(ctx)),
	}
}

// rows counts the rows of every table and hashes them, whatever their order.
func rows(t testing.TB, w *fixture.World) map[string]string {
	t.Helper()
	super := pgtest.Open(t, w.DB.SuperDSN)
	found, err := super.Query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	out := map[string]string{}
	for found.Next() {
		var table string
		if err := found.Scan(&table); err != nil {
			t.Fatal(err)
		}
		out[table] = ""
	}
	for table := range out {
		var sum string
		if err := super.QueryRow(`SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(x::text), '' ORDER BY md5(x::text))), '') FROM "` + table + `" x`).Scan(&sum); err != nil {
			t.Fatal(err)
		}
		out[table] = sum
	}
	return out
}

// TestTheDemo loads once and looks at everything, since loading takes its time.
func TestTheDemo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	all := load(t, w)
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"colombia", "jalisco", "jituan", "kaisi"}) {
		t.Fatal(got)
	}
	want := map[string]counts{
		"colombia": {Departments: 3, Users: 5, Customers: 19, Contracts: 20, Lines: 20, Documents: 43, Obligations: 18},
		"jalisco":  {Departments: 3, Users: 5, Customers: 37, Contacts: 37, Contracts: 20, Lines: 151, Payments: 24, Documents: 23, Obligations: 20},
		"jituan": {
			Departments: 12, Users: 20, Customers: 260, Contacts: 532, Services: 345, Contracts: 332, Lines: 409, Plan: 820, Payments: 319,
			Milestones: 583, Documents: 581, Obligations: 765,
		},
		"kaisi": {
			Departments: 9, Users: 16, Customers: 240, Contacts: 92, Services: 310, Contracts: 270, Lines: 408, Plan: 513, Payments: 185,
			Milestones: 608, Documents: 471, Obligations: 616,
		},
	}
	got := map[string]counts{}
	for slug, ctx := range all {
		got[slug] = count(t, w.Client, ctx)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for slug, ctx := range all {
		found, err := alerts.Sweep{Client: w.Client, Clock: w.Clock}.Run(ctx, owed{&contracts.Service{Client: w.Client}})
		if err != nil || len(found) > 0 {
			t.Errorf("%s: not reminded of as it should be: %v, %v", slug, found, err)
		}
	}
	for _, slug := range []string{"kaisi", "jituan"} {
		checkContracts(t, w, all[slug], slug)
		checkDates(t, w, all[slug], slug)
		checkCustomers(t, w, all[slug], slug)
	}
	checkLogins(t, w, all)
	before := rows(t, w)
	w.Clock.Advance(time.Second)
	if ok, err := loader(w).Load(t.Context(), nil); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff(before, rows(t, w)); diff != "" {
		t.Errorf("loading again changed something:\n%s", diff)
	}
}

// checkContracts: every status occurs, sums agree, and each contract is where the calendar would have it.
func checkContracts(t *testing.T, w *fixture.World, ctx context.Context, slug string) {
	t.Helper()
	all, err := w.Client.Contract.Query().WithPaymentPlan().WithPayments().WithLines().WithObligations().WithSuccessors().All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	today := date.In(w.Clock.Now(), shanghai(t))
	seen := map[lifecycle.Status]int{}
	for _, c := range all {
		seen[c.Status]++
		var planned, settled, paid, lines int64
		for _, l := range c.Edges.PaymentPlan {
			planned, settled = planned+l.AmountMinor, settled+l.SettledMinor
			if open := l.SettledMinor < l.AmountMinor; l.State != plan.Cancelled && l.State.IsOpen() != open {
				t.Errorf("%s %s: an instalment is %s with %d of %d", slug, c.Number, l.State, l.SettledMinor, l.AmountMinor)
			}
		}
		for _, p := range c.Edges.Payments {
			paid += p.AmountMinor
			if p.PaidOn.After(today) || c.SignedOn == nil || p.PaidOn.Before(*c.SignedOn) {
				t.Errorf("%s %s: paid on %s, signed on %s", slug, c.Number, p.PaidOn, c.SignedOn)
			}
		}
		for _, l := range c.Edges.Lines {
			lines += l.AmountMinor
		}
		if len(c.Edges.PaymentPlan) > 0 && planned != c.AmountMinor || lines != c.AmountMinor || settled != c.SettledMinor || paid != c.SettledMinor {
			t.Errorf("%s %s: amount %d, lines %d, plan %d, settled %d, on the plan %d, paid %d", slug, c.Number, c.AmountMinor, lines, planned, c.SettledMinor, settled, paid)
		}
		if event, ok := lifecycle.ByDate(c.Status, *c.EffectiveOn, *c.EndsOn, today); ok {
			t.Errorf("%s %s is %s from %s to %s: the calendar says %s", slug, c.Number, c.Status, c.EffectiveOn, c.EndsOn, event)
		}
		if owes := c.Status.OwesObligations(); owes != (len(c.Edges.Obligations) > 0) {
			t.Errorf("%s %s is %s with %d obligations", slug, c.Number, c.Status, len(c.Edges.Obligations))
		}
		if (c.Status == lifecycle.Renewed) != (len(c.Edges.Successors) > 0) {
			t.Errorf("%s %s is %s with %d successors", slug, c.Number, c.Status, len(c.Edges.Successors))
		}
	}
	for _, s := range lifecycle.Statuses() {
		if seen[s] == 0 {
			t.Errorf("%s has no contract that is %s", slug, s)
		}
	}
}

type owed struct{ contracts *contracts.Service }

// Dates implements alerts.Source.
func (o owed) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	return o.contracts.Owed(ctx, after, limit)
}

// checkDates: every kind of obligation is overdue, falls due today and in the next days, and reminders are ready to fire
// at once and tomorrow.
func checkDates(t *testing.T, w *fixture.World, ctx context.Context, slug string) {
	t.Helper()
	today := date.In(w.Clock.Now(), shanghai(t))
	open, err := w.Client.Obligation.Query().Where(obligation.StateEQ(due.Open)).All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	type when struct {
		kind  due.Kind
		where string
	}
	seen := map[when]int{}
	for _, o := range open {
		where := "soon"
		switch days := o.DueOn.Since(today); {
		case days < 0:
			where = "overdue"
		case days == 0:
			where = "today"
		case days > 10:
			where = "later"
		}
		seen[when{o.Kind, where}]++
	}
	for _, k := range []due.Kind{due.ContractEnd, due.PaymentDue, due.MilestoneDue} { // what the demonstration's contracts have
		for _, where := range []string{"overdue", "today", "soon", "later"} {
			if seen[when{k, where}] == 0 {
				t.Errorf("%s: no %s is due %s", slug, k, where)
			}
		}
	}
	now := w.Clock.Now()
	for name, until := range map[string]int{"at once": 0, "in the next two days": 2} {
		n, err := w.Client.Reminder.Query().Where(reminder.NextAtGT(now.AddDate(0, 0, until-2)), reminder.NextAtLTE(now.AddDate(0, 0, until))).Count(ctx)
		if err != nil || n == 0 {
			t.Errorf("%s: %d reminders fire %s, %v", slug, n, name, err)
		}
	}
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	z, err := date.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// checkCustomers: codes are those of the shipped dictionaries, and nothing could be somebody's.
func checkCustomers(t *testing.T, w *fixture.World, ctx context.Context, slug string) {
	t.Helper()
	all, err := w.Client.Customer.Query().WithContacts().WithServiceRecords().All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	known := map[shipped.List]map[string]bool{}
	for _, e := range shipped.All() {
		if known[e.List] == nil {
			known[e.List] = map[string]bool{"": true}
		}
		known[e.List][e.Code] = true
	}
	graded := 0
	for _, c := range all {
		for list, code := range map[shipped.List]string{
			shipped.Region: c.Region, shipped.CustomerSource: c.Source, shipped.CustomerCategory: c.Category, shipped.SalesMode: c.SalesMode,
			shipped.Industry: c.Industry, shipped.Ownership: c.Ownership,
		} {
			if !known[list][code] {
				t.Errorf("%s %s: %q is no code of %s", slug, c.Name, code, list)
			}
		}
		if !strings.HasPrefix(c.Phone, "12") || !strings.HasSuffix(c.Email, ".example") {
			t.Errorf("%s %s: %s %s may be somebody's", slug, c.Name, c.Phone, c.Email)
		}
		switch company := c.Kind == profile.Company; {
		case company && (c.CreditCode == nil || profile.ValidCreditCode(*c.CreditCode) != nil || len(c.Edges.Contacts) == 0):
			t.Errorf("%s %s: credit code %v, %d contacts", slug, c.Name, c.CreditCode, len(c.Edges.Contacts))
		case !company && c.CreditCode != nil:
			t.Errorf("%s %s is a person with a credit code", slug, c.Name)
		}
		for _, s := range c.Edges.ServiceRecords {
			if !known[shipped.ServiceType][s.ServiceType] {
				t.Errorf("%q is no type of service", s.ServiceType)
			}
			if s.Satisfaction != nil {
				graded++
			}
		}
	}
	if graded < 100 {
		t.Errorf("%s has %d graded service records", slug, graded)
	}
}

// checkLogins: the printed log-ins are there, everybody has a role and a department, and the password is the one.
func checkLogins(t *testing.T, w *fixture.World, all map[string]context.Context) {
	t.Helper()
	for _, l := range demo.Logins() {
		users, err := w.Client.User.Query().WithDepartment().All(all[l.Tenant])
		if err != nil {
			t.Fatal(err)
		}
		roles, err := w.Client.UserRole.Query().Count(all[l.Tenant])
		if err != nil || roles != len(users) {
			t.Errorf("%s: %d users have %d roles, %v", l.Tenant, len(users), roles, err)
		}
		at := slices.IndexFunc(users, func(u *ent.User) bool { return u.Email == l.Email })
		if at < 0 {
			t.Fatalf("%s has no %s", l.Tenant, l.Email)
		}
		for _, u := range []*ent.User{users[at], users[(at+1)%len(users)]} {
			if ok, err := w.Passwords.Verify(t.Context(), u.PasswordHash, demo.Password); !ok || err != nil {
				t.Errorf("%s cannot sign in: %v, %v", u.Email, ok, err)
			}
		}
		for _, u := range users {
			if u.Edges.Department == nil {
				t.Errorf("%s works nowhere", u.Email)
			}
		}
	}
}

// TestRealTenantsKeepTheDemoOut: beside any other tenant nothing is made.
func TestRealTenantsKeepTheDemoOut(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Tenant(t, "acme")
	before := rows(t, w)
	if ok, err := loader(w).Load(t.Context(), nil); ok || err != nil {
		t.Error(ok, err)
	}
	if diff := cmp.Diff(before, rows(t, w)); diff != "" {
		t.Errorf("something was made:\n%s", diff)
	}
}

// TestTheSameButForItsDates: two installations on two days have the same customers and sums.
func TestTheSameButForItsDates(t *testing.T) {
	t.Parallel()
	names := func(days int) (out []string) {
		w := fixture.New(t)
		w.Clock.Advance(time.Duration(days) * 24 * time.Hour)
		ctx := load(t, w)["kaisi"]
		all, err := w.Client.Contract.Query().WithCustomer().Order(contract.ByNumber()).All(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			out = append(out, c.Edges.Customer.Name+" "+string(c.Kind)+" "+string(c.Status))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(names(0), names(400)); diff != "" {
		t.Error(diff)
	}
}
