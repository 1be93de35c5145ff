package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Machine is what a configuration is read from besides its defaults.
type Machine struct {
	Vars map[string]string // the environment
	Root bool              // whether the process runs as root
	Home string            // the user's home folder; empty when unknown
}

// ThisMachine describes the running process.
func ThisMachine() Machine {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return Machine{Vars: env.ToMap(os.Environ()), Root: os.Geteuid() == 0, Home: home}
}

// Faults is everything that is wrong with an environment, one line a variable. Values of secrets are not repeated.
type Faults []string

// Error joins the lines.
func (f Faults) Error() string { return strings.Join(f, "\n") }

// Read checks the whole environment and returns the settings, or Faults. A secret NAME can also be given as
// NAME_FILE, the path of a file that holds it. An empty variable counts as not set.
func Read(m Machine) (Config, error) {
	r := reader{vars: maps.Clone(m.Vars), cfg: Config{sources: map[string]string{}}, bad: map[string]bool{}}
	if r.vars == nil {
		r.vars = map[string]string{}
	}
	maps.DeleteFunc(r.vars, func(_, v string) bool { return v == "" })
	r.files()
	if err := r.parse(); err != nil {
		return Config{}, err
	}
	r.bounds()
	r.dataDir(m)
	r.together()
	r.cfg.unknown = r.misspelt()
	if len(r.faults) > 0 {
		return Config{}, r.faults
	}
	return r.cfg, nil
}

const (
	fromDefault     = "default"
	fromEnvironment = "environment"
	fromFile        = "file "
)

type reader struct {
	vars   map[string]string
	cfg    Config
	now    string          // the variable that is being parsed
	bad    map[string]bool // variables that already have a fault
	faults Faults
}

// files puts the content of NAME_FILE in NAME's place. Only secrets have a file: they are what must not stand in
// the environment, where every child process and crash report sees it.
func (r *reader) files() {
	for _, f := range fields(&r.cfg) {
		path, given := r.vars[f.name+"_FILE"]
		if !f.secret || !given {
			continue
		}
		if _, both := r.vars[f.name]; both {
			r.fail(f.name, "%s and %s_FILE are both set; set one", f.name, f.name)
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			r.fail(f.name, "%s_FILE cannot be read: %v", f.name, err)
			continue
		}
		text := strings.TrimSpace(string(b))
		if text == "" {
			r.fail(f.name, "%s_FILE names %s, which is empty", f.name, path)
			continue
		}
		r.vars[f.name] = text
		r.cfg.sources[f.name] = fromFile + path
	}
}

// parse turns text into values. Which variable a parser failed on is known from OnSet, which runs just before it.
func (r *reader) parse() error {
	funcs := map[reflect.Type]env.ParserFunc{}
	for t, parse := range parsers {
		funcs[t] = func(text string) (any, error) {
			v, err := parse(text)
			if err != nil {
				r.reject(r.now, text)
			}
			return v, err
		}
	}
	err := env.ParseWithOptions(&r.cfg, env.Options{
		Environment: r.vars,
		FuncMap:     funcs,
		OnSet: func(name string, _ any, isDefault bool) {
			r.now = name
			if _, ok := r.vars[name]; !ok || isDefault {
				r.cfg.sources[name] = fromDefault
			} else if r.cfg.sources[name] == "" {
				r.cfg.sources[name] = fromEnvironment
			}
		},
	})
	if err != nil && len(r.faults) == 0 {
		return err // a field without a parser: a bug that the first test finds
	}
	return nil
}

var parsers = map[reflect.Type]func(string) (any, error){
	reflect.TypeFor[Address]():       parseAddress,
	reflect.TypeFor[Directory]():     parseDirectory,
	reflect.TypeFor[Switch]():        parseSwitch,
	reflect.TypeFor[Bytes]():         parseBytes,
	reflect.TypeFor[Origins]():       parseOrigins,
	reflect.TypeFor[Networks]():      parseNetworks,
	reflect.TypeFor[PostgresURL]():   parsePostgresURL,
	reflect.TypeFor[RedisURL]():      parseRedisURL,
	reflect.TypeFor[Key]():           parseKey,
	reflect.TypeFor[Keys]():          parseKeys,
	reflect.TypeFor[Secret]():        parseSecret,
	reflect.TypeFor[SMTPURL]():       parseSMTPURL,
	reflect.TypeFor[Mailbox]():       parseMailbox,
	reflect.TypeFor[WebURL]():        parseWebURL,
	reflect.TypeFor[int]():           parseInt,
	reflect.TypeFor[time.Duration](): parseDuration,
}

