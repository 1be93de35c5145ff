package ocds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/ocds"
	"heyue/platform/date"
	"heyue/platform/fault"
)

// one maps a contract given as JSON, in a process with one supplier.
func one(t testing.TB, contract string, opt ocds.Options) (ocds.Contract, map[string]ocds.Problem) {
	t.Helper()
	all := readText(t, `{"ocid":"P","date":"2020-01-01","language":"es","buyer":{"name":"B"},"parties":[{"id":"s","name":"S","roles":["supplier"]}],`+
		`"awards":[{"id":"w","suppliers":[{"id":"s"}]}],"contracts":[`+contract+`]}`, opt)
	if len(all) != 1 || len(all[0].Contracts) != 1 {
		t.Fatalf("got %+v", all)
	}
	checkInvariants(t, all)
	problems := map[string]ocds.Problem{}
	for _, p := range all[0].Problems {
		problems[strings.TrimPrefix(strings.TrimPrefix(p.Path, "contracts[0]."), "contracts[].")] = p
	}
	return all[0].Contracts[0], problems
}

func TestDates(t *testing.T) {
	t.Parallel()
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		t.Fatal(err)
	}
	for written, want := range map[string]struct {
		day    string
		bogota string // with Zone
		reason string
	}{
		"2015-06-03":                  {"2015-06-03", "2015-06-03", ""},
		" 2015-06-03 ":                {"2015-06-03", "2015-06-03", ""},
		"20150603":                    {"2015-06-03", "2015-06-03", ""},
		"2016-06-30T09:52:57.000000Z": {"2016-06-30", "2016-06-30", ""},
		"2016-06-30T00:00:00.000000Z": {"2016-06-30", "2016-06-30", ""}, // midnight UTC is a day
		"2016-06-30T03:00:00Z":        {"2016-06-30", "2016-06-29", ""},
		"2016-06-30T03:00:00z":        {"2016-06-30", "2016-06-29", ""},
		"2016-06-30T03:00:00+02:00":   {"2016-06-30", "2016-06-29", ""},
		"2016-06-30T23:00:00-0500":    {"2016-06-30", "2016-06-30", ""},
		"2016-06-30T03:00:00":         {"2016-06-30", "2016-06-30", ""},
		"2016-06-30 03:00:00":         {"2016-06-30", "2016-06-30", ""},
		"2016-06-30T03:00":            {"2016-06-30", "2016-06-30", ""},
		"":                            {"", "", ""},
		"  ":                          {"", "", ""},
		"0001-01-01T00:00:00Z":        {"", "", `"0001-01-01T00:00:00Z" is a placeholder, not a date`},
		"9999-12-31":                  {"", "", `"9999-12-31" is a placeholder, not a date`},
		"2016-02-30":                  {"", "", `"2016-02-30" is no day of the calendar`},
		"03/04/2016":                  {"", "", `"03/04/2016" is not a date in a form that has only one meaning`},
		"2016-06":                     {"", "", `"2016-06" is not a date in a form that has only one meaning`},
		"2016":                        {"", "", `"2016" is not a date in a form that has only one meaning`},
		"1467280377":                  {"", "", `"1467280377" is not a date in a form that has only one meaning`},
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			in := fmt.Sprintf(`{"id":"c","awardID":"w","dateSigned":%q}`, written)
			c, problems := one(t, in, ocds.Options{})
			if c.SignedOn.String() != want.day || problems["dateSigned"].Reason != want.reason {
				t.Errorf("got %q, %q", c.SignedOn, problems["dateSigned"].Reason)
			}
			if c, _ := one(t, in, ocds.Options{Zone: bogota}); c.SignedOn.String() != want.bogota {
				t.Errorf("in Bogotá %q", c.SignedOn)
			}
		})
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct{ money, at, reason string }{
		`{"amount":7113.120000000001,"currency":"MXN"}`:       {"7113.120000000001 MXN", "", ""},
		`{"amount":0.1,"currency":"eur"}`:                     {"0.1 EUR", "", ""},
		`{"amount":-3.00,"currency":" CAD "}`:                 {"-3 CAD", "", ""},
		`{"amount":12345678901234567890.12,"currency":"EUR"}`: {"12345678901234567890.12 EUR", "", ""},
		`{"amount":1e3,"currency":"EUR"}`:                     {"1000 EUR", "", ""},
		`{"amount":"12.50","currency":"EUR"}`:                 {"12.5 EUR", "", ""},
		`{"amount":"12,50","currency":"EUR"}`:                 {"", "value.amount", `"12,50" is not a number with only one meaning`},
		`{"amount":1e999999999,"currency":"EUR"}`:             {"", "value.amount", `"1e999999999" has more than 40 digits`},
		`{"amount":1e-999999999,"currency":"EUR"}`:            {"", "value.amount", `"1e-999999999" has more than 40 digits`},
		`{"amount":true,"currency":"EUR"}`:                    {"", "value.amount", `is true or false, a number was expected`},
		`{"amount":null,"currency":"EUR"}`:                    {"", "value.amount", `is missing`},
		`{"amount":5,"currency":"MNX"}`:                       {"", "value.currency", `"MNX" is not an ISO 4217 currency, so the amount 5 was left out`},
		`{"amount":5}`:                                        {"", "value.currency", `is missing, so the amount 5 was left out`},
		`17`:                                                  {"", "value", `is a number, an amount with a currency was expected`},
		`{"amount":5,"currency":"EUR","amountNet":4}`:         {"5 EUR", "value.amountNet", `has no place in a contract file and was left out`},
		`{}`:   {"", "", ""},
		`null`: {"", "", ""},
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			c, problems := one(t, `{"id":"c","awardID":"w","value":`+in+`}`, ocds.Options{})
			got := ""
			if c.Value != nil {
				got = c.Value.Amount.String() + " " + c.Value.Currency
			}
			if got != want.money || problems[want.at].Reason != want.reason || want.at == "" && len(problems) > 0 {
				t.Errorf("got %q, problems %v", got, problems)
			}
		})
	}
}

