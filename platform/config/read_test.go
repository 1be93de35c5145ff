package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/config"
)

const goodKey = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

func machine(vars map[string]string) config.Machine {
	return config.Machine{Vars: vars, Home: "/home/li"}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Read(machine(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Addr != "127.0.0.1:8080" || c.Server.InternalAddr != "127.0.0.1:8081" || c.Database.TenantScope != "pipe" ||
		c.Database.StatementCache != 256 || c.Login.AccessTokenTTL != 10*time.Minute || c.Login.RefreshTTL != 30*24*time.Hour ||
		bool(c.API.Introspection) || c.API.MaxBody != 1<<20 || c.Redis.Timeout != 50*time.Millisecond {
		t.Errorf("defaults differ: %+v", c)
	}
	for _, s := range c.Settings() {
		if s.Source != "default" {
			t.Errorf("%s comes from %q", s.Name, s.Source)
		}
	}
}

func TestEveryKindOfValue(t *testing.T) {
	t.Parallel()
	c, err := config.Read(machine(map[string]string{
		"HEYUE_ADDR": "[::1]:0", "HEYUE_ALLOWED_ORIGINS": "https://App.example.com, http://localhost:3000",
		"HEYUE_DATA_DIR": "/srv/heyue/", "HEYUE_TENANT_SCOPE": "tx", "HEYUE_STATEMENT_CACHE": "0",
		"HEYUE_REFRESH_TTL": "90d", "HEYUE_MAX_BODY": "256KiB", "HEYUE_INTROSPECTION": "on",
		"DATABASE_URL": "postgres:///heyue?host=/run/pg", "REDIS_URL": "rediss://r:6380/2", "HEYUE_SECRET_KEY": goodKey,
		"HEYUE_LOG_LEVEL": "", // counts as not set
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Addr != "[::1]:0" || !cmp.Equal(c.Server.AllowedOrigins, config.Origins{"https://app.example.com", "http://localhost:3000"}) ||
		c.Storage.DataDir != "/srv/heyue" || c.Database.TenantScope != "tx" || c.Database.StatementCache != 0 ||
		c.Login.RefreshTTL != 90*24*time.Hour || c.API.MaxBody != 256<<10 || !bool(c.API.Introspection) ||
		c.Database.URL.Reveal() != "postgres:///heyue?host=/run/pg" || c.Redis.URL.Reveal() != "rediss://r:6380/2" ||
		c.Login.SecretKey.Reveal() != goodKey || c.Log.Level != "info" {
		t.Errorf("values differ: %+v", c)
	}
}

// TestOneWrongValue holds for each variable: one line that names it, says what is allowed, and shows no secret.
func TestOneWrongValue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value, allowed string }{
		"address without port":   {"HEYUE_ADDR", "localhost", "host:port"},
		"address with name port": {"HEYUE_ADDR", "localhost:http", "host:port"},
		"port too high":          {"HEYUE_INTERNAL_ADDR", ":65536", "host:port"},
		"relative folder":        {"HEYUE_DATA_DIR", "data", "an absolute path"},
		"other scope":            {"HEYUE_TENANT_SCOPE", "pip", "pipe or tx"},
		"cache below":            {"HEYUE_STATEMENT_CACHE", "-1", "from 0 to 10000"},
		"cache above":            {"HEYUE_STATEMENT_CACHE", "10001", "from 0 to 10000"},
		"cache is text":          {"HEYUE_STATEMENT_CACHE", "many", "a whole number"},
		"number too long":        {"HEYUE_DATABASE_POOL", "99999999999999999999", "a whole number"},
		"switch":                 {"HEYUE_INTROSPECTION", "true", "on or off"},
		"level":                  {"HEYUE_LOG_LEVEL", "trace", "debug or info or warn or error"},
		"duration without unit":  {"HEYUE_ACCESS_TOKEN_TTL", "600", "from 1m to 1h"},
		"duration too short":     {"HEYUE_ACCESS_TOKEN_TTL", "59s", "from 1m to 1h"},
		"days too many":          {"HEYUE_REFRESH_TTL", "366d", "from 1h to 365d"},
		"days overflow":          {"HEYUE_REFRESH_TTL", "2000000000d", "from 1h to 365d"},
		"size too large":         {"HEYUE_MAX_BODY", "65MiB", "from 1KiB to 64MiB"},
		"size unit":              {"HEYUE_MAX_BODY", "1MB", "a size from 1KiB"},
		"size negative":          {"HEYUE_MAX_BODY", "-1KiB", "a size from 1KiB"},
		"origin with path":       {"HEYUE_ALLOWED_ORIGINS", "https://a.example/x", "without a path"},
		"origin star":            {"HEYUE_ALLOWED_ORIGINS", "*", "origins such as"},
		"network":                {"HEYUE_TRUSTED_PROXIES", "10.0.0.0/33", "networks such as"},
		"network name":           {"HEYUE_TRUSTED_PROXIES", "10.0.0.1,localhost", "networks such as"},
		"database no URL":        {"DATABASE_URL", "host=db password=hunter2", "postgres://"},
		"database other scheme":  {"DATABASE_URL", "mysql://u:hunter2@h/d", "postgres://"},
		"database bad port":      {"DATABASE_URL", "postgres://u:hunter2@h:port/d", "postgres://"},
		"redis":                  {"REDIS_URL", "h:6379?password=hunter2", "redis://"},
		"redis of another kind":  {"REDIS_URL", "redis+shards://:hunter2@h:6379", "redis+cluster://"},
		"redis without a master": {"REDIS_URL", "redis+sentinel://h:26379?password=hunter2", "master_name"},
		"mail server":            {"HEYUE_SMTP_URL", "http://u:hunter2@h", "smtps://"},
		"mail server's path":     {"HEYUE_SMTP_URL", "smtp://u:hunter2@h/x", "smtps://"},
		"mail from":              {"HEYUE_SMTP_FROM", "heyue", "an address such as"},
		"site":                   {"HEYUE_PUBLIC_URL", "ftp://a.example", "a URL such as"},
		"site with a fragment":   {"HEYUE_PUBLIC_URL", "https://a.example/#x", "a URL such as"},
		"key too short":          {"HEYUE_SECRET_KEY", "aHVudGVyMg==hunter2", "32 bytes in base64"},
		"page, and no echo":      {"HEYUE_PAGE_MAX", "x", "from 1 to 1000"},
		"grace, and no echo":     {"HEYUE_SHUTDOWN_GRACE", "0s", "from 1s to 10m"},
		"several lines":          {"HEYUE_LOG_FORMAT", "json\ntext", "text or json"},
		"very long":              {"HEYUE_LOG_FORMAT", strings.Repeat("j", 5000), "text or json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Read(machine(map[string]string{tt.name: tt.value}))
			if err == nil {
				t.Fatalf("%s=%q was taken", tt.name, tt.value)
			}
			line := err.Error()
			if !strings.HasPrefix(line, tt.name+" is ") || !strings.Contains(line, tt.allowed) || strings.Contains(line, "\n") || len(line) > 250 {
				t.Errorf("error %q: want one line that names %s and %q", line, tt.name, tt.allowed)
			}
			if strings.Contains(line, "hunter2") {
				t.Errorf("the error shows the secret: %q", line)
			}
		})
	}
}

func TestAllWrongValuesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Read(machine(map[string]string{
		"HEYUE_TENANT_SCOPE": "both", "HEYUE_PAGE_DEFAULT": "50", "HEYUE_PAGE_MAX": "40",
		"HEYUE_ADDR": ":80", "HEYUE_INTERNAL_ADDR": ":80", "DATABASE_SYSTEM_URL": "postgres://h/d", "HEYUE_REDIS_TIMEOUT": "1h",
		"HEYUE_SHUTDOWN_GRACE": "2s", "HEYUE_STREAM_DRAIN_JITTER": "90s", "HEYUE_TRUSTED_MODE": "only",
		"REDIS_URL": "redis://h", "REDIS_URL_FILE": "/x", "HEYUE_SECRET_KEY_FILE": "/nowhere/key",
	}))
	want := config.Faults{
		"DATABASE_SYSTEM_URL is set but DATABASE_URL is not; set both or neither",
		`HEYUE_INTERNAL_ADDR is ":80" like HEYUE_ADDR; allowed: another address`,
		"HEYUE_PAGE_DEFAULT is 50; allowed: at most HEYUE_PAGE_MAX, which is 40",
		`HEYUE_REDIS_TIMEOUT is "1h"; allowed: a duration from 5ms to 5s`,
		"HEYUE_SECRET_KEY_FILE cannot be read: open /nowhere/key: no such file or directory",
		"HEYUE_STREAM_DRAIN_JITTER is 1m30s; allowed: at most HEYUE_SHUTDOWN_GRACE, which is 2s",
		`HEYUE_TENANT_SCOPE is "both"; allowed: pipe or tx`,
		"HEYUE_TRUSTED_MODE is only, but HEYUE_TRUSTED_DOCUMENTS names none; set both",
		"REDIS_URL and REDIS_URL_FILE are both set; set one",
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Fatalf("faults differ (-want +got):\n%s", diff)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, db, empty := write("key", goodKey+"\n"), write("db", "postgres://app:hunter2@db/heyue\n"), write("empty", "\n")
	c, err := config.Read(machine(map[string]string{"HEYUE_SECRET_KEY_FILE": key, "DATABASE_URL_FILE": db}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Login.SecretKey.Reveal() != goodKey || c.Database.URL.Reveal() != "postgres://app:hunter2@db/heyue" {
		t.Error("the files were not read")
	}
	for _, s := range c.Settings() {
		if s.Name == "HEYUE_SECRET_KEY" && s.Source != "file "+key {
			t.Errorf("source %q", s.Source)
		}
	}
	_, err = config.Read(machine(map[string]string{"REDIS_URL_FILE": empty}))
	if err == nil || err.Error() != "REDIS_URL_FILE names "+empty+", which is empty" {
		t.Errorf("empty file: %v", err)
	}
}

func TestDataDir(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		m    config.Machine
		want config.Directory
	}{
		"root":           {config.Machine{Root: true, Home: "/root", Vars: map[string]string{"XDG_STATE_HOME": "/x"}}, "/var/lib/heyue"},
		"user":           {config.Machine{Home: "/home/li"}, "/home/li/.local/state/heyue"},
		"XDG":            {config.Machine{Home: "/home/li", Vars: map[string]string{"XDG_STATE_HOME": "/x"}}, "/x/heyue"},
		"XDG, relative":  {config.Machine{Home: "/home/li", Vars: map[string]string{"XDG_STATE_HOME": "x"}}, "/home/li/.local/state/heyue"},
		"set":            {config.Machine{Root: true, Vars: map[string]string{"HEYUE_DATA_DIR": "/d"}}, "/d"},
		"set, homeless":  {config.Machine{Vars: map[string]string{"HEYUE_DATA_DIR": "/d"}}, "/d"},
		"user, homeless": {config.Machine{}, ""},
	}
	for name, tt := range tests {
		c, err := config.Read(tt.m)
		if c.Storage.DataDir != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: %q, %v; want %q", name, c.Storage.DataDir, err, tt.want)
		}
	}
}

func TestForDemoKeepsWhatIsSet(t *testing.T) {
	t.Parallel()
	c, err := config.Read(machine(nil))
	if err != nil {
		t.Fatal(err)
	}
	if d := c.ForDemo(); !bool(d.API.Introspection) || !bool(d.API.Explorer) || bool(c.API.Explorer) || d.Server.DrainDelay != 0 || d.Stream.DrainJitter >= time.Second || bool(c.API.Introspection) {
		t.Errorf("demo: %v %v", d.API.Introspection, d.Server.DrainDelay)
	}
	c, err = config.Read(machine(map[string]string{"HEYUE_INTROSPECTION": "off", "HEYUE_EXPLORER": "off", "HEYUE_DRAIN_DELAY": "9s", "HEYUE_STREAM_DRAIN_JITTER": "8s"}))
	if err != nil {
		t.Fatal(err)
	}
	if d := c.ForDemo(); bool(d.API.Introspection) || bool(d.API.Explorer) || d.Server.DrainDelay != 9*time.Second || d.Stream.DrainJitter != 8*time.Second {
		t.Errorf("demo overrode the environment: %v %v", d.API.Introspection, d.Server.DrainDelay)
	}
}

func TestForCommandKeepsWhatIsSet(t *testing.T) {
	t.Parallel()
	for vars, want := range map[string]string{"": "warn", "info": "info", "debug": "debug"} {
		c, err := config.Read(machine(map[string]string{"HEYUE_LOG_LEVEL": vars}))
		if err != nil || c.ForCommand().Log.Level != want {
			t.Errorf("level %q became %q, %v; want %q", vars, c.ForCommand().Log.Level, err, want)
		}
	}
}

func TestMisspeltVariablesAreListed(t *testing.T) {
	t.Parallel()
	vars := map[string]string{
		"HEYUE_ADRR": "x", "HEYUE_ADDR_FILE": "/x", "HEYUE_SECRET_KEYS": "x", "PATH": "/bin",
		"HEYUE_SERVICE_HOST": "10.0.0.1", "HEYUE_PORT_8080_TCP": "tcp://10.0.0.1:8080", // from Kubernetes
	}
	before := maps.Clone(vars)
	c, err := config.Read(machine(vars))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"HEYUE_ADDR_FILE", "HEYUE_ADRR", "HEYUE_SECRET_KEYS"}, c.Unknown()); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if !maps.Equal(before, vars) {
		t.Error("Read changed the environment it was given")
	}
}