// bounds holds every value against its oneof, min and max tags.
func (r *reader) bounds() {
	for _, f := range fields(&r.cfg) {
		if !r.bad[f.name] && !f.within() {
			r.reject(f.name, r.vars[f.name])
		}
	}
}

// dataDir fills in the default that depends on the machine.
func (r *reader) dataDir(m Machine) {
	const name = "HEYUE_DATA_DIR"
	dir := &r.cfg.Storage.DataDir
	if *dir != "" || r.bad[name] {
		return
	}
	state := r.vars["XDG_STATE_HOME"]
	switch {
	case m.Root:
		*dir = "/var/lib/heyue"
	case filepath.IsAbs(state): // a relative one is to be ignored (XDG base directory specification)
		*dir = Directory(filepath.Join(state, "heyue"))
	case m.Home != "":
		*dir = Directory(filepath.Join(m.Home, ".local", "state", "heyue"))
	default:
		r.fail(name, "%s is needed: this user has no home folder", name)
	}
}

// together checks what no single value shows. Values that have a fault of their own are left out.
func (r *reader) together() {
	c := &r.cfg
	for name, given := range map[string]bool{"DATABASE_OWNER_URL": c.Database.OwnerURL != "", "DATABASE_SYSTEM_URL": c.Database.SystemURL != ""} {
		if given && c.Database.URL == "" && r.good("DATABASE_URL") {
			r.fail(name, "%s is set but DATABASE_URL is not; set both or neither", name)
		}
	}
	if c.API.PageDefault > c.API.PageMax && r.good("HEYUE_PAGE_DEFAULT", "HEYUE_PAGE_MAX") {
		r.fail("HEYUE_PAGE_DEFAULT", "HEYUE_PAGE_DEFAULT is %d; allowed: at most HEYUE_PAGE_MAX, which is %d", c.API.PageDefault, c.API.PageMax)
	}
	if c.API.TrustedMode == "only" && c.API.TrustedDocuments == "" && r.good("HEYUE_TRUSTED_MODE", "HEYUE_TRUSTED_DOCUMENTS") {
		r.fail("HEYUE_TRUSTED_MODE", "HEYUE_TRUSTED_MODE is only, but HEYUE_TRUSTED_DOCUMENTS names none; set both")
	}
	if c.Stream.DrainJitter > c.Server.ShutdownGrace && r.good("HEYUE_STREAM_DRAIN_JITTER", "HEYUE_SHUTDOWN_GRACE") {
		r.fail("HEYUE_STREAM_DRAIN_JITTER", "HEYUE_STREAM_DRAIN_JITTER is %s; allowed: at most HEYUE_SHUTDOWN_GRACE, which is %s",
			formatDuration(c.Stream.DrainJitter), formatDuration(c.Server.ShutdownGrace))
	}
	if c.Server.Addr == c.Server.InternalAddr && !strings.HasSuffix(string(c.Server.Addr), ":0") && r.good("HEYUE_ADDR", "HEYUE_INTERNAL_ADDR") {
		r.fail("HEYUE_INTERNAL_ADDR", "HEYUE_INTERNAL_ADDR is %q like HEYUE_ADDR; allowed: another address", c.Server.InternalAddr)
	}
	slices.Sort(r.faults)
}

// misspelt leaves out what Kubernetes adds for a service called heyue.
func (r *reader) misspelt() []string {
	known := map[string]bool{}
	for _, f := range fields(&r.cfg) {
		known[f.name] = true
		known[f.name+"_FILE"] = f.secret
	}
	var list []string
	for name := range r.vars {
		if strings.HasPrefix(name, "HEYUE_") && !known[name] &&
			!strings.HasPrefix(name, "HEYUE_SERVICE_") && !strings.HasPrefix(name, "HEYUE_PORT") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// reject says what is allowed instead.
func (r *reader) reject(name, text string) {
	f := find(&r.cfg, name)
	if f.secret {
		r.fail(name, "%s is malformed (not shown, it is secret); allowed: %s", name, f.allowed())
		return
	}
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	r.fail(name, "%s is %q; allowed: %s", name, text, f.allowed())
}

// good reports whether none of the variables has a fault yet.
func (r *reader) good(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return r.bad[n] })
}

func (r *reader) fail(name, format string, args ...any) {
	r.bad[name] = true
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}
