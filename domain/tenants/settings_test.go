package tenants_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/tenants"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tests/fixture"
)

// stuck cannot move reminders.
type stuck struct{}

func (stuck) Replan(context.Context, *ent.Tx) error { return errCrash }

func to[T any](v T) *T { return &v }

func TestEveryUserReadsTheSettings(t *testing.T) {
	t.Parallel()
	h := open(t)
	tn := h.World.Tenant(t, "acme")
	got, err := h.Settings(h.World.User(t, tn, ""))
	if err != nil || got.ID != tn.ID {
		t.Fatalf("%+v, %v", got, err)
	}
	if d := cmp.Diff(settings.Default(), got.Settings); d != "" {
		t.Error(d)
	}
	if _, err := h.Settings(tn.Ctx); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("nobody: %v", err)
	}
}

func TestUpdateSettings(t *testing.T) {
	t.Parallel()
	h := open(t)
	tn, globex := h.World.Tenant(t, "acme"), h.World.Tenant(t, "globex")
	short := schedule.Default()
	short.Before = []int{3}
	now, err := h.UpdateSettings(tn.Admin, tenants.Change{
		ExpectedVersion: 1, Name: to(" Acme "), TimeZone: to("Europe/Berlin"), Locale: to("en"), Currency: to(money.Currency("EUR")),
		ContractNumberRule: to("C-{SEQ:4}"), ContractNumberRules: []*settings.KindRule{{Kind: lifecycle.Lease, Rule: "L-{SEQ:4}"}},
		ReminderLadders: []*settings.KindLadder{{Kind: due.PaymentDue, Ladder: short}}, ReceiptExcess: to(10), PlanTolerance: to(20), EventRetentionDays: to(7),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := settings.Default()
	want.TimeZone, want.Locale, want.Currency, want.ContractNumberRule = "Europe/Berlin", "en", "EUR", "C-{SEQ:4}"
	want.ContractNumberRules, want.ReceiptExcess, want.PlanTolerance, want.EventRetentionDays = settings.ByKind{lifecycle.Lease: "L-{SEQ:4}"}, 10, 20, 7
	want.ReminderLadders[due.PaymentDue] = short
	if d := cmp.Diff(want, now.Settings); d != "" || now.Version != 2 || now.Name != "Acme" {
		t.Errorf("version %d, name %q\n%s", now.Version, now.Name, d)
	}
	again, err := h.Settings(tn.Admin)
	if d := cmp.Diff(want, again.Settings); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	other, err := h.Settings(globex.Admin)
	if d := cmp.Diff(settings.Default(), other.Settings); d != "" || err != nil || other.Version != 1 {
		t.Errorf("another tenant: %v\n%s", err, d)
	}
	entry := h.World.Client.AuditEntry.Query().Where(auditentry.Object("tenant")).OnlyX(tn.Ctx)
	if entry.Action != "update" || entry.ActorID == nil || *entry.ActorID != fixture.Caller(t, tn.Admin).UserID || !strings.Contains(string(entry.Changes), "Europe/Berlin") {
		t.Errorf("journal %+v", entry)
	}
	if h.reminders.n != 1 {
		t.Errorf("reminders were moved %d times", h.reminders.n)
	}
}

func TestRemindersMoveOnlyWhenTheyMust(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change tenants.Change
		want   int
	}{
		"name":        {tenants.Change{Name: to("Acme")}, 0},
		"locale":      {tenants.Change{Locale: to("en")}, 0},
		"same zone":   {tenants.Change{TimeZone: to(settings.DefaultTimeZone)}, 0},
		"same ladder": {tenants.Change{ReminderLadders: []*settings.KindLadder{{Kind: due.ContractEnd, Ladder: schedule.Default()}}}, 0},
		"zone":        {tenants.Change{TimeZone: to("Asia/Tokyo")}, 1},
		"ladder":      {tenants.Change{ReminderLadders: []*settings.KindLadder{{Kind: due.ContractEnd, Ladder: schedule.Ladder{Before: []int{1}}}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			c.change.ExpectedVersion = 1
			if _, err := h.UpdateSettings(h.World.Tenant(t, "acme").Admin, c.change); err != nil || h.reminders.n != c.want {
				t.Errorf("moved %d times, %v; want %d", h.reminders.n, err, c.want)
			}
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	tn := h.World.Tenant(t, "acme")
	_, err := h.UpdateSettings(tn.Admin, tenants.Change{ExpectedVersion: 1, Name: to(" "), TimeZone: to("Mars"), ReceiptExcess: to(-1)})
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	if d := cmp.Diff([]string{"name REQUIRED", "timeZone UNKNOWN_VALUE", "receiptExcess OUT_OF_RANGE"}, got); d != "" {
		t.Error(d)
	}
	now, err := h.UpdateSettings(tn.Admin, tenants.Change{ExpectedVersion: 2, Name: to("Acme")})
	wantCode(t, "an old version", err, fault.VersionConflict)
	if now == nil || now.Version != 1 {
		t.Errorf("beside the conflict: %+v", now)
	}
	for role := range tn.Roles {
		if role == "admin" {
			continue
		}
		if _, err := h.UpdateSettings(h.World.User(t, tn, role), tenants.Change{ExpectedVersion: 1}); fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := h.UpdateSettings(tn.Ctx, tenants.Change{}); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("nobody: %v", err)
	}
	if now, err := h.Settings(tn.Admin); err != nil || now.Version != 1 || now.Name != "acme" {
		t.Errorf("something changed: %+v, %v", now, err)
	}
}

// TestFaultsOfListsNameThePlaceInTheInput, whatever order the kinds are stored in.
func TestFaultsOfListsNameThePlaceInTheInput(t *testing.T) {
	t.Parallel()
	h := open(t)
	tn := h.World.Tenant(t, "acme")
	_, err := h.UpdateSettings(tn.Admin, tenants.Change{
		ExpectedVersion:     1,
		ContractNumberRules: []*settings.KindRule{{Kind: lifecycle.Lease, Rule: "L-{SEQ:4}"}, {Kind: lifecycle.Lease, Rule: "{"}},
		ReminderLadders: []*settings.KindLadder{
			{Kind: due.PaymentDue, Ladder: schedule.Default()}, {Kind: due.ContractEnd, Ladder: schedule.Ladder{Before: []int{1, -1}}},
		},
	})
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	want := []string{"contractNumberRules.1.kind DUPLICATE", "contractNumberRules.1.rule MALFORMED", "reminderLadders.1.before.1 OUT_OF_RANGE"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestSettingsAndRemindersChangeTogether: when the reminders cannot follow, nothing changes.
func TestSettingsAndRemindersChangeTogether(t *testing.T) {
	t.Parallel()
	h := open(t)
	tn := h.World.Tenant(t, "acme")
	h.Reminders = stuck{}
	if _, err := h.UpdateSettings(tn.Admin, tenants.Change{ExpectedVersion: 1, TimeZone: to("Asia/Tokyo")}); !errors.Is(err, errCrash) {
		t.Errorf("%v", err)
	}
	if now, err := h.Settings(tn.Admin); err != nil || now.Version != 1 || now.Settings.TimeZone != settings.DefaultTimeZone {
		t.Errorf("%+v, %v", now, err)
	}
}
