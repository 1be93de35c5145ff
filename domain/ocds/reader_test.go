package ocds_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"heyue/domain/ocds"
	"heyue/platform/fault"
)

func TestOpenFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := ocds.Open(filepath.Join(dir, "none"), ocds.Options{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ocds.Open(dir, ocds.Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("directory: %v", err)
	}
	bad := filepath.Join(dir, "bad.gz")
	if err := os.WriteFile(bad, []byte("\x1f\x8bnonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := ocds.Open(bad, ocds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("broken gzip: %v", err)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.jsonl")
	text := strings.Repeat(relA+"\n"+relB+"\n", 10)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := ocds.Open(path, ocds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if read, total := r.Progress(); read != 0 || total != 2*int64(len(text)) {
		t.Errorf("at first %d of %d", read, total)
	}
	last := int64(0)
	for {
		_, err := r.Next()
		read, total := r.Progress()
		if read < last || read > total {
			t.Errorf("%d of %d after %d", read, total, last)
		}
		last = read
		if errors.Is(err, io.EOF) {
			if read != total {
				t.Errorf("at the end %d of %d", read, total)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestProgressOfAStream(t *testing.T) {
	t.Parallel()
	r, err := ocds.New(strings.NewReader(relA), ocds.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, total := r.Progress(); total != -1 {
		t.Errorf("total %d before anything was read", total)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if read, total := r.Progress(); read != total || total != 2*int64(len(relA)) {
		t.Errorf("%d of %d", read, total)
	}
}

// Close from another goroutine ends a first pass over an input without end.
func TestCloseEndsNext(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	r, err := ocds.New(&endless{text: relA + "\n", started: started}, ocds.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	go func() {
		_, err := r.Next()
		result <- err
	}()
	<-started
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Next returned %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := r.Next(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Next after Close returned %v", err)
	}
}

type endless struct {
	text    string
	started chan struct{}
	reads   int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.reads++; e.reads == 3 {
		close(e.started)
	}
	return copy(b, e.text), nil
}

// giant is one release package that exists only as it is read: releases of many processes, in an order that
// keeps the releases of one process far apart.
type giant struct {
	releases, processes int
	next                int
	rest                []byte
}

func (g *giant) Read(b []byte) (int, error) {
	for len(g.rest) == 0 {
		switch {
		case g.next > g.releases:
			return 0, io.EOF
		case g.next == g.releases:
			g.rest = []byte("]}")
		default:
			open := ",\n"
			if g.next == 0 {
				open = `{"uri":"x","releases":[`
			}
			g.rest = fmt.Appendf(nil, `%s{"ocid":"p-%07d","id":"%d","date":"2020-01-%02d","contracts":[{"id":"c","title":"%s","items":[{"id":"%d"}]}]}`,
				open, g.next*7919%g.processes, g.next, 1+g.next/g.processes, strings.Repeat("long ", 200), g.next)
		}
		g.next++
	}
	n := copy(b, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// A package much larger than the memory used for it. Not parallel: it looks at the heap of the whole process.
func TestMemoryStaysBounded(t *testing.T) {
	const releases, processes = 30_000, 10_000 // about 34 MB
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, peak := live(), int64(0)
	r, err := ocds.New(&giant{releases: releases, processes: processes}, ocds.Options{IndexMemory: 64 << 10, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found := 0
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Releases != 3 || len(p.Contracts) != 1 || len(p.Contracts[0].Lines) != 3 {
			t.Fatalf("process %s has %d releases: %+v", p.OCID, p.Releases, p.Contracts)
		}
		if found%1000 == 0 {
			peak = max(peak, live()-before)
		}
		found++
	}
	_, total := r.Progress()
	if size := total / 2; found != processes || peak > size/10 {
		t.Errorf("%d processes; at most %d bytes of the heap for an input of %d", found, peak, size)
	}
	t.Logf("heap %d KiB for %d MiB", peak>>10, total>>21)
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{relA, relB + "\n" + relA, `{"releases":[` + relA + `]}`, `{"records":[{"ocid":"A","compiledRelease":` + relA + `}]}`,
		`[1,{"ocid":"x","contracts":[{"id":1,"value":{"amount":1e9,"currency":"EUR"},"items":[{"id":"a"},{"id":"a","quantity":-0.5}]}]}`,
		"\xff\xfe{\x00", "\x1f\x8b", `{"ocid":"x","tag":"compiled","date":"9999","versionedRelease":{"a":[{"releaseDate":1,"value":[]}]}}`,
		`{"ocid":"P","buyer":{"name":"a"},"contracts":{"implementation":{"transactions":[{"amount":5}]},"documents":[{"url":"http://a"}]}}`} {
		f.Add(s)
	}
	for _, path := range files {
		lines := strings.SplitAfterN(string(plainBytes(f, path)), "\n", 3)
		f.Add(lines[0] + lines[1])
	}
	f.Fuzz(func(t *testing.T, in string) {
		if strings.HasPrefix(in, "\x1f\x8b") {
			return // a broken gzip stream is an error by contract
		}
		opt := ocds.Options{TempDir: t.TempDir(), IndexMemory: 1}
		all := readText(t, in, opt)
		checkInvariants(t, all)
		opt.Perspective, opt.Format = ocds.Supplier, ocds.JSONLines
		checkInvariants(t, readText(t, in, opt))
	})
}
