package pgembed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// DefaultDataDir is where a server keeps its data unless told otherwise: the system's state folder for root,
// because the account that PostgreSQL drops to cannot enter root's home, else the user's state folder.
func DefaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/heyue", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "heyue"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("choose a data folder: %w", err)
	}
	return filepath.Join(home, ".local", "state", "heyue"), nil
}

// folder is the layout of a data folder. The folder itself stays ours; only cluster and socket belong to the
// account that PostgreSQL runs as, so that a broken server cannot mislead us through the other files.
type folder string

func (f folder) cluster() string   { return filepath.Join(string(f), "pg") }
func (f folder) fresh() string     { return filepath.Join(string(f), "pg.new") }
func (f folder) log() string       { return filepath.Join(string(f), "postgres.log") }
func (f folder) state() string     { return filepath.Join(string(f), "server.json") }
func (f folder) ourLock() string   { return filepath.Join(string(f), "server.lock") }
func (f folder) childLock() string { return filepath.Join(string(f), "postgres.lock") }

// make creates the folder, for us alone. Root's can also be passed through, though not listed, by the account
// of the server, which lives further down.
func (f folder) make() error {
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.Mkdir(string(f), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(string(f))
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if err := os.Chmod(string(f), info.Mode().Perm()|0o011); err != nil {
		return fmt.Errorf("let the server's account pass through the data folder: %w", err)
	}
	return nil
}

// major is the release that wrote the cluster, 0 when there is none yet.
func (f folder) major() (int, error) {
	text, err := os.ReadFile(filepath.Join(f.cluster(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the release of the data folder: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION: %w", f.cluster(), err)
	}
	return major, nil
}

// maxSocketDir leaves room for the socket's name and a closing zero in the 104 bytes that the strictest
// system (macOS) allows for a socket's path.
const maxSocketDir = 104 - 1 - len("/.s.PGSQL.5432")

const shortPrefix = "heyue-pg-"

// fits tells whether clients can name dir as a host: a comma there separates several hosts.
func fits(dir string) bool { return len(dir) <= maxSocketDir && !strings.Contains(dir, ",") }

// socketDir is where the server's socket goes: inside the data folder unless clients could not name that.
func (f folder) socketDir() (string, error) {
	if dir := filepath.Join(string(f), "run"); fits(dir) {
		return dir, nil
	}
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if !fits(filepath.Join(parent, shortPrefix+"0123456789")) {
			continue
		}
		dir, err := os.MkdirTemp(parent, shortPrefix)
		if err != nil {
			return "", fmt.Errorf("make a folder for the server's socket: %w", err)
		}
		return dir, nil
	}
	return "", fmt.Errorf("no folder for the server's socket: neither %s nor the temporary folder has a path without commas of at most %d bytes", f, maxSocketDir)
}

// dropSocketDir removes a socket folder that socketDir made outside of the data folder.
func dropSocketDir(dir string) {
	if strings.HasPrefix(filepath.Base(dir), shortPrefix) {
		_ = os.RemoveAll(dir)
	}
}

// write stores how to reach the server, all of it or nothing.
func (f folder) write(i Info) error {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the server's state: %w", err)
	}
	next := f.state() + ".new"
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("store the server's state: %w", err)
	}
	if err := os.Rename(next, f.state()); err != nil {
		return fmt.Errorf("store the server's state: %w", err)
	}
	return nil
}

// read gives what write stored, by the server that runs now or by one that died.
func (f folder) read() (Info, bool) {
	var i Info
	text, err := os.ReadFile(f.state())
	if err != nil || json.Unmarshal(text, &i) != nil || i.SocketDir == "" {
		return Info{}, false
	}
	return i, true
}

// Find tells how to reach the server that another process runs on dataDir, and false when none answers or
// we may not reach it. It changes nothing in the folder.
func Find(ctx context.Context, dataDir string) (Info, bool) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return Info{}, false
	}
	i, ok := folder(dir).read()
	if !ok {
		return Info{}, false
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", i.socket())
	if err != nil {
		return Info{}, false
	}
	_ = conn.Close()
	return i, true
}

func (i Info) socket() string {
	return filepath.Join(i.SocketDir, ".s.PGSQL."+strconv.Itoa(i.Port))
}

// forget removes what told other processes about a server, when it has ended.
func (f folder) forget(socketDir string) {
	_ = os.Remove(f.state())
	dropSocketDir(socketDir)
}
