package dictionaries_test

import (
	"slices"
	"strings"
	"testing"

	"heyue/domain/dictionaries"
	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/ent/dictionaryentry"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// world is a tenant with its shipped entries.
type world struct {
	*fixture.World
	acme    *fixture.Tenant
	service *dictionaries.Service
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	w.Write(t, acme.Ctx, func(tx *ent.Tx) error { return dictionaries.Seed(acme.Ctx, tx) })
	return world{w, acme, &dictionaries.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock, Limit: dictionaries.DefaultLimit,
	}}
}

// entry reads one entry as it is.
func (w world) entry(t *testing.T, list shipped.List, code string) *ent.DictionaryEntry {
	t.Helper()
	e, err := w.Client.DictionaryEntry.Query().Where(dictionaryentry.List(list), dictionaryentry.Code(code)).Only(w.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func want(t *testing.T, name string, err error, code fault.Code, field string) {
	t.Helper()
	faults := fault.All(err)
	if len(faults) == 0 || faults[0].Code != code || strings.Join(faults[0].Field, ".") != field {
		t.Errorf("%s: %v, want %s at %q", name, err, code, field)
	}
}

func codes(rows []*ent.DictionaryEntry) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Code)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func TestSeedAddsOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := open(t)
	e := w.entry(t, shipped.CustomerSource, "PHONE")
	if _, err := w.service.Update(w.acme.Admin, dictionaries.Change{ID: e.ID, ExpectedVersion: 1, LabelZh: ptr("电话")}); err != nil {
		t.Fatal(err)
	}
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error {
		_, err := tx.DictionaryEntry.Delete().Where(dictionaryentry.Code("WEBSITE")).Exec(w.acme.Ctx) // as if it had not been shipped yet
		return err
	})
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error { return dictionaries.Seed(w.acme.Ctx, tx) })
	n, err := w.Client.DictionaryEntry.Query().Count(w.acme.Ctx)
	if err != nil || n != len(shipped.All()) {
		t.Errorf("%d entries, %d are shipped, %v", n, len(shipped.All()), err)
	}
	if e := w.entry(t, shipped.CustomerSource, "PHONE"); e.LabelZh != "电话" {
		t.Errorf("a renamed entry is called %q again", e.LabelZh)
	}
	w.entry(t, shipped.CustomerSource, "WEBSITE")
}

