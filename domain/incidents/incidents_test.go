package incidents_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/incidents"
	"heyue/domain/incidents/incident"
	"heyue/domain/numbers"
	"heyue/ent"
	"heyue/ent/documentreference"
	"heyue/ent/incidententry"
	"heyue/ent/obligation"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// world has a contract of Alice's in force, one of Bob's, and a draft.
type world struct {
	*fixture.Company
	contracts         *contracts.Service
	service           *incidents.Service
	mine, bobs, draft *ent.Contract
}

func ptr[T any](v T) *T { return &v }

func day(s string) *date.Date { return ptr(date.MustParse(s)) }

func open(t *testing.T) world {
	t.Helper()
	c := fixture.NewCompany(t)
	obligations := alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock}
	w := world{Company: c}
	w.contracts = &contracts.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Numbers: numbers.Counters{}, Fields: c.Fields, Lister: c.Lister, Clock: c.Clock,
		Obligations: obligations, Outbox: c.Outbox,
	}
	w.service = &incidents.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Contracts: w.contracts, Obligations: obligations, Lister: c.Lister, Clock: c.Clock,
	}
	w.mine, w.bobs, w.draft = w.contract(t, c.Alice, true), w.contract(t, c.Bob, true), w.contract(t, c.Alice, false)
	return w
}

func (w world) contract(t *testing.T, ctx context.Context, registered bool) *ent.Contract {
	t.Helper()
	owner := fixture.Caller(t, ctx).UserID
	var customer publicid.CustomerID
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		made, err := tx.Customer.Create().SetName("云汇").SetCode(publicid.NewCustomerID().String()).SetOwnerID(owner).SetDepartmentID(w.City).Save(w.Acme.Ctx)
		if err == nil {
			customer = made.ID
		}
		return err
	})
	d := contracts.Draft{Kind: lifecycle.Sales, Details: contracts.Details{Title: ptr("销售合同"), CustomerID: &customer}}
	if registered {
		d.Registered, d.SignedOn = &registered, day("2026-06-01")
	}
	c, err := w.contracts.Create(ctx, d)
	fixture.Want(t, "a contract", err)
	return c
}

func report(c *ent.Contract) incidents.Report {
	return incidents.Report{
		ContractID: c.ID, Kind: incident.ForceMajeure, Side: incident.Ours, Title: " 台风 ", HappenedOn: date.MustParse("2026-06-10"),
		NoticeBy: day("2026-06-20"), SettleBy: day("2026-07-10"),
	}
}

func (w world) reported(t *testing.T, ctx context.Context, c *ent.Contract) *ent.Incident {
	t.Helper()
	i, err := w.service.Report(ctx, report(c))
	fixture.Want(t, "report", err)
	return i
}

// owed lists the open obligations of an incident as "KIND day".
func (w world) owed(t *testing.T, i *ent.Incident) []string {
	t.Helper()
	rows, err := w.Client.Obligation.Query().Where(obligation.SubjectID(i.ID.UUID())).Order(ent.Asc(obligation.FieldKind)).All(w.Acme.Ctx)
	fixture.Want(t, "obligations", err)
	out := []string{}
	for _, o := range rows {
		out = append(out, fmt.Sprintf("%s %s %s", o.Kind, o.DueOn, o.State))
	}
	return out
}

func (w world) wants(t *testing.T, what string, i *ent.Incident, want ...string) {
	t.Helper()
	if got := w.owed(t, i); !slices.Equal(got, want) {
		t.Errorf("%s: owed are %q, want %q", what, got, want)
	}
}

func notice(i *ent.Incident) incidents.Entry {
	return incidents.Entry{
		ID: i.ID, ExpectedVersion: i.Version, Kind: incident.Notice, HappenedOn: day("2026-06-12"), Told: ptr("云汇 王总"), Channel: ptr("快递"),
		Evidence: &document.Reference{Title: "快递回执", URL: ptr("https://example.com/r.pdf")},
	}
}

