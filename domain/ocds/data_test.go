package ocds_test

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/ocds"
)

// files are the published files the package is held to, 406 releases in all.
var files = map[string]string{
	"canada":   "testdata/canada-buyandsell.jsonl.gz",
	"airports": "testdata/mexico-airports.jsonl.gz",
	"colombia": "../demo/testdata/colombia-compra.jsonl",
	"jalisco":  "../demo/testdata/jalisco.jsonl",
}

// plainBytes returns a file's content, uncompressed.
func plainBytes(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type counts struct {
	Processes, Parties, Contracts, Lines, Payments, Milestones, Documents, Changes int
	Skipped, Left, Altered                                                         int // problems by severity
	NoOtherSide                                                                    int // contracts without counterparty
}

func TestPublishedFiles(t *testing.T) {
	t.Parallel()
	want := map[string]counts{
		"canada":   {Processes: 11, Parties: 11, Contracts: 11, Lines: 11, Changes: 9, Left: 22, NoOtherSide: 11},
		"colombia": {Processes: 21, Parties: 40, Contracts: 20, Lines: 20, Documents: 43, Left: 150, Altered: 2},
		"jalisco":  {Processes: 10, Parties: 69, Contracts: 20, Lines: 151, Payments: 24, Documents: 23, Left: 73},
		"airports": {
			Processes: 292, Parties: 949, Contracts: 292, Lines: 394, Payments: 103, Milestones: 297, Documents: 1293,
			Skipped: 494, Left: 894, Altered: 427, NoOtherSide: 2,
		},
	}
	for name, path := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := readFile(t, path, ocds.Options{})
			if diff := cmp.Diff(want[name], count(all)); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			checkInvariants(t, all)
		})
	}
}

func readFile(t testing.TB, path string, opt ocds.Options) []ocds.Process {
	t.Helper()
	r, err := ocds.Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, r)
}

func readText(t testing.TB, text string, opt ocds.Options) []ocds.Process {
	t.Helper()
	if opt.TempDir == "" {
		opt.TempDir = t.TempDir()
	}
	r, err := ocds.New(strings.NewReader(text), opt)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, r)
}

func readAll(t testing.TB, r *ocds.Reader) []ocds.Process {
	t.Helper()
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []ocds.Process
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func count(all []ocds.Process) counts {
	var n counts
	for _, p := range all {
		n.Processes++
		n.Parties += len(p.Parties)
		for _, c := range p.Contracts {
			n.Contracts++
			n.Lines += len(c.Lines)
			n.Payments += len(c.Payments)
			n.Milestones += len(c.Milestones)
			n.Documents += len(c.Documents)
			n.Changes += len(c.Changes)
			if len(c.Counterparties) == 0 {
				n.NoOtherSide++
			}
		}
		for _, x := range p.Problems {
			switch x.Severity {
			case ocds.Skipped:
				n.Skipped++
			case ocds.Field:
				n.Left++
			case ocds.Altered:
				n.Altered++
			}
		}
	}
	return n
}

// checkInvariants holds what an importer may rely on for any input.
func checkInvariants(t testing.TB, all []ocds.Process) {
	t.Helper()
	ids := map[string]bool{}
	unique := func(id string) {
		if id == "" || ids[id] {
			t.Errorf("source id %q is empty or repeated", id)
		}
		ids[id] = true
	}
	last := ""
	for _, p := range all {
		if p.OCID < last || p.OCID != "" && p.OCID == last {
			t.Errorf("process %q comes after %q", p.OCID, last)
		}
		last = p.OCID
		for _, x := range p.Problems {
			if x.Path == "" || x.Reason == "" || x.Line < 1 || x.Element < 0 || x.Offset < 0 || x.Count < 1 || x.OCID != p.OCID {
				t.Errorf("problem without place: %+v", x)
			}
			if x.Severity != ocds.Skipped && x.Severity != ocds.Field && x.Severity != ocds.Altered {
				t.Errorf("problem of unknown severity: %+v", x)
			}
		}
		parties := map[string]bool{"": true}
		for _, party := range p.Parties {
			unique(party.SourceID)
			parties[party.SourceID] = true
			if party.Key == "" {
				t.Errorf("party %s has no key", party.SourceID)
			}
			for _, c := range party.Contacts {
				unique(c.SourceID)
			}
		}
		for _, c := range p.Contracts {
			unique(c.SourceID)
			checkContract(t, c, parties, unique)
		}
	}
}

func checkContract(t testing.TB, c ocds.Contract, parties map[string]bool, unique func(string)) {
	t.Helper()
	if !c.StartsOn.IsZero() && !c.EndsOn.IsZero() && c.EndsOn.Before(c.StartsOn) {
		t.Errorf("%s ends before it starts", c.SourceID)
	}
	for _, r := range c.Parties {
		if !parties[r.Party] || r.Party == "" {
			t.Errorf("%s names the unknown party %q", c.SourceID, r.Party)
		}
	}
	for _, id := range c.Counterparties {
		if !parties[id] {
			t.Errorf("%s names the unknown counterparty %q", c.SourceID, id)
		}
	}
	for _, l := range c.Lines {
		unique(l.SourceID)
	}
	for _, p := range c.Payments {
		unique(p.SourceID)
		if p.Value.Amount.IsZero() || !parties[p.Payer] || !parties[p.Payee] {
			t.Errorf("payment %s is worth nothing or names an unknown party", p.SourceID)
		}
	}
	for _, m := range c.Milestones {
		unique(m.SourceID)
	}
	for _, d := range c.Documents {
		unique(d.SourceID)
		if !strings.HasPrefix(d.URL, "http") {
			t.Errorf("document %s lies at %q", d.SourceID, d.URL)
		}
	}
	for _, ch := range c.Changes {
		unique(ch.SourceID)
	}
}