func TestMinorUnits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		units     int64
		exact, ok bool
	}{
		`{"amount":7113.120000000001,"currency":"MXN"}`:    {711312, false, true},
		`{"amount":0.125,"currency":"KWD"}`:                {125, true, true},
		`{"amount":10,"currency":"JPY"}`:                   {10, true, true},
		`{"amount":-0.005,"currency":"EUR"}`:               {-1, false, true},
		`{"amount":92233720368547758.07,"currency":"EUR"}`: {1<<63 - 1, true, true},
		`{"amount":92233720368547758.08,"currency":"EUR"}`: {0, false, false},
	} {
		c, _ := one(t, `{"id":"c","awardID":"w","value":`+in+`}`, ocds.Options{})
		units, exact, ok := c.Value.Minor()
		if units != want.units || exact != want.exact || ok != want.ok {
			t.Errorf("%s: %d, exact %v, ok %v", in, units, exact, ok)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, title, reason string }{
		"UTF-8":            {`"title":"Bogotá"`, "Bogotá", ""},
		"escapes":          {`"title":"a\u00f1o \"x\" \ud83d\ude00"`, `año "x" 😀`, ""},
		"Latin-1":          {"\"title\":\"Bogot\xe1 \x80\"", "Bogotá €", "bytes that are not UTF-8 were read as Windows-1252"},
		"NUL escaped":      {`"title":"a\u0000b"`, "ab", "NUL characters were removed"},
		"NUL":              {"\"title\":\"a\x00b\"", "ab", "NUL characters were removed"},
		"half a pair":      {`"title":"a\ud800b"`, "a\ufffdb", "half of a surrogate pair was replaced by U+FFFD"},
		"unknown escape":   {`"title":"a\qb"`, `a\qb`, "an unknown escape was kept as it stands"},
		"mojibake stays":   {`"title":"M?XICO Cl?usula \ufffd"`, "M?XICO Cl?usula \ufffd", ""},
		"white space":      {`"title":"  PIEZA      "`, "PIEZA", ""},
		"number":           {`"title":42.0`, "42.0", ""},
		"object":           {`"title":{"en":"x"}`, "", "is an object, a text was expected"},
		"own language":     {`"title":"","title_en":"one","title_es":"uno"`, "uno", ""},
		"wanted language":  {`"title_de":"eins","title_en":"one"`, "one", ""},
		"any language":     {`"title_fr":"un","title_pt":"um"`, "un", ""},
		"plain text first": {`"title":"x","title_es":"uno"`, "x", ""},
		"too long":         {`"title":"` + strings.Repeat("ñ", 501) + `"`, strings.Repeat("ñ", 500), "is longer than 500 characters and was cut"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := one(t, `{"id":"c","awardID":"w",`+c.in+`}`, ocds.Options{})
			if got.Title != c.title || problems["title"].Reason != c.reason {
				t.Errorf("got %q, %q", got.Title, problems["title"].Reason)
			}
		})
	}
}

