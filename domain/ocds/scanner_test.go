package ocds_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"heyue/domain/ocds"
)

const (
	relA = `{"ocid":"A","id":"1","date":"2020-01-01","contracts":[{"id":"c","title":"one"}]}`
	relB = `{"ocid":"B","id":"1","date":"2020-01-01","contracts":[{"id":"c","title":"two"}]}`
)

// titles lists ocid:title of every contract, and !path of every skipped release.
func titles(all []ocds.Process) string {
	var s []string
	for _, p := range all {
		for _, c := range p.Contracts {
			s = append(s, p.OCID+":"+c.Title)
		}
		for _, x := range p.Problems {
			if x.Path == "$" {
				s = append(s, "!"+x.Reason)
			}
		}
	}
	return strings.Join(s, " ")
}

func TestForms(t *testing.T) {
	t.Parallel()
	recA := `{"ocid":"A","compiledRelease":` + relA + `}`
	indented := strings.NewReplacer("{", "{\n  ", ",", ",\n  ").Replace
	for name, c := range map[string]struct{ in, want string }{
		"nothing":           {"", ""},
		"only white space":  {" \n\t\n", ""},
		"release":           {relA, "A:one"},
		"indented release":  {indented(relA), "A:one"},
		"record":            {recA, "A:one"},
		"release package":   {`{"uri":"x","releases":[` + relA + `,` + relB + `],"publisher":{}}`, "A:one B:two"},
		"indented package":  {indented(`{"releases":[` + relA + `,` + relB + `]}`), "A:one B:two"},
		"record package":    {`{"records":[` + recA + `,{"ocid":"B","releases":[` + relB + `]}]}`, "A:one B:two"},
		"empty package":     {`{"uri":"x","releases":[]}`, ""},
		"array":             {`[` + relA + `, ` + relB + `]`, "A:one B:two"},
		"array of packages": {`[{"releases":[` + relA + `]},{"records":[{"releases":[` + relB + `],"ocid":"B"}]}]`, "A:one B:two"},
		"lines":             {relA + "\n" + relB + "\n", "A:one B:two"},
		"lines of packages": {`{"releases":[` + relA + `]}` + "\r\n" + `{"releases":[` + relB + `]}`, "A:one B:two"},
		"one after another": {relA + relB, "A:one B:two"},
		"JSON sequence":     {"\x1e" + relA + "\n\x1e" + relB + "\n", "A:one B:two"},
		"byte order mark":   {"\ufeff" + relA, "A:one"},
		"releases first":    {`{"releases":[` + relA + `],"ocid":"A"}`, "A:one"},
		"ocid is a number":  {strings.Replace(relA, `"A"`, `10`, 1), "10:one"},
		"ocid is padded":    {strings.Replace(relA, `"A"`, `" A\u0020"`, 1), "A:one"},
		"escaped ocid":      {strings.Replace(relA, `"A"`, `"\u0041"`, 1), "A:one"},
		"brackets in texts": {strings.Replace(relA, "one", `]}{[\"`, 1) + "\n" + relB, `A:]}{[" B:two`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readText(t, c.in, ocds.Options{})
			if diff := cmp.Diff(c.want, titles(got)); diff != "" {
				t.Error(diff)
			}
			checkInvariants(t, got)
		})
	}
}

func TestBadInputDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	const cut = "!the line ends before the JSON value does"
	for name, c := range map[string]struct {
		in, want string
		line     int64 // of the first problem
	}{
		"cut line":         {relA + "\n" + `{"ocid":"X","a":[1,{"b":"` + "\n" + relB, cut + " A:one B:two", 2},
		"cut first line":   {`{"ocid":"X","a":"q"` + "\n" + relA + "\n" + relB, cut + " A:one B:two", 1},
		"not an object":    {relA + "\nnonsense\n42\n" + relB, "!is not a JSON object !is not a JSON object A:one B:two", 2},
		"cut at the end":   {relA + "\n" + `{"ocid":"X"`, "!the input ends before the JSON value does A:one", 2},
		"bad inside":       {relA + "\n" + `{"ocid":"AB","x":tru}` + "\n" + relB, "A:one !is not JSON: an unknown word at byte 17 of the release B:two", 2},
		"missing comma":    {`{"releases":[{"ocid":"0" "id":1},` + relA + `]}`, "!is not JSON: a comma is missing at byte 12 of the release A:one", 1},
		"element no objct": {`{"releases":[7,"x",null,` + relA + `]}`, "!is not a JSON object !is not a JSON object !is not a JSON object A:one", 1},
		"comma at the end": {`[` + relA + `,{"ocid":"B","tag":["x",]}]`, "A:one !is not JSON: a comma stands before the closing bracket at byte 23 of the release", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readText(t, c.in, ocds.Options{})
			if diff := cmp.Diff(c.want, titles(got)); diff != "" {
				t.Error(diff)
			}
			checkInvariants(t, got)
			for _, p := range got {
				for _, x := range p.Problems {
					if x.Path == "$" {
						if x.Line != c.line {
							t.Errorf("problem at line %d, want %d", x.Line, c.line)
						}
						return
					}
				}
			}
		})
	}
}

func TestReleaseWithoutOCID(t *testing.T) {
	t.Parallel()
	got := readText(t, `{"contracts":[{"id":"c"}]}`+"\n"+`{"ocid":null,"date":"2020-01-01"}`+"\n"+relA, ocds.Options{})
	if len(got) != 3 || got[0].OCID != "" || len(got[0].Contracts) != 0 || got[2].OCID != "A" {
		t.Fatalf("got %+v", got)
	}
	for i, p := range got[:2] {
		last := p.Problems[len(p.Problems)-1]
		if last.Path != "ocid" || last.Severity != ocds.Skipped || last.Line != int64(i+1) {
			t.Errorf("problem %+v", last)
		}
	}
}

func TestPlaceOfProblems(t *testing.T) {
	t.Parallel()
	in := relA + "\n\n" + `{"ocid":"B","date":"2020-01-01","contracts":[{"id":"x"},{"id":"y","value":{"amount":"1,5","currency":"EUR"}}]}`
	var found ocds.Problem
	for _, x := range readText(t, in, ocds.Options{})[1].Problems {
		if strings.HasSuffix(x.Path, "amount") {
			found = x
		}
	}
	want := ocds.Problem{
		Line: 3, Element: 1, Offset: int64(len(relA)) + 2, OCID: "B", Path: "contracts[1].value.amount",
		Reason: `"1,5" is not a number with only one meaning`, Severity: ocds.Field, Count: 1,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestEncodingsOfTheWholeFile(t *testing.T) {
	t.Parallel()
	plain := relA + "\n" + strings.Replace(relB, "two", "año", 1)
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(plain)); err != nil || z.Close() != nil {
		t.Fatal("cannot compress")
	}
	for name, content := range map[string]string{"plain.jsonl": plain, "utf16.json": utf16, "zipped.jsonl.gz": zipped.String(), "zipped": zipped.String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			temp := t.TempDir()
			got := readFile(t, path, ocds.Options{TempDir: temp})
			if titles(got) != "A:one B:año" {
				t.Errorf("got %q", titles(got))
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("temporary files are left: %v, %v", left, err)
			}
		})
	}
}

// The result must not depend on how the bytes arrive or on how little memory the index may use.
func TestSmallBuffersChangeNothing(t *testing.T) {
	t.Parallel()
	for name, path := range files {
		if name == "airports" {
			continue // the same thing at length
		}
		data := plainBytes(t, path)
		want := readText(t, string(data), ocds.Options{})
		r, err := ocds.New(iotest.OneByteReader(bytes.NewReader(data)), ocds.Options{IndexMemory: 1, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, readAll(t, r)); diff != "" {
			t.Errorf("%s (-whole +byte by byte):\n%s", name, diff)
		}
	}
}

func TestReadErrorIsAnError(t *testing.T) {
	t.Parallel()
	r, err := ocds.New(iotest.TimeoutReader(iotest.HalfReader(strings.NewReader(strings.Repeat(relA+"\n", 9000)))), ocds.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, first := r.Next()
	_, second := r.Next()
	if first == nil || !errors.Is(second, first) {
		t.Errorf("got %v, then %v", first, second)
	}
}