func TestList(t *testing.T) {
	t.Parallel()
	w := open(t)
	seller := w.User(t, w.acme, "sales")
	rows, err := w.service.List(seller, shipped.CustomerSource, false)
	var shippedCodes []string
	for _, e := range shipped.Entries(shipped.CustomerSource) {
		shippedCodes = append(shippedCodes, e.Code)
	}
	if err != nil || !slices.Equal(codes(rows), shippedCodes) {
		t.Errorf("%v, %v; want %v", codes(rows), err, shippedCodes)
	}
	_, err = w.service.List(seller, "COLOURS", false)
	want(t, "an unknown list", err, fault.UnknownValue, "list")
	_, err = w.service.List(w.acme.Ctx, shipped.Region, false)
	want(t, "nobody", err, fault.CodeUnauthenticated, "")
	_, err = w.service.List(w.User(t, w.acme, ""), shipped.Region, false)
	want(t, "no role", err, fault.CodeForbidden, "")
	globex := w.Tenant(t, "globex")
	if rows, err := w.service.List(globex.Admin, shipped.Region, true); err != nil || len(rows) != 0 {
		t.Errorf("another tenant sees %d entries, %v", len(rows), err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	draft := dictionaries.Draft{List: shipped.SalesMode, Code: "LIVE_STREAM", LabelZh: " 直播 ", LabelEn: "Live stream"}
	e, err := w.service.Create(w.acme.Admin, draft)
	if err != nil || e.LabelZh != "直播" || e.Position != len(shipped.Entries(shipped.SalesMode))*10+10 || e.Version != 1 {
		t.Fatalf("made %+v, %v", e, err)
	}
	n, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(e.ID.UUID()), auditentry.Action("create")).Count(w.acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("%d audit entries, %v", n, err)
	}
	tests := map[string]struct {
		edit  func(*dictionaries.Draft)
		code  fault.Code
		field string
	}{
		"a code that is taken": {func(*dictionaries.Draft) {}, fault.Duplicate, "code"},
		"an unknown list":      {func(d *dictionaries.Draft) { d.List = "COLOURS" }, fault.UnknownValue, "list"},
		"no code":              {func(d *dictionaries.Draft) { d.Code = "" }, fault.Required, "code"},
		"a small letter":       {func(d *dictionaries.Draft) { d.Code = "LIVe" }, fault.Malformed, "code"},
		"a leading _":          {func(d *dictionaries.Draft) { d.Code = "_X" }, fault.Malformed, "code"},
		"a long code":          {func(d *dictionaries.Draft) { d.Code = strings.Repeat("X", dictionaries.MaxCode+1) }, fault.TooLong, "code"},
		"a blank label":        {func(d *dictionaries.Draft) { d.LabelZh = " " }, fault.Required, "labelZh"},
		"a long label":         {func(d *dictionaries.Draft) { d.LabelEn = strings.Repeat("字", dictionaries.MaxLabel+1) }, fault.TooLong, "labelEn"},
		"a negative position":  {func(d *dictionaries.Draft) { d.Position = ptr(-1) }, fault.OutOfRange, "position"},
	}
	for name, tt := range tests {
		d := draft
		tt.edit(&d)
		_, err := w.service.Create(w.acme.Admin, d)
		want(t, name, err, tt.code, tt.field)
	}
	if faults := fault.All(dictionaries.Draft{}.Validate()); len(faults) != 4 {
		t.Errorf("an empty draft has the faults %v", faults)
	}
	_, err = w.service.Create(w.User(t, w.acme, "manager"), draft)
	want(t, "no permission", err, fault.CodeForbidden, "")
	w.service.Limit = len(shipped.Entries(shipped.SalesMode)) + 1
	draft.Code = "ONE_MORE"
	_, err = w.service.Create(w.Next(t, w.acme.Admin), draft)
	want(t, "an entry too many", err, fault.LimitReached, "list")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	e := w.entry(t, shipped.Industry, "A")
	now, err := w.service.Update(w.acme.Admin, dictionaries.Change{ID: e.ID, ExpectedVersion: 1, LabelEn: ptr("Farming"), Position: ptr(999)})
	if err != nil || now.LabelEn != "Farming" || now.LabelZh != e.LabelZh || now.Position != 999 || now.Version != 2 {
		t.Fatalf("changed to %+v, %v", now, err)
	}
	stale, err := w.service.Update(w.acme.Admin, dictionaries.Change{ID: e.ID, ExpectedVersion: 1, LabelEn: ptr("Other")})
	want(t, "an old version", err, fault.VersionConflict, "expectedVersion")
	if stale == nil || stale.LabelEn != "Farming" {
		t.Errorf("the conflict shows %+v", stale)
	}
	_, err = w.service.Update(w.acme.Admin, dictionaries.Change{ID: publicid.NewDictionaryEntryID(), ExpectedVersion: 1})
	want(t, "no such entry", err, fault.Missing, "id")
	_, err = w.service.Update(w.Tenant(t, "globex").Admin, dictionaries.Change{ID: e.ID, ExpectedVersion: 2})
	want(t, "another tenant's entry", err, fault.Missing, "id")
	_, err = w.service.Update(w.acme.Admin, dictionaries.Change{ID: e.ID, ExpectedVersion: 2, LabelZh: ptr("")})
	want(t, "an empty label", err, fault.Required, "labelZh")
}

// TestAnArchivedCodeIsReadableAndNotUsable, until it is restored.
func TestAnArchivedCodeIsReadableAndNotUsable(t *testing.T) {
	t.Parallel()
	w := open(t)
	e := w.entry(t, shipped.CustomerSource, "PHONE")
	target := dictionaries.Target{ID: e.ID, ExpectedVersion: 1}
	if _, err := w.service.Restore(w.acme.Admin, target); fault.KindOf(err) != fault.State {
		t.Errorf("restoring what is not archived: %v", err)
	}
	archived, err := w.service.Archive(w.acme.Admin, target)
	if err != nil || archived.ArchivedAt == nil || !archived.ArchivedAt.Equal(fixture.Start()) {
		t.Fatalf("archived %+v, %v", archived, err)
	}
	target.ExpectedVersion = 2
	if _, err := w.service.Archive(w.acme.Admin, target); fault.KindOf(err) != fault.State {
		t.Errorf("archiving twice: %v", err)
	}
	offered, err := w.service.List(w.acme.Admin, e.List, false)
	if err != nil || slices.Contains(codes(offered), "PHONE") {
		t.Errorf("offered: %v, %v", codes(offered), err)
	}
	all, err := w.service.List(w.acme.Admin, e.List, true)
	if err != nil || !slices.Contains(codes(all), "PHONE") {
		t.Errorf("all: %v, %v", codes(all), err)
	}
	unusable := func() []shipped.List {
		bad, err := w.service.Unusable(w.acme.Ctx, map[shipped.List]string{
			shipped.CustomerSource: "PHONE", shipped.Region: "110000", shipped.Industry: "ZZ",
			shipped.SalesMode: "A", // a code, but of another list
		})
		if err != nil {
			t.Fatal(err)
		}
		return bad
	}
	if got := unusable(); !slices.Equal(got, []shipped.List{shipped.CustomerSource, shipped.Industry, shipped.SalesMode}) {
		t.Errorf("unusable: %v", got)
	}
	if _, err := w.service.Restore(w.acme.Admin, target); err != nil {
		t.Fatal(err)
	}
	if got := unusable(); !slices.Equal(got, []shipped.List{shipped.Industry, shipped.SalesMode}) {
		t.Errorf("unusable after it was restored: %v", got)
	}
}

func TestCheckAndCodes(t *testing.T) {
	t.Parallel()
	w := open(t)
	var c fault.Check
	for field, code := range map[string]string{"good": "PHONE", "empty": "", "bad": "TELEPATHY"} {
		if err := w.service.Check(w.acme.Ctx, &c, field, shipped.CustomerSource, code); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "one of three", c.Err(), fault.UnknownValue, "bad")
	if n := len(fault.All(c.Err())); n != 1 {
		t.Errorf("%d faults: %v", n, c.Err())
	}
	got, err := w.service.Codes(w.acme.Ctx, shipped.Ownership)
	if err != nil || len(got) != len(shipped.Entries(shipped.Ownership)) || got[0] != "STATE" {
		t.Errorf("codes %v, %v", got, err)
	}
	if bad, err := w.service.Unusable(w.Tenant(t, "globex").Ctx, map[shipped.List]string{shipped.CustomerSource: "PHONE"}); err != nil || len(bad) != 1 {
		t.Errorf("another tenant may use the code: %v, %v", bad, err)
	}
}

// TestEntriesOfCodes: whoever reads dictionaries finds what codes stand for, archived or not; others find nothing.
func TestEntriesOfCodes(t *testing.T) {
	t.Parallel()
	w := open(t)
	e := w.entry(t, shipped.CustomerSource, "PHONE")
	if _, err := w.service.Archive(w.acme.Admin, dictionaries.Target{ID: e.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	globex := w.Tenant(t, "globex")
	seller, stranger := w.User(t, w.acme, "sales"), w.User(t, w.acme, "")
	got, err := w.service.ByCodes(seller, shipped.CustomerSource, []string{"PHONE", "310000", "NO_SUCH"})
	if err != nil || !slices.Equal(codes(got), []string{"PHONE"}) {
		t.Errorf("%v, %v", codes(got), err)
	}
	if found, err := w.service.Lookup(seller, e.ID); err != nil || found == nil || found.ArchivedAt == nil {
		t.Errorf("a lookup: %v, %v", found, err)
	}
	if found, err := w.service.Lookup(globex.Admin, e.ID); err != nil || found != nil {
		t.Errorf("another tenant's: %v, %v", found, err)
	}
	if got, err := w.service.ByCodes(stranger, shipped.CustomerSource, []string{"PHONE"}); err != nil || len(got) != 0 {
		t.Errorf("without the permission: %v, %v", got, err)
	}
	if _, err := w.service.Lookup(stranger, e.ID); fault.KindOf(err) != fault.Denied {
		t.Errorf("a lookup without the permission: %v", err)
	}
}