func TestAnIncidentFromReportToSettlement(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.reported(t, w.Alice, w.mine)
	if i.Title != "台风" || i.State != incident.Open || i.Version != 1 || i.ReportedByID != fixture.Caller(t, w.Alice).UserID {
		t.Errorf("reported is %v", i)
	}
	w.wants(t, "reported", i, "INCIDENT_NOTICE 2026-06-20 OPEN", "INCIDENT_SOLUTION 2026-07-10 OPEN")

	i, err := w.service.Update(w.Alice, incidents.Change{ID: i.ID, ExpectedVersion: 1, NoticeBy: day("2026-06-25"), Clear: []incidents.Clearable{incidents.ClearSettleBy}})
	fixture.Want(t, "update", err)
	w.wants(t, "updated", i, "INCIDENT_NOTICE 2026-06-25 OPEN", "INCIDENT_SOLUTION 2026-07-10 CANCELLED")
	i, err = w.service.Update(w.Alice, incidents.Change{ID: i.ID, ExpectedVersion: 2, SettleBy: day("2026-07-31")})
	fixture.Want(t, "a day again", err)
	w.wants(t, "a day again", i, "INCIDENT_NOTICE 2026-06-25 OPEN", "INCIDENT_SOLUTION 2026-07-31 OPEN")

	i, err = w.service.Record(w.Alice, notice(i))
	fixture.Want(t, "a notice", err)
	if i.State != incident.Notified || *i.NotifiedOn != *day("2026-06-12") {
		t.Errorf("after the notice it is %v", i)
	}
	w.wants(t, "told", i, "INCIDENT_NOTICE 2026-06-25 MET", "INCIDENT_SOLUTION 2026-07-31 OPEN")
	again := notice(i)
	again.HappenedOn = day("2026-06-14")
	i, err = w.service.Record(w.Alice, again)
	fixture.Want(t, "another notice", err)
	if *i.NotifiedOn != *day("2026-06-12") {
		t.Errorf("a later notice moved the day of the first to %s", i.NotifiedOn)
	}
	i, err = w.service.Record(w.Alice, incidents.Entry{ID: i.ID, ExpectedVersion: i.Version, Kind: incident.Proof, HappenedOn: day("2026-06-01"), Evidence: &document.Reference{Title: "气象预报"}})
	fixture.Want(t, "older evidence", err)
	i, err = w.service.Record(w.Manager, incidents.Entry{ID: i.ID, ExpectedVersion: i.Version, Kind: incident.Resolution, Content: ptr("顺延十天")})
	fixture.Want(t, "a resolution", err)
	if i.State != incident.Resolved || *i.ResolvedOn != *day("2026-06-15") {
		t.Errorf("settled it is %v", i)
	}
	w.wants(t, "settled", i, "INCIDENT_NOTICE 2026-06-25 MET", "INCIDENT_SOLUTION 2026-07-31 MET")

	entries, err := w.service.EntriesOf(w.Alice, []publicid.IncidentID{i.ID})
	fixture.Want(t, "entries", err)
	var got []string
	for _, e := range entries {
		title := ""
		if e.Edges.Document != nil {
			title = e.Edges.Document.Title
		}
		got = append(got, fmt.Sprintf("%s %s %s", e.Kind, e.HappenedOn, title))
	}
	want := []string{"NOTICE 2026-06-12 快递回执", "NOTICE 2026-06-14 快递回执", "PROOF 2026-06-01 气象预报", "RESOLUTION 2026-06-15 "}
	if !slices.Equal(got, want) {
		t.Errorf("the record is %q, want %q", got, want)
	}
	if n, err := w.Client.DocumentReference.Query().Where(documentreference.ContractID(w.mine.ID), documentreference.Evidence(true)).Count(w.Acme.Ctx); n != 3 || err != nil {
		t.Errorf("%d documents were filed, %v", n, err)
	}
}

func TestSettledWithoutNoticeNobodyIsRemindedOfOne(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.reported(t, w.Alice, w.mine)
	i, err := w.service.Record(w.Manager, incidents.Entry{ID: i.ID, ExpectedVersion: 1, Kind: incident.Resolution, Content: ptr("误报")})
	fixture.Want(t, "settle", err)
	w.wants(t, "settled", i, "INCIDENT_NOTICE 2026-06-20 CANCELLED", "INCIDENT_SOLUTION 2026-07-10 MET")
	for what, call := range map[string]func() error{
		"update": func() error {
			_, err := w.service.Update(w.Alice, incidents.Change{ID: i.ID, ExpectedVersion: 2, Title: ptr("x")})
			return err
		},
		"notice": func() error { _, err := w.service.Record(w.Alice, notice(i)); return err },
	} {
		fixture.Want(t, what+" once settled", call(), "WRONG_STATE")
	}
}

