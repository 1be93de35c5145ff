package pgembed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
)

// binaries is one installed PostgreSQL release.
type binaries struct {
	dir     string
	version string // for example 15.18
	major   int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// needed are the programs that a folder must have to be of use; client packages bring only some of them.
var needed = [...]string{"initdb", "postgres"}

// versioned are the patterns of folders that hold one release each.
func versioned(goos string) []string {
	if goos == "darwin" {
		return []string{
			"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin", "/opt/local/lib/postgresql*/bin",
		}
	}
	return []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/lib/postgresql*/bin", "/usr/libexec/postgresql*"}
}

// find picks the programs to run: those in explicit if that is not empty, else the newest release on the
// machine that is not older than MinMajor and, when major is not zero, is of that release.
func find(ctx context.Context, explicit string, major int) (binaries, error) {
	dirs := []string{explicit}
	if explicit == "" {
		dirs = candidates()
	}
	var found []binaries
	for _, dir := range dirs {
		b, err := inspect(ctx, dir)
		if err != nil && explicit != "" {
			return binaries{}, fmt.Errorf("%w: %s=%s: %w", ErrNoBinaries, BinDirVariable, explicit, err)
		}
		if err == nil {
			found = append(found, b)
		}
	}
	return choose(found, major)
}

// choose picks from what is installed; the first of equals wins.
func choose(found []binaries, major int) (binaries, error) {
	sort.SliceStable(found, func(i, j int) bool { return found[i].major > found[j].major })
	for _, b := range found {
		if b.major >= MinMajor && (major == 0 || b.major == major) {
			return b, nil
		}
	}
	if major != 0 && len(found) > 0 {
		return binaries{}, fmt.Errorf("%w: the data folder was written by PostgreSQL %d but the programs found are of PostgreSQL %d; install release %d, or name its folder in %s",
			ErrNoBinaries, major, found[0].major, major, BinDirVariable)
	}
	have := "none was found"
	if len(found) > 0 {
		have = "the newest found is " + found[0].version + " in " + found[0].dir
	}
	return binaries{}, fmt.Errorf("%w: heyue needs release %d or newer and %s; %s, or name the folder of its programs in %s, or set DATABASE_URL",
		ErrNoBinaries, MinMajor, have, Install(runtime.GOOS), BinDirVariable)
}

// Install says how to get PostgreSQL on a system, as the middle of a sentence.
func Install(goos string) string {
	switch goos {
	case "darwin":
		return "run `brew install postgresql@17`"
	case "linux":
		return "install the package `postgresql` (Debian, Ubuntu, Arch), `postgresql-server` (Fedora, RHEL) or `postgresql17` (Alpine)"
	default:
		return "install PostgreSQL from https://www.postgresql.org/download/"
	}
}

// candidates are existing folders that may hold the programs.
func candidates() []string {
	var dirs []string
	for _, pattern := range versioned(runtime.GOOS) {
		matches, err := filepath.Glob(pattern)
		if err == nil {
			dirs = append(dirs, matches...)
		}
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)\S*)`)

// inspect reads the release of the programs in dir.
func inspect(ctx context.Context, dir string) (binaries, error) {
	for _, program := range needed {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return binaries{}, fmt.Errorf("the folder must hold the program %s: %w", program, err)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("ask postgres for its version: %w", err)
	}
	m := versionPattern.FindStringSubmatch(string(out))
	if m == nil {
		return binaries{}, fmt.Errorf("postgres answered %q when asked for its version", strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[2])
	if err != nil {
		return binaries{}, fmt.Errorf("read the version %q: %w", m[1], err)
	}
	return binaries{dir: dir, version: m[1], major: major}, nil
}
