package custom_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/fields/custom"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

func fields() []custom.Definition {
	user := custom.ToUser
	return []custom.Definition{
		{Key: "note", Type: custom.Text, Required: true},
		{Key: "rate", Type: custom.Number},
		{Key: "deposit", Type: custom.Money},
		{Key: "visited", Type: custom.Date},
		{Key: "level", Type: custom.Choice, Options: []custom.Option{{Key: "gold"}, {Key: "tin", Archived: true}}},
		{Key: "guide", Type: custom.Reference, Target: &user},
		{Key: "gone", Type: custom.Text, Archived: true},
	}
}

func change(t *testing.T, text string) (m map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func faults(c fault.Check) string {
	var all []string
	for _, f := range fault.All(c.Err()) {
		all = append(all, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	return strings.Join(all, ", ")
}

func TestApply(t *testing.T) {
	t.Parallel()
	user, customer := publicid.NewUserID().String(), publicid.NewCustomerID().String()
	for name, c := range map[string]struct {
		old, change, want, faults string
		made                      bool
	}{
		"every type, made canonical": {
			change: fmt.Sprintf(`{"note": " 甲 ", "rate": 12.50, "deposit": {"currency": "CNY", "amount": "7"}, "visited": "2026-11-30", "level": "gold", "guide": %q}`, user),
			want:   fmt.Sprintf(`{"note": "甲", "rate": "12.5", "deposit": {"amount": "7.00", "currency": "CNY"}, "visited": "2026-11-30", "level": "gold", "guide": %q}`, user),
			made:   true,
		},
		"what is not named stays, null takes away": {old: `{"note": "甲", "rate": "1"}`, change: `{"rate": null}`, want: `{"note": "甲"}`},
		"required when made":                       {change: `{}`, want: `{}`, faults: "note REQUIRED", made: true},
		"required cannot be emptied":               {old: `{"note": "甲"}`, change: `{"note": null}`, want: `{}`, faults: "note REQUIRED"},
		"required is not asked of old records":     {change: `{"rate": "1"}`, want: `{"rate": "1"}`},
		"an archived option may stay":              {old: `{"level": "tin"}`, change: `{"level": "tin"}`, want: `{"level": "tin"}`},
		"an archived option cannot be chosen":      {change: `{"level": "tin"}`, want: `{"level": "tin"}`, faults: "level UNKNOWN_VALUE"},
		"an archived field keeps its value":        {old: `{"gone": "x"}`, change: `{"rate": "1"}`, want: `{"gone": "x", "rate": "1"}`},
		"an archived field cannot be written":      {change: `{"gone": "x"}`, want: `{}`, faults: "gone NOT_ALLOWED"},
		"no such field":                            {change: `{"nope": 1}`, want: `{}`, faults: "nope UNKNOWN_VALUE"},
		"all faults at once": {
			change: fmt.Sprintf(`{"rate": "1e3", "deposit": {"amount": "1.005", "currency": "CNY"}, "visited": "2026-02-30", "level": "lead", "guide": %q, "note": 7}`, customer),
			faults: "deposit MALFORMED, guide MALFORMED, level UNKNOWN_VALUE, note MALFORMED, rate MALFORMED, visited MALFORMED",
		},
		"too much": {
			change: fmt.Sprintf(`{"note": %q, "rate": "123456789012345", "deposit": {"amount": "1", "currency": "CNY", "tax": "2"}}`, strings.Repeat("甲", custom.MaxText+1)),
			faults: "deposit MALFORMED, note TOO_LONG, rate OUT_OF_RANGE",
		},
		"the most": {
			change: fmt.Sprintf(`{"note": %q, "rate": "-99999999999999.9999"}`, strings.Repeat("甲", custom.MaxText)),
			want:   fmt.Sprintf(`{"note": %q, "rate": "-99999999999999.9999"}`, strings.Repeat("甲", custom.MaxText)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var check fault.Check
			var old custom.Set
			if c.old != "" {
				old = change(t, c.old)
			}
			before := len(old)
			got := custom.Apply(&check, fields(), old, change(t, c.change), c.made)
			if f := faults(check); f != c.faults {
				t.Errorf("faults %q, want %q", f, c.faults)
			}
			if len(old) != before {
				t.Error("the old values were changed")
			}
			if c.want == "" {
				return
			}
			var g, w any
			raw, err := json.Marshal(got)
			if err != nil || json.Unmarshal(raw, &g) != nil || json.Unmarshal([]byte(c.want), &w) != nil {
				t.Fatal(err, string(raw))
			}
			if diff := cmp.Diff(w, g); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestStoredValuesReadTheSame holds that writing what was read changes nothing: a record that is saved as it was shown
// has no change in its history.
func TestStoredValuesReadTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := func(v any) json.RawMessage {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		number := rapid.StringMatching(`-?[0-9]{1,14}(\.[0-9]{1,4})?`)
		in := map[string]json.RawMessage{
			"note":    raw(rapid.StringMatching(`[甲-癸a-z][甲-癸a-z ]{0,40}[a-z]`).Draw(t, "note")),
			"rate":    raw(number.Draw(t, "rate")),
			"deposit": raw(map[string]string{"amount": rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,2})?`).Draw(t, "amount"), "currency": "CNY"}),
			"visited": raw(fmt.Sprintf("20%02d-%02d-%02d", rapid.IntRange(0, 99).Draw(t, "y"), rapid.IntRange(1, 12).Draw(t, "m"), rapid.IntRange(1, 28).Draw(t, "d"))),
			"level":   raw("gold"),
		}
		var c fault.Check
		once := custom.Apply(&c, fields(), nil, in, true)
		twice := custom.Apply(&c, fields(), once, once, false)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Fatal(diff)
		}
		values := custom.Values(fields(), once)
		if len(values) != len(in) || len(custom.Facts(values)) != len(in) {
			t.Fatalf("%d of %d values were read back", len(values), len(in))
		}
	})
}

func TestFacts(t *testing.T) {
	t.Parallel()
	var c fault.Check
	set := custom.Apply(&c, fields(), nil, change(t, `{"note": "甲", "rate": "12.50", "deposit": {"amount": "7", "currency": "CNY"}, "visited": "2026-11-30"}`), true)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	set["rate"] = json.RawMessage(`"no number"`) // not ours: left out
	want := map[string]string{"note": "甲", "deposit": "7.00", "visited": "2026-11-30"}
	if diff := cmp.Diff(want, custom.Facts(custom.Values(fields(), set))); diff != "" {
		t.Error(diff)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	option := func(key string) custom.Option { return custom.Option{Key: key, LabelZh: "甲", LabelEn: "A"} }
	many := make([]custom.Option, custom.MaxOptions+1)
	for i := range many {
		many[i] = option(fmt.Sprintf("o%d", i))
	}
	customer, bad := custom.ToCustomer, custom.Target("MARS")
	for name, c := range map[string]struct {
		edit   func(*custom.Definition)
		faults string
	}{
		"good":                     {func(*custom.Definition) {}, ""},
		"no key":                   {func(d *custom.Definition) { d.Key = "" }, "key REQUIRED"},
		"a key for people":         {func(d *custom.Definition) { d.Key = "Größe" }, "key MALFORMED"},
		"a key too long":           {func(d *custom.Definition) { d.Key = strings.Repeat("k", 41) }, "key MALFORMED"},
		"no such type":             {func(d *custom.Definition) { d.Type = "JSON" }, "type UNKNOWN_VALUE"},
		"no labels":                {func(d *custom.Definition) { d.LabelZh, d.LabelEn = "", " " }, "labelZh REQUIRED, labelEn REQUIRED"},
		"a label too long":         {func(d *custom.Definition) { d.LabelZh = strings.Repeat("甲", custom.MaxLabel+1) }, "labelZh TOO_LONG"},
		"a reference to nothing":   {func(d *custom.Definition) { d.Type = custom.Reference }, "target REQUIRED"},
		"a reference":              {func(d *custom.Definition) { d.Type, d.Target = custom.Reference, &customer }, ""},
		"a reference to the moon":  {func(d *custom.Definition) { d.Type, d.Target = custom.Reference, &bad }, "target UNKNOWN_VALUE"},
		"a text with a target":     {func(d *custom.Definition) { d.Target = &customer }, "target INCONSISTENT"},
		"a text with options":      {func(d *custom.Definition) { d.Options = many[:1] }, "options INCONSISTENT"},
		"a choice without options": {func(d *custom.Definition) { d.Type = custom.Choice }, "options REQUIRED"},
		"a choice of too many":     {func(d *custom.Definition) { d.Type, d.Options = custom.Choice, many }, "options TOO_LONG"},
		"the largest choice":       {func(d *custom.Definition) { d.Type, d.Options = custom.Choice, many[:custom.MaxOptions] }, ""},
		"an option twice": {func(d *custom.Definition) {
			d.Type, d.Options = custom.Choice, []custom.Option{option("a"), option("a")}
		}, "options.1.key DUPLICATE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := custom.Definition{Key: "note_2", Type: custom.Text, LabelZh: "甲", LabelEn: "A"}
			c.edit(&d)
			var check fault.Check
			d.Check(&check)
			if f := faults(check); f != c.faults {
				t.Errorf("faults %q, want %q", f, c.faults)
			}
		})
	}
	var check fault.Check
	old := custom.Definition{Type: custom.Choice, Options: []custom.Option{option("a"), option("b")}}
	old.Replace(&check, slices.Insert(old.Options[:1:1], 0, option("c")))
	if f := faults(check); f != "options IN_USE" {
		t.Errorf("an option was taken away: %q", f)
	}
}
