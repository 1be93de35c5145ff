package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heyue/platform/secret"
)

// Address is host:port to listen on. Port 0 takes a free one.
type Address string

// Directory is an absolute path, or empty.
type Directory string

// Switch is on or off.
type Switch bool

// Bytes is a size. Text is a number with an optional unit: B, KiB, MiB or GiB.
type Bytes int64

// Origins are web origins such as https://app.example.com, lower case, without a path.
type Origins []string

// Networks are IP networks such as 10.0.0.0/8.
type Networks []netip.Prefix

// PostgresURL is a postgres:// URL. It prints itself without passwords; Reveal gives all of it.
type PostgresURL string

// RedisURL is a redis:// or rediss:// URL, or one of a cluster or of sentinels. It prints itself without passwords; Reveal gives all of it.
type RedisURL string

// Key is a master key in base64. It never prints itself; Reveal gives it.
type Key string

// Secret is a text that opens something elsewhere. It never prints itself; Reveal gives it.
type Secret string

// Reveal returns the text, for whoever asks for it only.
func (s Secret) Reveal() string { return string(s) }

// String is a mask, or empty when there is no secret.
func (s Secret) String() string { return Key(s).String() }

// GoString masks the value for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText masks the value in JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the value in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Keys are keys in base64, separated by commas. They never print themselves; Reveal gives them.
type Keys string

// Reveal returns the texts of the keys, for deriving keys only.
func (k Keys) Reveal() []string {
	if k == "" {
		return nil
	}
	return strings.Split(string(k), ",")
}

// String is a mask, or empty when there are no keys.
func (k Keys) String() string { return Key(k).String() }

// GoString masks the value for %#v.
func (k Keys) GoString() string { return strconv.Quote(k.String()) }

// MarshalText masks the value in JSON.
func (k Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue masks the value in logs.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Reveal returns the URL with its password, for opening connections only.
func (u PostgresURL) Reveal() string { return string(u) }

// Reveal returns the URL with its password, for opening connections only.
func (u RedisURL) Reveal() string { return string(u) }

// Reveal returns the key's text, for deriving keys only.
func (k Key) Reveal() string { return string(k) }

// String masks passwords.
func (u PostgresURL) String() string { return maskURL(string(u)) }

// String masks passwords.
func (u RedisURL) String() string { return maskURL(string(u)) }

// String is a mask, or empty when there is no key.
func (k Key) String() string {
	if k == "" {
		return ""
	}
	return mask
}

// GoString masks the value for %#v, which prints a struct of settings too.
func (u PostgresURL) GoString() string { return strconv.Quote(u.String()) }

// GoString masks the value for %#v.
func (u RedisURL) GoString() string { return strconv.Quote(u.String()) }

// GoString masks the value for %#v.
func (k Key) GoString() string { return strconv.Quote(k.String()) }

// MarshalText masks the value in JSON, the form in which a JSON log prints a struct.
func (u PostgresURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalText masks the value in JSON.
func (u RedisURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalText masks the value in JSON.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue masks the value in logs.
func (u PostgresURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// LogValue masks the value in logs.
func (u RedisURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// LogValue masks the value in logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// String is on or off.
func (s Switch) String() string {
	if s {
		return "on"
	}
	return "off"
}

// String writes the largest unit that divides the size.
func (b Bytes) String() string {
	for _, u := range units {
		if u.size > 1 && b != 0 && b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// String joins the origins as they are written in the environment.
func (o Origins) String() string { return strings.Join(o, ",") }

// String joins the networks as they are written in the environment.
func (n Networks) String() string {
	texts := make([]string, len(n))
	for i, p := range n {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}

const mask = "***"

// maskURL hides the password of the user part and of query parameters. Text that is no URL is hidden whole.
func maskURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && u.Path == "" {
		return mask
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), mask)
	}
	q := u.Query()
	for k := range q {
		if strings.Contains(strings.ToLower(k), "pass") {
			q.Set(k, mask)
			u.RawQuery = q.Encode()
		}
	}
	return strings.ReplaceAll(u.String(), url.QueryEscape(mask), mask)
}

var errValue = errors.New("not allowed")

func parseAddress(s string) (any, error) {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return nil, errValue
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return nil, errValue
	}
	return Address(s), nil
}

func parseDirectory(s string) (any, error) {
	if !filepath.IsAbs(s) {
		return nil, errValue
	}
	return Directory(filepath.Clean(s)), nil
}

func parseSwitch(s string) (any, error) {
	if s != "on" && s != "off" {
		return nil, errValue
	}
	return Switch(s == "on"), nil
}

func parseInt(s string) (any, error) { return strconv.Atoi(s) }

func parseOrigins(s string) (any, error) {
	var o Origins
	for part := range strings.SplitSeq(s, ",") {
		u, err := url.Parse(strings.ToLower(strings.TrimSpace(part)))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.String() != u.Scheme+"://"+u.Host {
			return nil, errValue
		}
		o = append(o, u.String())
	}
	return o, nil
}

// parseNetworks reads networks; an address alone is a network of one.
func parseNetworks(s string) (any, error) {
	var n Networks
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, err := netip.ParseAddr(part)
			if err != nil || a.Zone() != "" {
				return nil, errValue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		n = append(n, p.Masked())
	}
	return n, nil
}

func parsePostgresURL(s string) (any, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Opaque != "" {
		return nil, errValue
	}
	return PostgresURL(s), nil
}

func parseRedisURL(s string) (any, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, errValue
	}
	base, kind, several := strings.Cut(u.Scheme, "+")
	switch {
	case base != "redis" && base != "rediss", several && kind != "cluster" && kind != "sentinel":
		return nil, errValue
	case kind == "sentinel" && u.Query().Get("master_name") == "":
		return nil, errors.New("a URL of sentinels needs ?master_name=, the name that they know the master by")
	}
	return RedisURL(s), nil
}

func parseKey(s string) (any, error) {
	s = strings.TrimSpace(s)
	_, err := secret.Parse(s)
	return Key(s), err
}

func parseSecret(s string) (any, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errValue
	}
	return Secret(s), nil
}

func parseKeys(s string) (any, error) {
	texts := strings.Split(s, ",")
	for i, text := range texts {
		texts[i] = strings.TrimSpace(text)
		if _, err := secret.Parse(texts[i]); err != nil {
			return nil, err
		}
	}
	return Keys(strings.Join(texts, ",")), nil
}

var units = []struct {
	name string
	size Bytes
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func parseBytes(s string) (any, error) {
	size := Bytes(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			s, size = rest, u.size
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return Bytes(n) * size, err
}

const day = 24 * time.Hour

// parseDuration reads Go's durations and whole days, as in 30d.
func parseDuration(s string) (any, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 31)
		if err != nil || time.Duration(n) > math.MaxInt64/day {
			return nil, errValue
		}
		return time.Duration(n) * day, nil
	}
	return time.ParseDuration(s)
}

// formatDuration writes 30d, 10m and 1h30m where time.Duration would write 720h0m0s, 10m0s and 1h30m0s.
func formatDuration(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