func TestRepeatedKey(t *testing.T) {
	t.Parallel()
	c, problems := one(t, `{"id":"c","awardID":"w","title":"a","title":"b","items":[{},{"id":"i","id":"j","":1,"":2}]}`, ocds.Options{})
	if c.Title != "b" || problems["title"].Severity != ocds.Altered || problems["items[1].id"].Severity != ocds.Altered || problems[`items[1].""`].Count != 1 {
		t.Errorf("got %q, %v", c.Title, problems)
	}
}

// The same facts in the shapes of both versions of the standard give the same contract.
func TestVersionsOfTheStandard(t *testing.T) {
	t.Parallel()
	old := `{"ocid":"P","id":"r","date":"2020-01-01",
		"buyer":{"name":"City","identifier":{"scheme":"X","id":"1"},"address":{"locality":"Here"}},
		"awards":[{"id":"w","suppliers":[{"name":"Firm","identifier":{"scheme":"X","id":"2"},"contactPoint":{"name":"Ann","email":"ann@firm.example"}}]}],
		"contracts":[{"id":"c","awardID":"w","value":{"amount":10,"currency":"EUR"},
			"amendment":{"date":"2020-02-01","rationale":"more","changes":[{"property":"value.amount","former_value":9.50}]},
			"implementation":{"transactions":[{"id":"t","date":"2020-03-01","amount":{"amount":4,"currency":"EUR"},
				"providerOrganization":{"scheme":"X","id":"1","legalName":"City"},"receiverOrganization":{"scheme":"X","id":"2","legalName":"Firm"}}]}}]}`
	modern := `{"ocid":"P","id":"r","date":"2020-01-01","parties":[
			{"id":"a","name":"City","identifier":{"scheme":"X","id":"1","legalName":"City"},"address":{"locality":"Here"}},
			{"id":"b","name":"Firm","identifier":{"scheme":"X","id":"2","legalName":"Firm"},"contactPoint":{"name":"Ann","email":"ann@firm.example"}}],
		"buyer":{"id":"a","name":"City"},"awards":[{"id":"w","suppliers":[{"id":"b","name":"Firm"}]}],
		"contracts":[{"id":"c","awardID":"w","value":{"amount":10,"currency":"EUR"},
			"amendments":[{"date":"2020-02-01","rationale":"more","changes":[{"property":"value.amount","former_value":9.50}]}],
			"implementation":{"transactions":[{"id":"t","date":"2020-03-01","value":{"amount":4,"currency":"EUR"},"payer":{"id":"a"},"payee":{"id":"b"}}]}}]}`
	plain := func(text string) ocds.Process {
		p := readText(t, text, ocds.Options{})[0]
		names := map[string]string{"": ""}
		for i := range p.Parties {
			names[p.Parties[i].SourceID] = p.Parties[i].Name
			p.Parties[i].SourceID, p.Parties[i].Number = "", ""
			for j := range p.Parties[i].Contacts {
				p.Parties[i].Contacts[j].SourceID = ""
			}
		}
		c := &p.Contracts[0]
		for i := range c.Parties {
			c.Parties[i].Party = names[c.Parties[i].Party]
		}
		for i := range c.Counterparties {
			c.Counterparties[i] = names[c.Counterparties[i]]
		}
		for i := range c.Payments {
			c.Payments[i].Payer, c.Payments[i].Payee = names[c.Payments[i].Payer], names[c.Payments[i].Payee]
		}
		p.SourceHash = ""
		return p
	}
	got := plain(old)
	if diff := cmp.Diff(plain(modern), got); diff != "" {
		t.Errorf("(-1.1 +1.0)\n%s", diff)
	}
	if len(got.Problems) > 0 || len(got.Parties) != 2 || len(got.Contracts[0].Payments) != 1 || got.Contracts[0].Changes[0].Fields[0].Former != "9.50" {
		t.Errorf("got %+v", got)
	}
}

