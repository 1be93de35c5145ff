package settings

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/contracts/lifecycle"
	"heyue/platform/fault"
	"heyue/platform/money"
)

func TestDefaultIsValidAndSafe(t *testing.T) {
	t.Parallel()
	s := Default()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if s.TimeZone != "Asia/Shanghai" || s.Locale != "zh-CN" || s.Currency != "CNY" || s.EventRetentionDays != 30 ||
		s.ReceiptExcess != 0 || s.PlanTolerance != 0 {
		t.Errorf("defaults changed: %+v", s)
	}
	for _, k := range []due.Kind{due.ContractEnd, due.PaymentDue, due.MilestoneDue} {
		l := s.Ladder(k)
		if d := cmp.Diff([]int{90, 30, 7, 1, 0}, l.Before); d != "" || l.OverdueEvery != 7 || l.OverdueMax == 0 {
			t.Errorf("%s reminds every %d days once overdue, %d times, and before (-want +got):\n%s", k, l.OverdueEvery, l.OverdueMax, d)
		}
	}
	if z, err := s.Zone(); err != nil || z.String() != "Asia/Shanghai" {
		t.Errorf("zone %v, %v", z, err)
	}
}

func TestEveryFaultAtOnceWithItsPath(t *testing.T) {
	t.Parallel()
	ladders := Default().ReminderLadders
	tooFar := ladders[due.PaymentDue]
	tooFar.Before = []int{30, 7, 5000}
	ladders[due.PaymentDue], ladders["BIRTHDAY"] = tooFar, schedule.Default()
	delete(ladders, due.MilestoneDue)
	s := Settings{
		TimeZone: "Local", Locale: "de", Currency: "RMB", ContractNumberRule: "HT-{YYYY}",
		ContractNumberRules: ByKind{lifecycle.Vehicle: "{SEQ}", "BARTER": "{SEQ:1}"},
		ReminderLadders:     ladders,
		AlertChannels:       []channel.Channel{channel.Email, "PIGEON", channel.Email},
		ExchangeRates:       Rates{"RMB": money.Whole(1), "USD": money.Whole(0), "XXQ": money.Whole(1)},
		ReceiptExcess:       -1, PlanTolerance: 1001, EventRetentionDays: 0,
	}
	var got []string
	for _, f := range fault.All(s.Validate()) {
		got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	want := []string{
		"timeZone UNKNOWN_VALUE", "locale UNKNOWN_VALUE", "currency UNKNOWN_VALUE", "contractNumberRule MALFORMED",
		"contractNumberRules.BARTER UNKNOWN_VALUE", "contractNumberRules.VEHICLE MALFORMED",
		"reminderLadders.BIRTHDAY UNKNOWN_VALUE", "reminderLadders.PAYMENT_DUE.before.2 OUT_OF_RANGE",
		"reminderLadders.MILESTONE_DUE REQUIRED",
		"alertChannels.1 UNKNOWN_VALUE", "alertChannels.2 DUPLICATE",
		"exchangeRates.RMB UNKNOWN_VALUE", "exchangeRates.RMB INCONSISTENT", "exchangeRates.USD OUT_OF_RANGE", "exchangeRates.XXQ UNKNOWN_VALUE",
		"receiptExcess OUT_OF_RANGE", "planTolerance OUT_OF_RANGE", "eventRetentionDays OUT_OF_RANGE",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*Settings){
		func(s *Settings) { s.ReceiptExcess, s.PlanTolerance = 1000, 1000 },
		func(s *Settings) { s.EventRetentionDays = MaxEventRetentionDays },
		func(s *Settings) { s.EventRetentionDays = MinEventRetentionDays },
		func(s *Settings) { s.Locale = "en" },
	} {
		s := Default()
		change(&s)
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, change := range []func(*Settings){
		func(s *Settings) { s.ReceiptExcess = 1001 },
		func(s *Settings) { s.PlanTolerance = -1 },
		func(s *Settings) { s.EventRetentionDays = MaxEventRetentionDays + 1 },
	} {
		s := Default()
		change(&s)
		if err := s.Validate(); len(fault.All(err)) != 1 {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestNumberRuleOfAKind(t *testing.T) {
	t.Parallel()
	s := Default()
	s.ContractNumberRules = ByKind{lifecycle.Vehicle: "GC-{YYYY}{MM}-{SEQ:4}"}
	for k, want := range map[lifecycle.Kind]string{lifecycle.Vehicle: "GC-{YYYY}{MM}-{SEQ:4}", lifecycle.Service: "HT-{YYYY}-{SEQ:5}"} {
		if r, err := s.NumberRule(k); err != nil || r.String() != want {
			t.Errorf("%s: %s, %v; want %s", k, r, err, want)
		}
	}
}

func TestStoredSettingsRoundTrip(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Locale, s.ReceiptExcess = "en", 50
	s.ContractNumberRules = ByKind{lifecycle.Lease: "{SEQ:3}"}
	s.ReminderLadders[due.PaymentDue] = schedule.Ladder{Before: []int{}}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestOldSettingsGetNewDefaults: a field that did not exist when the JSON was written has its default, deep inside
// a ladder too.
func TestOldSettingsGetNewDefaults(t *testing.T) {
	t.Parallel()
	for stored, change := range map[string]func(*Settings){
		`{}`:                 func(*Settings) {},
		`null`:               func(*Settings) {},
		`{"fromTomorrow":1}`: func(*Settings) {},
		`{"timeZone":null,"contractNumberRules":null,"reminderLadders":null,"alertChannels":null}`: func(*Settings) {},
		`{"reminderLadders":{"PAYMENT_DUE":null}}`:                                                 func(*Settings) {},
		`{"reminderLadders":{"PAYMENT_DUE":{"before":null}}}`:                                      func(*Settings) {},
		`{"timeZone":"America/New_York","eventRetentionDays":7}`: func(s *Settings) {
			s.TimeZone, s.EventRetentionDays = "America/New_York", 7
		},
		`{"reminderLadders":{"CONTRACT_END":{"before":[180]}}}`: func(s *Settings) {
			l := s.ReminderLadders[due.ContractEnd]
			l.Before = []int{180}
			s.ReminderLadders[due.ContractEnd] = l
		},
		`{"contractNumberRules":{"LEASE":"ZL-{SEQ:4}"}}`: func(s *Settings) {
			s.ContractNumberRules[lifecycle.Lease] = "ZL-{SEQ:4}"
		},
	} {
		want := Default()
		change(&want)
		var got Settings
		if err := json.Unmarshal([]byte(stored), &got); err != nil {
			t.Errorf("%s: %v", stored, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", stored, d)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", stored, err)
		}
	}
}

func TestTwoTenantsShareNothing(t *testing.T) {
	t.Parallel()
	var a, b Settings
	for _, s := range []*Settings{&a, &b} {
		if err := json.Unmarshal([]byte(`{}`), s); err != nil {
			t.Fatal(err)
		}
	}
	a.ReminderLadders[due.ContractEnd].Before[0] = 1
	a.ContractNumberRules[lifecycle.Lease] = "{SEQ:1}"
	if d := cmp.Diff(Default(), b); d != "" {
		t.Errorf("one tenant's change reached another (-want +got):\n%s", d)
	}
}

func TestBrokenJSONIsAnError(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{`[]`, `{"timeZone":1}`, `{"reminderLadders":[]}`, `{"reminderLadders":{"PAYMENT_DUE":{"at":"25:00"}}}`, `{"contractNumberRules":7}`} {
		s := Default()
		if err := json.Unmarshal([]byte(stored), &s); err == nil {
			t.Errorf("%s was read as %+v", stored, s)
		}
	}
}

func TestSumsAreComparedByTheTenantsRates(t *testing.T) {
	t.Parallel()
	s := Default()
	s.ExchangeRates = Rates{"USD": money.MustDecimal("712.35"), "JPY": money.MustDecimal("4.7512"), "EUR": money.MustDecimal("0.0001")}
	for _, c := range []struct {
		sum  money.Money
		into money.Currency
		want string // empty: no answer
	}{
		{money.Of(100_00, "USD"), "CNY", "712.35"},
		{money.Of(712_35, "CNY"), "USD", "100.00"},
		{money.Of(1_000_000, "JPY"), "USD", "6669.76"}, // 47,512 CNY
		{money.Of(100_00, "USD"), "JPY", "14993"},
		{money.Of(-1_00, "USD"), "CNY", "-7.12"},
		{money.Of(1_00, "GBP"), "CNY", ""},
		{money.Of(1_00, "CNY"), "GBP", ""},
		{money.Of(9_000_000_000_000_000_00, "USD"), "EUR", ""},
	} {
		got, ok := s.Convert(c.sum, c.into)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%v in %s is %v, %v; want %q", c.sum, c.into, got, ok, c.want)
		}
	}
}
