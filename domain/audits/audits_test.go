package audits_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/audits"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.World
	acme    *fixture.Tenant
	service *audits.Service
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	return world{w, w.Tenant(t, "acme"), &audits.Service{Client: w.Client, Policies: w.Policies, Lister: w.Lister}}
}

// done records an act by the caller of ctx, a minute after the one before, and returns what it was done to.
func (w world) done(t *testing.T, ctx context.Context, action, object string) publicid.Any {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.Write(t, ctx, func(tx *ent.Tx) error {
		return w.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: object, ID: id, After: map[string]string{"department_id": "dep_1", "name": "x"}})
	})
	w.Clock.Advance(time.Minute)
	return publicid.Any{Prefix: publicid.PrefixCustomerID, UUID: id}
}

func (w world) list(t *testing.T, ctx context.Context, f *audits.Filter, sort ...*listing.Sort) []string {
	t.Helper()
	list, err := w.service.List(ctx, page.Args{}, f, sort)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range list.Nodes() {
		out = append(out, e.Action)
	}
	return out
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	seller := w.User(t, w.acme, "sales")
	globex := w.Tenant(t, "globex")
	w.done(t, globex.Admin, "foreign", "customer")
	w.done(t, w.acme.Admin, "first", "customer")
	second := w.done(t, seller, "second", "contract")
	w.done(t, w.acme.Ctx, "third", "contract") // by the product itself

	from, before := fixture.Start().Add(2*time.Minute), fixture.Start().Add(3*time.Minute)
	for name, c := range map[string]struct {
		filter *audits.Filter
		want   []string
	}{
		"all, the latest first": {nil, []string{"third", "second", "first"}},
		"by object":             {&audits.Filter{Object: []string{"contract"}}, []string{"third", "second"}},
		"by action":             {&audits.Filter{Action: []string{"first"}}, []string{"first"}},
		"by actor":              {&audits.Filter{ActorID: []publicid.UserID{fixture.Caller(t, seller).UserID}}, []string{"second"}},
		"by no actor":           {&audits.Filter{Not: &audits.Filter{ActorID: []publicid.UserID{fixture.Caller(t, seller).UserID}}}, []string{"third", "first"}},
		"by object's id":        {&audits.Filter{ObjectID: []publicid.Any{second}}, []string{"second"}},
		"from is inside":        {&audits.Filter{OccurredAt: &listing.Times{From: &from}}, []string{"third", "second"}},
		"before is not":         {&audits.Filter{OccurredAt: &listing.Times{From: &from, Before: &before}}, []string{"second"}},
	} {
		if d := cmp.Diff(c.want, w.list(t, w.acme.Admin, c.filter)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	oldest := w.list(t, w.acme.Admin, nil, &listing.Sort{Field: "OCCURRED_AT", Direction: listing.Asc})
	if !slices.Equal(oldest, []string{"first", "second", "third"}) {
		t.Errorf("oldest first: %v", oldest)
	}
}

// TestReadingHasReach: lists and lookups agree, and a narrow scope shows a caller their own acts only.
func TestReadingHasReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error {
		r, err := tx.Role.Create().SetCode("own").SetName("own").Save(w.acme.Ctx)
		if err != nil {
			return err
		}
		w.acme.Roles["own"] = r.ID
		return tx.RoleGrant.Create().SetRoleID(r.ID).SetObject("audit").SetAction("read").SetScope(grant.Subtree).Exec(w.acme.Ctx)
	})
	own := w.User(t, w.acme, "own", w.acme.Root)
	w.done(t, w.acme.Admin, "theirs", "customer")
	w.done(t, own, "mine", "customer")
	w.done(t, w.acme.Ctx, "nobody's", "customer")
	globex := w.Tenant(t, "globex")
	entries, err := w.Client.AuditEntry.Query().All(w.acme.Ctx)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		want []string
	}{
		"the auditor":    {w.User(t, w.acme, "auditor"), []string{"nobody's", "mine", "theirs"}},
		"a narrow scope": {w.Next(t, own), []string{"mine"}},
		"another tenant": {globex.Admin, []string{}},
	} {
		if d := cmp.Diff(c.want, w.list(t, c.ctx, nil)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for _, e := range entries {
			found, err := w.service.Lookup(c.ctx, e.ID)
			if err != nil || (found != nil) != slices.Contains(c.want, e.Action) {
				t.Errorf("%s looks up %s: %v, %v", name, e.Action, found, err)
			}
		}
	}
	seller := w.User(t, w.acme, "sales")
	if _, err := w.service.List(seller, page.Args{}, nil, nil); fault.KindOf(err) != fault.Denied {
		t.Errorf("without the permission: %v", err)
	}
	if _, err := w.service.Lookup(seller, entries[0].ID); fault.KindOf(err) != fault.Denied {
		t.Errorf("a lookup without the permission: %v", err)
	}
}

func TestChangesAreShownAsTheAPINamesThem(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.done(t, w.acme.Admin, "create", "customer")
	e := w.Client.AuditEntry.Query().OnlyX(w.acme.Ctx)
	got, err := audits.Changes(e)
	if err != nil {
		t.Fatal(err)
	}
	null := json.RawMessage("null")
	want := []*audits.Change{{Field: "departmentId", Before: null, After: json.RawMessage(`"dep_1"`)}, {Field: "name", Before: null, After: json.RawMessage(`"x"`)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := audits.Changes(&ent.AuditEntry{Changes: json.RawMessage(`{"name": "x"}`)}); fault.KindOf(err) != fault.Internal {
		t.Errorf("broken changes: %v", err)
	}
}

// TestObjectIDs: every sort of object that the record tells of has its public id; the tenant itself has none.
func TestObjectIDs(t *testing.T) {
	t.Parallel()
	id := uuid.Must(uuid.NewV7())
	for object, prefix := range map[string]string{
		"customer": "cus", "contact": "ctt", "service_record": "svc", "contract": "con", "payment": "pay", "milestone": "mil",
		"progress_line": "prl", "progress_entry": "pre", "dictionary": "dic", "custom_field": "cfd", "department": "dep", "user": "usr", "role": "rol", "session": "ses",
	} {
		got := audits.ObjectID(&ent.AuditEntry{Object: object, ObjectID: id})
		if got == nil || *got != publicid.Format(prefix, id) {
			t.Errorf("%s: %v", object, got)
		}
	}
	if got := audits.ObjectID(&ent.AuditEntry{Object: "tenant", ObjectID: id}); got != nil {
		t.Errorf("the tenant: %v", *got)
	}
}
