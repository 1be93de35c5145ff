package ocds_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/ocds"
)

// merged reads releases of one process, given as everything between their dates and the end.
func merged(t testing.TB, bodies ...string) ocds.Process {
	t.Helper()
	var b strings.Builder
	for i, body := range bodies {
		fmt.Fprintf(&b, `{"ocid":"P","id":"%d","date":"2020-01-%02d",%s}`+"\n", i, i+1, body)
	}
	all := readText(t, b.String(), ocds.Options{})
	if len(all) != 1 {
		t.Fatalf("%d processes", len(all))
	}
	checkInvariants(t, all)
	return all[0]
}

func TestMergeRules(t *testing.T) {
	t.Parallel()
	describe := func(p ocds.Process) string {
		var s []string
		for _, c := range p.Contracts {
			s = append(s, "contract "+c.Number+"/"+c.Title+"/"+c.Description)
			for _, l := range c.Lines {
				s = append(s, "line "+l.Number+"/"+l.Description)
				for _, a := range l.Also {
					s = append(s, "also "+a.Scheme+a.ID)
				}
			}
			for _, ch := range c.Changes {
				s = append(s, "change "+ch.Rationale)
			}
		}
		return strings.Join(s, ", ")
	}
	for name, c := range map[string]struct {
		releases []string
		want     string
	}{
		"later field wins":        {[]string{`"contracts":[{"id":"1","title":"a"}]`, `"contracts":[{"id":"1","title":"b"}]`}, "contract 1/b/"},
		"absent field stays":      {[]string{`"contracts":[{"id":"1","title":"a"}]`, `"contracts":[{"id":"1","description":"d"}]`}, "contract 1/a/d"},
		"null takes away":         {[]string{`"contracts":[{"id":"1","title":"a","description":"d"}]`, `"contracts":[{"id":"1","title":null}]`}, "contract 1//d"},
		"null, then a value":      {[]string{`"contracts":[{"id":"1","title":null}]`, `"contracts":[{"id":"1","title":"b"}]`}, "contract 1/b/"},
		"null takes a list away":  {[]string{`"contracts":[{"id":"1","items":[{"id":"x"}]}]`, `"contracts":[{"id":"1","items":null}]`}, "contract 1//"},
		"ids are matched":         {[]string{`"contracts":[{"id":"1"},{"id":"2"}]`, `"contracts":[{"id":"2","title":"b"},{"id":"3"}]`}, "contract 1//, contract 2/b/, contract 3//"},
		"a number is its text":    {[]string{`"contracts":[{"id":1,"title":"a"}]`, `"contracts":[{"id":"1","description":"d"}]`}, "contract 1/a/d"},
		"ids are trimmed":         {[]string{`"contracts":[{"id":"1 ","title":"a"}]`, `"contracts":[{"id":" 1","description":"d"}]`}, "contract 1/a/d"},
		"empty list takes none":   {[]string{`"contracts":[{"id":"1","items":[{"id":"x"}]}]`, `"contracts":[{"id":"1","items":[]}]`}, "contract 1//, line x/"},
		"without ids: replaced":   {[]string{`"contracts":[{"id":"1","items":[{"description":"x"}]}]`, `"contracts":[{"id":"1","items":[{"description":"y"}]}]`}, "contract 1//, line /y"},
		"classifications whole":   {[]string{`"contracts":[{"id":"1","items":[{"id":"x","additionalClassifications":[{"scheme":"S","id":"1"}]}]}]`, `"contracts":[{"id":"1","items":[{"id":"x","additionalClassifications":[{"scheme":"T","id":"1"}]}]}]`}, "contract 1//, line x/, also T1"},
		"object becomes list":     {[]string{`"contracts":[{"id":"1","amendment":{"rationale":"r"}}]`, `"contracts":[{"id":"1","amendment":[{"rationale":"s"}]}]`}, "contract 1//, change s"},
		"new ids for old lines":   {[]string{`"contracts":[{"id":"1","items":[{"id":"x","description":"d"},{"id":"y","description":"d"}]}]`, `"contracts":[{"id":"1","items":[{"id":"p","description":"d"},{"id":"q","description":"d"},{"id":"r","description":"d"}]}]`}, "contract 1//, line x/d, line y/d, line r/d"},
		"known ids are not new":   {[]string{`"contracts":[{"id":"1","items":[{"id":"x","description":"d"}]}]`, `"contracts":[{"id":"1","items":[{"id":"y","description":"d"},{"id":"x","description":"d"}]}]`}, "contract 1//, line x/d, line y/d"},
		"repeated contract":       {[]string{`"contracts":[{"id":"1","title":"a","status":"rubbish"},{"id":"1","title":"a","status":"active"}]`}, "contract 1/a/"},
		"two contracts of one id": {[]string{`"contracts":[{"id":"1","title":"a"},{"id":"1","title":"b"}]`, `"contracts":[{"id":"1","title":"a"},{"id":"1","title":"b","description":"d"}]`}, "contract 1/a/, contract 1/b/d"},
		"two lines of one id":     {[]string{`"contracts":[{"id":"1","items":[{"id":"x","description":"a"},{"id":"x","description":"b"},{"id":"x","description":"a"}]}]`}, "contract 1//, line x/a, line x/b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, describe(merged(t, c.releases...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordsAndCompiledReleases(t *testing.T) {
	t.Parallel()
	release := func(date, title, more string) string {
		return fmt.Sprintf(`{"ocid":"P","id":"%s","date":"%s","contracts":[{"id":"1","title":"%s"}]%s}`, date, date, title, more)
	}
	compiled := `,"tag":["compiled"]`
	link := `{"url":"https://example.org/1.json","date":"2020-01-01","tag":["contract"]}`
	versioned := `{"ocid":"P","contracts":[{"id":"1","title":[{"releaseID":"2","releaseDate":"2020-02-01","value":"new"},{"releaseID":"1","releaseDate":"2020-01-01","value":"old"}]}]}`
	for name, c := range map[string]struct {
		in, title string
		releases  int
		problem   string
	}{
		"compiled stands for older ones": {release("2020-01-01", "old", "") + release("2020-02-01", "new", compiled), "new", 1, ""},
		"compiled against same day":      {release("2020-02-01", "part", "") + release("2020-02-01", "new", compiled), "new", 1, ""},
		"later release on compiled":      {release("2020-03-01", "latest", "") + release("2020-02-01", "new", compiled), "latest", 2, ""},
		"latest compiled":                {release("2020-03-01", "new", compiled) + release("2020-02-01", "old", compiled), "new", 1, ""},
		"record: compiled first":         {`{"ocid":"P","releases":[` + release("2020-01-01", "old", "") + `],"compiledRelease":` + release("2020-01-01", "new", "") + `}`, "new", 1, ""},
		"record: links are summed up":    {`{"ocid":"P","releases":[` + link + `],"compiledRelease":` + release("2020-01-01", "new", "") + `}`, "new", 1, ""},
		"record: embedded releases":      {`{"ocid":"P","releases":[` + release("2020-02-01", "new", "") + `,` + release("2020-01-01", "old", "") + `]}`, "new", 2, ""},
		"record: link only":              {`{"ocid":"P","releases":[` + link + `,` + release("2020-02-01", "new", "") + `]}`, "new", 1, "releases[0]"},
		"record: versioned":              {`{"ocid":"P","releases":[` + link + `],"versionedRelease":` + versioned + `}`, "new", 1, ""},
		"unreadable date is oldest":      {release("2020-01-01", "new", "") + release("soon", "old", ""), "new", 2, "date"},
		"missing date is oldest":         {release("2020-01-01", "new", "") + release("", "old", ""), "new", 2, "date"},
		"instants, not texts":            {release("2020-01-01T00:30:00+02:00", "old", "") + release("2019-12-31T23:00:00Z", "new", ""), "new", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := readText(t, c.in, ocds.Options{})
			if len(all) != 1 || len(all[0].Contracts) != 1 {
				t.Fatalf("got %+v", all)
			}
			p := all[0]
			if p.Contracts[0].Title != c.title || p.Releases != c.releases {
				t.Errorf("title %q of %d releases", p.Contracts[0].Title, p.Releases)
			}
			found := ""
			for _, x := range p.Problems {
				if x.Path != "contracts[0]" { // no supplier
					found = x.Path
				}
			}
			if found != c.problem {
				t.Errorf("problem at %q, want %q", found, c.problem)
			}
		})
	}
}

// anyRelease draws a release of one of a few processes, with ids that meet often.
func anyRelease(t *rapid.T) map[string]any {
	id := rapid.SampledFrom([]string{"1", "2", "3"})
	word := rapid.SampledFrom([]string{"", "a", "b", "ñ"})
	maybe := func(o map[string]any, key string, v any) {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
		case 1:
			o[key] = nil
		default:
			o[key] = v
		}
	}
	list := func(name string, each func() map[string]any) []any {
		l := []any{}
		for range rapid.IntRange(0, 3).Draw(t, name) {
			l = append(l, each())
		}
		return l
	}
	item := func() map[string]any {
		o := map[string]any{}
		maybe(o, "id", id.Draw(t, "item"))
		maybe(o, "description", word.Draw(t, "description"))
		maybe(o, "quantity", rapid.IntRange(0, 3).Draw(t, "quantity"))
		return o
	}
	contract := func() map[string]any {
		o := map[string]any{"id": id.Draw(t, "contract")}
		maybe(o, "title", word.Draw(t, "title"))
		maybe(o, "value", map[string]any{"amount": rapid.IntRange(0, 2).Draw(t, "amount"), "currency": "EUR"})
		maybe(o, "items", list("items", item))
		return o
	}
	r := map[string]any{"ocid": id.Draw(t, "ocid"), "id": word.Draw(t, "release")}
	maybe(r, "date", fmt.Sprintf("2020-01-%02d", rapid.IntRange(1, 3).Draw(t, "date")))
	maybe(r, "contracts", list("contracts", contract))
	maybe(r, "parties", list("parties", func() map[string]any {
		return map[string]any{"id": id.Draw(t, "party"), "name": word.Draw(t, "name"), "roles": []string{"supplier"}}
	}))
	if rapid.IntRange(0, 4).Draw(t, "compiled") == 0 {
		r["tag"] = []string{"compiled"}
	}
	return r
}