func TestPerspective(t *testing.T) {
	t.Parallel()
	in := `{"id":"c","awardID":"w"}`
	buyer, _ := one(t, in, ocds.Options{})
	seller, _ := one(t, in, ocds.Options{Perspective: ocds.Supplier})
	if buyer.Direction != ocds.Payable || !cmp.Equal(buyer.Counterparties, []string{"P/party/s"}) {
		t.Errorf("buyer: %+v", buyer)
	}
	if seller.Direction != ocds.Receivable || !cmp.Equal(seller.Counterparties, []string{"P/party/b"}) {
		t.Errorf("supplier: %+v", seller)
	}
}

func TestParties(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parties string
		want    int
		keys    string
	}{
		"same identifier":           {`{"id":"1","name":"A","identifier":{"scheme":"X","id":"7"}},{"id":"2","name":"B","identifier":{"scheme":"X","id":"7"}}`, 1, "id:X:7"},
		"additional identifier":     {`{"id":"1","name":"A","identifier":{"scheme":"X","id":"7"}},{"id":"2","name":"B","additionalIdentifiers":[{"scheme":"X","id":"7"}]}`, 1, "id:X:7"},
		"same name":                 {`{"id":"1","name":"Peña, S.A. de C.V."},{"id":"2","name":"PENA  SA DE CV","identifier":{"scheme":"X","id":"7"}}`, 1, "id:X:7"},
		"same name, other register": {`{"id":"1","name":"A","identifier":{"scheme":"X","id":"7"}},{"id":"2","name":"A","identifier":{"scheme":"Y","id":"8"}}`, 1, "id:X:7"},
		"same name, other company":  {`{"id":"1","name":"A","identifier":{"scheme":"X","id":"7"}},{"id":"2","name":"A","identifier":{"scheme":"X","id":"8"}}`, 2, "id:X:7 id:X:8"},
		"placeholders are nothing":  {`{"id":"1","name":"A","identifier":{"id":"0"}},{"id":"2","name":"B","identifier":{"id":"0"}}`, 2, "name:a name:b"},
		"marks of other scripts":    {`{"id":"1","name":"कि"},{"id":"2","name":"का"}`, 2, "name:कि name:का"},
		"nothing but punctuation":   {`{"id":"1","name":"???"},{"id":"2","name":"!!!"}`, 2, "P/party/1 P/party/2"},
		"padded id":                 {`{"id":"1 ","name":"A"},{"id":"1"}`, 1, "name:a"},
		"nameless":                  {`{"roles":["supplier"]}`, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := readText(t, `{"ocid":"P","date":"2020-01-01","parties":[`+c.parties+`]}`, ocds.Options{})
			checkInvariants(t, all)
			var keys []string
			for _, p := range all[0].Parties {
				keys = append(keys, p.Key)
			}
			if got := strings.Join(keys, " "); len(keys) != c.want || got != c.keys {
				t.Errorf("got %d: %s", len(keys), got)
			}
			if c.want == 0 && len(all[0].Problems) == 0 {
				t.Error("no problem")
			}
		})
	}
}

