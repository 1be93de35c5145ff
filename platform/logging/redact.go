package logging

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

const mask = "***"

// sensitive are parts of names whose values never reach a log: credentials, and what the Chinese Personal
// Information Protection Law and the GDPR call personal. Names are compared in lower case, letters only.
var sensitive = strings.Fields("password passwd passphrase secret token authorization cookie apikey privatekey credential " +
	"email mail phone mobile fax address idcard identitycard idnumber passport bankaccount iban birth wechat")

// harmless are names that hold one of the parts and say nothing: they would make logs useless if they went.
var harmless = strings.Fields("addr localaddr remoteaddr listenaddress tokens tokencount tokenlimit mailqueue")

// redact is the ReplaceAttr of every handler.
func redact(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return a
	}
	if hidden(a.Key) || slices.ContainsFunc(groups, hidden) {
		return slog.String(a.Key, mask)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		return slog.Attr{Key: a.Key, Value: opened(a.Value.Any())}
	}
	return a
}

func hidden(name string) bool {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	if name == "" || slices.Contains(harmless, name) {
		return false
	}
	return slices.ContainsFunc(sensitive, func(part string) bool { return strings.Contains(name, part) })
}

// opened looks into a value of any type: an error or a Stringer for its text, everything else for its fields, which
// get the treatment that attributes of their names would get.
func opened(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(scrub(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(scrub(v.String()))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("[%T]", v))
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return slog.StringValue(fmt.Sprintf("[%T]", v))
	}
	return slog.AnyValue(pruned(tree))
}

func pruned(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for k := range t {
			if hidden(k) {
				t[k] = mask
			} else {
				t[k] = pruned(t[k])
			}
		}
	case []any:
		for i := range t {
			t[i] = pruned(t[i])
		}
	case string:
		return scrub(t)
	}
	return tree
}

// Texts that give themselves away wherever they stand, mostly inside errors of other libraries.
var (
	inURL   = regexp.MustCompile(`(://[^/\s:@]*:)[^\s@]+@`)
	inToken = regexp.MustCompile(`\b(?:eyJ[\w-]{8,}(?:\.[\w-]*){1,2}|hy[a-z]_[\w-]{20,})`)
	inPair  = regexp.MustCompile(`(?i)\b(password|passwd|secret|token)=[^\s&;,]+`)
	inBear  = regexp.MustCompile(`(?i)\bbearer\s+\S+`)
)

// scrub hides passwords in URLs, tokens, and password=… pairs.
func scrub(s string) string {
	if strings.Contains(s, "://") {
		s = inURL.ReplaceAllString(s, "${1}"+mask+"@")
	}
	if strings.Contains(s, "eyJ") || strings.Contains(s, "hy") {
		s = inToken.ReplaceAllString(s, mask)
	}
	if strings.Contains(s, "=") {
		s = inPair.ReplaceAllString(s, "${1}="+mask)
	}
	if len(s) > 7 {
		s = inBear.ReplaceAllString(s, "Bearer "+mask)
	}
	return s
}