// withoutPlaces blanks what tells where in the file a release stands.
func withoutPlaces(all []ocds.Process) []ocds.Process {
	for i := range all {
		all[i].Line, all[i].Element, all[i].Offset = 0, 0, 0
		for j := range all[i].Problems {
			all[i].Problems[j].Line, all[i].Problems[j].Element, all[i].Problems[j].Offset = 0, 0, 0
		}
	}
	return all
}

func TestMergeDoesNotDependOnTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		lines := encode(rt, rapid.SliceOfN(rapid.Custom(anyRelease), 1, 8).Draw(rt, "releases"))
		want := withoutPlaces(readText(t, strings.Join(lines, "\n"), ocds.Options{}))
		mixed := rapid.Permutation(lines).Draw(rt, "order")
		got := withoutPlaces(readText(t, strings.Join(mixed, "\n"), ocds.Options{}))
		if diff := cmp.Diff(problemsAside(want), problemsAside(got)); diff != "" {
			rt.Fatalf("(-in order +mixed)\n%s", diff)
		}
	})
}

func TestMergeOfRepeatedReleasesChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		lines := encode(rt, rapid.SliceOfN(rapid.Custom(anyRelease), 1, 6).Draw(rt, "releases"))
		once := readText(t, strings.Join(lines, "\n"), ocds.Options{})
		spaced := strings.ReplaceAll(strings.Join(lines, "\n"), ":", " : ") // not the same bytes
		twice := readText(t, strings.Join(lines, "\n")+"\n"+spaced, ocds.Options{})
		if diff := cmp.Diff(problemsAside(once), problemsAside(twice)); diff != "" {
			rt.Fatalf("(-once +twice)\n%s", diff)
		}
		checkInvariants(t, twice)
	})
}

// problemsAside leaves out problems: each release that says the same wrong thing reports it.
func problemsAside(all []ocds.Process) []ocds.Process {
	out := make([]ocds.Process, len(all))
	for i, p := range all {
		p.Problems = nil
		out[i] = p
	}
	return out
}

func encode(t *rapid.T, releases []map[string]any) []string {
	lines := make([]string, len(releases))
	for i, r := range releases {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = string(b)
	}
	return lines
}