func TestAwards(t *testing.T) {
	t.Parallel()
	all := readText(t, `{"ocid":"P","date":"2020-01-01","awards":[
		{"id":7,"title":"T","value":{"amount":5,"currency":"EUR"},"contractPeriod":{"startDate":"2020-01-01","endDate":"2019-01-01"},
			"items":[{"id":"i","quantity":2}],"suppliers":[{"name":"A"},{"name":"B"}]},
		{"id":"8","title":"lost"}],
		"contracts":[{"id":"c","awardID":" 7"},{"id":"d","awardID":"9"}]}`, ocds.Options{})
	p := all[0]
	c := p.Contracts[0]
	if c.Title != "T" || c.Value.Amount.String() != "5" || len(c.Lines) != 1 || len(c.Counterparties) != 2 || c.StartsOn != date.MustParse("2020-01-01") || !c.EndsOn.IsZero() {
		t.Errorf("got %+v", c)
	}
	var paths []string
	for _, x := range p.Problems {
		paths = append(paths, string(x.Severity)+" "+x.Path)
	}
	want := []string{"field awards[0].contractPeriod.endDate", "field contracts[1].awardID", "field contracts[1]", "skipped awards[1]"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
}

func TestWriteProblems(t *testing.T) {
	t.Parallel()
	in := []ocds.Problem{
		{Line: 3, Element: 2, Offset: 99, OCID: "P", Path: "contracts[0].value", Reason: "a < b", Severity: ocds.Field, Count: 1},
		{Line: 4, Path: "$", Reason: "is not JSON", Severity: ocds.Skipped, Count: 1},
	}
	var b bytes.Buffer
	if err := ocds.WriteProblems(&b, in); err != nil {
		t.Fatal(err)
	}
	want := `{"line":3,"element":2,"offset":99,"ocid":"P","path":"contracts[0].value","reason":"a < b","severity":"field","count":1}` + "\n" +
		`{"line":4,"element":0,"offset":0,"path":"$","reason":"is not JSON","severity":"skipped","count":1}` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	var back ocds.Problem
	if err := json.Unmarshal(bytes.Split(b.Bytes(), []byte{'\n'})[0], &back); err != nil || back != in[0] {
		t.Errorf("read back %+v, %v", back, err)
	}
	if err := ocds.WriteProblems(brokenWriter{}, in); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 400)
	in := fmt.Sprintf(`{"ocid":"P","date":"2020-01-01","x":[[[[]]]],"contracts":[{"id":"%s","title":"%s","description":"%s"}]}`, long, long, long)
	for name, c := range map[string]struct {
		opt    ocds.Options
		reason string
	}{
		"element": {ocds.Options{MaxElement: 1000}, "has 1297 bytes, at most 1000 are read"},
		"process": {ocds.Options{MaxProcess: 1000}, "the releases of this process have 1297 bytes together, at most 1000 are read"},
		"depth":   {ocds.Options{MaxDepth: 3}, "is not JSON: values are nested deeper than 3 at byte 39 of the release"},
		"title":   {ocds.Options{MaxTitle: 300}, "is longer than 300 characters and was cut"},
		"text":    {ocds.Options{MaxText: 300}, "is longer than 300 characters and was cut"},
		"id":      {ocds.Options{}, "is longer than 300 characters; its end was replaced by a hash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := readText(t, in, c.opt)
			checkInvariants(t, all)
			for _, x := range all[0].Problems {
				if x.Reason == c.reason {
					return
				}
			}
			t.Errorf("problems %+v", all[0].Problems)
		})
	}
	for _, opt := range []ocds.Options{{MaxText: -1}, {MaxID: 3}, {MaxDepth: 9999}, {Perspective: 9}, {Format: 9}, {IndexMemory: -1}} {
		if _, err := ocds.New(strings.NewReader(""), opt); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func TestCutIDsStayDifferent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 400)
	p := merged(t, `"contracts":[{"id":"`+long+`1"},{"id":"`+long+`2"}]`)
	if len(p.Contracts) != 2 || p.Contracts[0].Number == p.Contracts[1].Number {
		t.Errorf("got %+v", p.Contracts)
	}
}

func TestSourceHash(t *testing.T) {
	t.Parallel()
	hash := func(text string, opt ocds.Options) string { return readText(t, text, opt)[0].SourceHash }
	base := hash(relA, ocds.Options{})
	same := hash("  "+strings.Replace(relA, `"ocid":"A","id":"1"`, `"id" : "\u0031", "ocid":"A"`, 1), ocds.Options{})
	if base != same || len(base) != 64 {
		t.Errorf("%s, %s", base, same)
	}
	for name, other := range map[string]string{
		"content":     hash(strings.Replace(relA, "one", "two", 1), ocds.Options{}),
		"perspective": hash(relA, ocds.Options{Perspective: ocds.Supplier}),
		"zone":        hash(relA, ocds.Options{Zone: time.UTC}),
	} {
		if other == base {
			t.Errorf("another %s has the same hash", name)
		}
	}
}