func TestAnIncidentOutlivesItsContractAndFollowsItsOwner(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.reported(t, w.Alice, w.mine)
	bob := fixture.Caller(t, w.Bob).UserID
	c, err := w.contracts.Update(w.Manager, contracts.Change{ID: w.mine.ID, ExpectedVersion: w.mine.Version, Reason: ptr("交接"), Details: contracts.Details{OwnerID: &bob}})
	fixture.Want(t, "a new owner", err)
	rows, err := w.Client.Obligation.Query().Where(obligation.SubjectID(i.ID.UUID())).All(w.Acme.Ctx)
	fixture.Want(t, "obligations", err)
	for _, o := range rows {
		if *o.OwnerID != bob || o.DateVersion != 1 {
			t.Errorf("%s is of %s in version %d, the contract of %s", o.Kind, o.OwnerID, o.DateVersion, bob)
		}
	}
	if c, err = w.contracts.Terminate(w.Manager, contracts.Ending{ID: c.ID, ExpectedVersion: c.Version, Reason: "违约"}); err != nil {
		t.Fatal(err)
	}
	w.wants(t, "terminated", i, "INCIDENT_NOTICE 2026-06-20 OPEN", "INCIDENT_SOLUTION 2026-07-10 OPEN")
	late := report(c)
	late.Kind, late.Side = incident.Breach, incident.Theirs
	_, err = w.service.Report(w.Bob, late)
	fixture.Want(t, "a breach found out afterwards", err)
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.reported(t, w.Alice, w.mine)
	long := strings.Repeat("长", 10001)
	with := func(edit func(*incidents.Report)) func() error {
		return func() error {
			r := report(w.mine)
			edit(&r)
			_, err := w.service.Report(w.Alice, r)
			return err
		}
	}
	entry := func(ctx context.Context, edit func(*incidents.Entry)) func() error {
		return func() error {
			e := notice(i)
			edit(&e)
			_, err := w.service.Record(ctx, e)
			return err
		}
	}
	for what, test := range map[string]struct {
		call func() error
		want []string
	}{
		"everything wrong": {with(func(r *incidents.Report) {
			r.Kind, r.Side, r.Title, r.Description, r.NoticeBy, r.SettleBy = "X", "Y", " ", &long, day("2026-06-09"), day("2026-06-09")
		}), []string{"kind UNKNOWN_VALUE", "side UNKNOWN_VALUE", "title REQUIRED", "description TOO_LONG", "noticeBy INCONSISTENT", "settleBy INCONSISTENT"}},
		"to come": {with(func(r *incidents.Report) {
			r.HappenedOn, r.NoticeBy, r.SettleBy = date.MustParse("2026-06-16"), nil, nil
		}), []string{"happenedOn OUT_OF_RANGE"}},
		"of a draft":       {with(func(r *incidents.Report) { r.ContractID = w.draft.ID }), []string{"WRONG_STATE"}},
		"out of reach":     {with(func(r *incidents.Report) { r.ContractID = w.bobs.ID }), []string{"contractId NOT_FOUND"}},
		"a bare notice":    {entry(w.Alice, func(e *incidents.Entry) { e.Told, e.Channel, e.Evidence.Title = nil, ptr(" "), "" }), []string{"told REQUIRED", "channel REQUIRED", "evidence.title REQUIRED"}},
		"a bare proof":     {entry(w.Alice, func(e *incidents.Entry) { e.Kind, e.Evidence = incident.Proof, nil }), []string{"evidence REQUIRED"}},
		"a bare talk":      {entry(w.Alice, func(e *incidents.Entry) { e.Kind = incident.Talk }), []string{"content REQUIRED"}},
		"gossip":           {entry(w.Alice, func(e *incidents.Entry) { e.Kind = "GOSSIP" }), []string{"kind UNKNOWN_VALUE"}},
		"told before":      {entry(w.Alice, func(e *incidents.Entry) { e.HappenedOn = day("2026-06-09") }), []string{"happenedOn INCONSISTENT"}},
		"told tomorrow":    {entry(w.Alice, func(e *incidents.Entry) { e.HappenedOn = day("2026-06-16") }), []string{"happenedOn OUT_OF_RANGE"}},
		"stale":            {entry(w.Alice, func(e *incidents.Entry) { e.ExpectedVersion = 7 }), []string{"expectedVersion VERSION_CONFLICT"}},
		"of another's":     {entry(w.Bob, func(*incidents.Entry) {}), []string{"id NOT_FOUND"}},
		"another tenant's": {entry(w.Stranger, func(*incidents.Entry) {}), []string{"id NOT_FOUND"}},
		"without a role":   {entry(w.Nobody, func(*incidents.Entry) {}), []string{"FORBIDDEN"}},
		"settled by sales": {entry(w.Alice, func(e *incidents.Entry) { e.Kind, e.Content = incident.Resolution, ptr("好了") }), []string{"FORBIDDEN"}},
		"set and cleared": {func() error {
			_, err := w.service.Update(w.Alice, incidents.Change{ID: i.ID, ExpectedVersion: 1, NoticeBy: day("2026-06-30"), Clear: []incidents.Clearable{incidents.ClearNoticeBy}})
			return err
		}, []string{"clear INCONSISTENT"}},
		"due before it happened": {func() error {
			_, err := w.service.Update(w.Alice, incidents.Change{ID: i.ID, ExpectedVersion: 1, SettleBy: day("2026-06-01")})
			return err
		}, []string{"settleBy INCONSISTENT"}},
	} {
		fixture.Want(t, what, test.call(), test.want...)
	}
	if n, err := w.Client.IncidentEntry.Query().Where(incidententry.IncidentID(i.ID)).Count(w.Acme.Ctx); n != 0 || err != nil {
		t.Errorf("%d entries were written, %v", n, err)
	}
	if n, err := w.Client.DocumentReference.Query().Where(documentreference.Evidence(true)).Count(w.Acme.Ctx); n != 0 || err != nil {
		t.Errorf("%d documents were filed, %v", n, err)
	}
}

