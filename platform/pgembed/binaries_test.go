package pgembed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChoosePicksTheNewestReleaseThatFits(t *testing.T) {
	t.Parallel()
	installed := func(majors ...int) []binaries {
		var all []binaries
		for _, major := range majors {
			all = append(all, binaries{dir: "/pg", version: "x", major: major})
		}
		return all
	}
	for name, c := range map[string]struct {
		found []binaries
		major int
		want  int // 0 for an error
		says  string
	}{
		"newest":                     {installed(15, 17, 16), 0, 17, ""},
		"the cluster's release":      {installed(15, 17, 16), 16, 16, ""},
		"nothing installed":          {nil, 0, 0, "none was found"},
		"too old":                    {installed(13, 14), 0, 0, "the newest found is"},
		"cluster of another":         {installed(17), 15, 0, "written by PostgreSQL 15 but the programs found are of PostgreSQL 17"},
		"cluster, nothing installed": {nil, 15, 0, "none was found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(c.found, c.major)
			if got.major != c.want {
				t.Errorf("chose release %d, want %d", got.major, c.want)
			}
			if c.want == 0 && (!errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), BinDirVariable)) {
				t.Errorf("error %v must be ErrNoBinaries, say %q and name %s", err, c.says, BinDirVariable)
			}
		})
	}
}

func TestFindInAnExplicitFolder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		postgres string // a shell script, "" for none
		version  string
		says     string
	}{
		"empty folder":    {"", "", "must hold the program"},
		"a release":       {"echo 'postgres (PostgreSQL) 16.4 (Homebrew)'", "16.4", ""},
		"a beta":          {"echo 'postgres (PostgreSQL) 19beta2'", "19beta2", ""},
		"too old":         {"echo 'postgres (PostgreSQL) 9.6.24'", "", "newest found is 9.6.24"},
		"another program": {"echo hello", "", `answered "hello"`},
		"failing program": {"exit 1", "", "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.postgres != "" {
				program(t, filepath.Join(dir, "postgres"), c.postgres)
				program(t, filepath.Join(dir, "initdb"), "exit 0")
			}
			got, err := find(t.Context(), dir, 0)
			if got.version != c.version {
				t.Errorf("found release %q, want %q (%v)", got.version, c.version, err)
			}
			if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v must say %q", err, c.says)
			}
		})
	}
}

func program(t *testing.T, path, script string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestInstallNamesAPackageForEverySystem(t *testing.T) {
	t.Parallel()
	for goos, want := range map[string]string{"linux": "`postgresql`", "darwin": "brew install", "freebsd": "postgresql.org"} {
		if got := Install(goos); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not name %q", goos, got, want)
		}
	}
}
