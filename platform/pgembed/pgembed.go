// Package pgembed runs a private PostgreSQL, so that heyue works on a machine where nobody set one up and
// tests have a real one. It uses the system's PostgreSQL programs, listens on a socket in a folder that only
// the server's user may enter, keeps everything in one data folder, and never outlives this process.
package pgembed

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
)

// MinMajor is the oldest PostgreSQL release that heyue runs on.
const MinMajor = 15

// Database is the name of the database that Start prepares.
const Database = "heyue"

// superuser is the role that initdb makes; only Bootstrap and tests connect as it.
const superuser = "postgres"

// port is part of the socket's file name and nothing else: the server does not listen on TCP.
const port = 5432

// BinDirVariable names the environment variable that callers put into Options.BinDir.
const BinDirVariable = "HEYUE_PG_BINDIR"

// Options say where and how to run the server. Only DataDir is required.
type Options struct {
	// DataDir holds the cluster, its log and what other processes need to find the server (see Find).
	// It is created if it is missing; DefaultDataDir is a good choice.
	DataDir string
	// BinDir holds initdb and postgres. Empty means: look in the usual places, newest release first.
	BinDir string
	// User is the account that PostgreSQL runs as when this process is root, because it refuses to run as
	// root. Empty means postgres, else nobody. It is ignored for a cluster that belongs to an account
	// already, and when this process is not root.
	User string
	// NoSync trades safety against a power cut for speed. For tests only.
	NoSync bool
	// Settings are further postgresql.conf settings; they win over this package's own.
	Settings map[string]string
	// Log gets this package's few lines. PostgreSQL writes its own to DataDir/postgres.log. Nil is silence.
	Log *slog.Logger
}

// Info says how to reach a running server. It is stored in the data folder, for Find.
type Info struct {
	PID         int    `json:"pid"`          // the process that called Start
	PostgresPID int    `json:"postgres_pid"` // the server's main process
	Version     string `json:"version"`      // for example 15.18
	SocketDir   string `json:"socket_dir"`
	Port        int    `json:"port"`
}

// DSN is the address of a database for a role, as a URL that lib/pq and psql understand.
func (i Info) DSN(role, database string) string {
	query := url.Values{"host": {i.SocketDir}, "port": {strconv.Itoa(i.Port)}, "user": {role}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: query.Encode()}).String()
}

// OwnerDSN is for migrations: the role owns the database and everything in it.
func (i Info) OwnerDSN() string { return i.DSN(OwnerRole, Database) }

// AppDSN is for serving requests: the role is held by row security and may change no table's shape.
func (i Info) AppDSN() string { return i.DSN(AppRole, Database) }

// SystemDSN is for the few jobs that work across tenants, with the small grants that migrations give.
func (i Info) SystemDSN() string { return i.DSN(SystemRole, Database) }

// SuperDSN is for tests and repair: no rule of the database holds this role.
func (i Info) SuperDSN(database string) string { return i.DSN(superuser, database) }

// ErrRunning says that another process runs a server on the data folder; the error is a *RunningError.
var ErrRunning = errors.New("a server is already running on this data folder")

// RunningError tells how to reach the server that was found running.
type RunningError struct{ Info Info }

// Error names the process that runs the server.
func (e *RunningError) Error() string {
	return fmt.Sprintf("%v (process %d, PostgreSQL %s)", ErrRunning, e.Info.PID, e.Info.Version)
}

// Is makes errors.Is(err, ErrRunning) hold.
func (*RunningError) Is(target error) bool { return target == ErrRunning }

// ErrNoBinaries says that PostgreSQL is not installed, or too old; its text says what to install.
var ErrNoBinaries = errors.New("PostgreSQL is not installed")