// TestEntriesAtOnce has ten people put a notice on the same version: one does, the others are told.
func TestEntriesAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	i := w.reported(t, w.Alice, w.mine)
	var g errgroup.Group
	done := make([]bool, 10)
	for n := range done {
		g.Go(func() error {
			_, err := w.service.Record(w.Alice, notice(i))
			if done[n] = err == nil; fault.KindOf(err) == fault.Conflict {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	won := len(slices.DeleteFunc(done, func(ok bool) bool { return !ok }))
	if n, err := w.Client.IncidentEntry.Query().Count(w.Acme.Ctx); won != 1 || n != 1 || err != nil {
		t.Errorf("%d succeeded, %d entries, %v", won, n, err)
	}
}

func TestListsAndLookupsReachWhatContractsReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	a, b := w.reported(t, w.Alice, w.mine), w.reported(t, w.Bob, w.bobs)
	for who, test := range map[string]struct {
		ctx  context.Context
		want []publicid.IncidentID
	}{
		"alice": {w.Alice, []publicid.IncidentID{a.ID}}, "manager": {w.Manager, []publicid.IncidentID{a.ID, b.ID}}, "stranger": {w.Stranger, nil},
	} {
		for _, direction := range []listing.Direction{listing.Asc, listing.Desc} {
			sort := []*listing.Sort{{Field: "NOTICE_BY", Direction: direction}, {Field: "CREATED_AT", Direction: listing.Asc}}
			forwards, backwards := fixture.Walk(t, 1, func(args page.Args) (*incidents.List, error) {
				return w.service.List(test.ctx, args, &incidents.Filter{State: []incident.State{incident.Open}}, sort)
			})
			if !slices.Equal(ids(forwards), test.want) || !slices.Equal(ids(backwards), test.want) {
				t.Errorf("%s sees %v and %v, want %v", who, ids(forwards), ids(backwards), test.want)
			}
		}
		for _, i := range []*ent.Incident{a, b} {
			found, err := w.service.Lookup(test.ctx, i.ID)
			fixture.Want(t, who, err)
			if (found != nil) != slices.Contains(test.want, i.ID) {
				t.Errorf("%s finds %v", who, found)
			}
		}
	}
	_, err := w.service.Lookup(w.Nobody, a.ID)
	fixture.Want(t, "without a role", err, "FORBIDDEN")
}

func ids(all []*ent.Incident) []publicid.IncidentID {
	var out []publicid.IncidentID
	for _, i := range all {
		out = append(out, i.ID)
	}
	return out
}

// TestTheSweepFindsNothing compares what incidents say with what is reminded of, page by page.
func TestTheSweepFindsNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	for range 3 {
		w.reported(t, w.Alice, w.mine)
	}
	told := w.reported(t, w.Alice, w.mine)
	_, err := w.service.Record(w.Alice, notice(told))
	fixture.Want(t, "a notice", err)
	sweep := alerts.Sweep{Client: w.Client, Clock: w.Clock, Page: 2}
	found, err := sweep.Run(w.Acme.Ctx, dates{w.service})
	if err != nil || len(found) != 0 {
		t.Errorf("the sweep finds %v, %v", found, err)
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}.Cancel(w.Acme.Ctx, tx, due.IncidentSolution, told.ID.UUID())
	})
	found, err = sweep.Run(w.Acme.Ctx, dates{w.service})
	if err != nil || len(found) != 1 || found[0].Subject != told.ID.UUID() {
		t.Errorf("with one cancelled the sweep finds %v, %v", found, err)
	}
}

type dates struct{ service *incidents.Service }

func (d dates) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	return d.service.Owed(ctx, after, limit)
}
