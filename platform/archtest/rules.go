// Package archtest holds the house rules that a compiler does not: who may import whom, how long a file may
// be, who writes which entity. Its tests run over the whole module; ARCHITECTURE.md says why the rules are so.
package archtest

import "strings"

// rule is a line of the import table. Patterns are import paths below the module: "*" stands for one
// element, a closing "/..." for the path itself and everything below it.
type rule struct {
	packages []string // who; the first rule that names a package is the one that counts
	may      []string // which packages of ours they may import; nil for any
	never    []string // which packages of others, as whole import paths or with "/..."
}

// leaves are pure: rules and values without input or output.
func leaves() []string {
	return []string{
		"platform/clock", "platform/date", "platform/enum", "platform/fault", "platform/given", "platform/money", "platform/page", "platform/publicid",
		"domain/*/*", "policies/grant", "policies/mask", "policies/share", "policies/decision", "identity/account", "tenancy/class", "tenancy/catalog",
	}
}

const (
	casbin = "github.com/casbin/..."
	gqlgen = "github.com/99designs/gqlgen/..."
	redis  = "github.com/redis/..."
	entgo  = "entgo.io/..."
)

// rules is the import table of ARCHITECTURE.md.
func rules() []rule {
	leaf := leaves()
	with := func(more ...string) []string { return append(more, leaf...) }
	return []rule{
		// Filters that several nouns share say what they filter in the words of lists.
		{packages: []string{"domain/*/criteria"}, may: with("platform/listing"), never: []string{entgo, "database/sql", redis, casbin, gqlgen, "net/http"}},
		{packages: leaf, may: leaf, never: []string{entgo, "database/sql", redis, casbin, gqlgen, "net/http"}},
		{packages: []string{"ent/schema"}, may: leaf, never: []string{"database/sql", redis, casbin, gqlgen}},
		{packages: []string{"ent/..."}}, // generated

		{packages: []string{"cmd/heyue/..."}, may: []string{"cmd/heyue/...", "platform/..."}, never: []string{"database/sql", redis, casbin, gqlgen, entgo}},
		{packages: []string{"cmd/*"}, may: []string{"ent/...", "migrations", "tenancy", "platform/..."}},
		{packages: []string{"platform/app/..."}}, // the one place that puts everything together

		{packages: []string{"platform/pgtest"}, may: []string{"platform/...", "migrations"}},
		{packages: []string{"platform/..."}, may: with("platform/..."), never: []string{casbin, gqlgen}},
		{packages: []string{"migrations/..."}, may: with("migrations/...", "platform/..."), never: []string{gqlgen, casbin, redis}},
		{packages: []string{"tenancy/..."}, may: with("tenancy/...", "ent/...", "platform/..."), never: []string{gqlgen, casbin}},
		{packages: []string{"identity/..."}, may: with("identity/...", "ent/...", "tenancy", "platform/..."), never: []string{gqlgen, casbin}},
		{packages: []string{"policies/..."}, may: with("policies/...", "identity/...", "audit", "ent/...", "tenancy", "platform/..."), never: []string{gqlgen}},
		{packages: []string{"outbox/...", "audit/...", "idempotency/..."}, may: with("outbox/...", "audit/...", "idempotency/...", "identity", "ent/...", "tenancy", "platform/..."), never: []string{gqlgen, casbin}},

		// Imports are made of what a reader of a foreign format found; the demo of what the owners of the tables make.
		{packages: []string{"domain/imports"}, may: with("domain/ocds", "ent/...", "tenancy", "identity/...", "policies/...", "outbox", "audit", "platform/..."),
			never: []string{gqlgen, casbin, "net/http"}},
		{packages: []string{"domain/demo"}, may: with("domain/*", "ent/...", "tenancy", "identity/...", "policies/...", "outbox", "audit", "platform/..."),
			never: []string{gqlgen, casbin, "net/http"}},

		// A domain meets another one through an interface that it declares itself, or through leaf values.
		{packages: []string{"domain/*"}, may: with("ent/...", "tenancy", "identity/...", "policies/...", "outbox", "audit", "platform/..."),
			never: []string{gqlgen, casbin, "net/http"}},

		{packages: []string{"graph/transport/..."}, may: with("graph/transport/...", "platform/..."), never: []string{entgo, "database/sql", redis, casbin}},
		{packages: []string{"graph/resolver/..."}, may: with("graph/...", "domain/...", "identity/...", "policies/...", "ent/...", "platform/..."),
			never: []string{"database/sql", redis, casbin}},
		{packages: []string{"graph/..."}, may: with("graph/...", "domain/...", "identity/...", "idempotency", "ent/...", "policies/...", "platform/..."),
			never: []string{"database/sql", redis, casbin}},

		{packages: []string{"web/..."}, may: []string{"web/...", "platform/..."}},
		{packages: []string{"tests/...", "bench/...", "examples/..."}},
	}
}

// owners names the packages that write an entity, where one is not enough: each writes columns that no other does. An
// entity that is not listed may be written by any one package, but never by two.
func owners() map[string][]string {
	return map[string][]string{
		// Sign-ins note their time and renew the password's hash; links by mail set it.
		"User": {"domain/staff", "identity/sessions", "identity/recovery"},
		// Users link what they have shown; administrators bind what they know.
		"ExternalIdentity": {"domain/providers", "identity/oidc"},

		// Links by mail are one package's, challenges at a sign-in the other's.
		"OneTimeToken": {"identity/recovery", "identity/sessions"},

		// What ends the sessions of a user ends their keys.
		"APIKey": {"domain/keys", "identity/sessions"},
		"Tenant": {"domain/tenants", "policies"}, // policies counts the version of the permissions

		// A contract writes its plan; the account moves the running totals of both.
		"Contract":        {"domain/contracts", "domain/settlement"},
		"PaymentPlanLine": {"domain/contracts", "domain/settlement"},
	}
}

// bannedNames say nothing about what a package is for.
func bannedNames() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "models", "types", "core", "manager", "misc", "shared", "base", "lib"}
}

// rawSQL are the packages that put SQL together from parts: names of databases, roles and settings cannot be
// parameters of a statement.
func rawSQL() []string {
	return []string{"tenancy/...", "migrations/...", "platform/pgembed", "platform/pgtest", "cmd/mkmigration", "bench/...", "tests/..."}
}

func matchAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if match(p, path) {
			return true
		}
	}
	return false
}

func match(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		head, _ := cut(path, strings.Count(prefix, "/")+1)
		return matchElements(prefix, head)
	}
	return matchElements(pattern, path)
}

// cut splits a path behind its first n elements.
func cut(path string, n int) (head, rest string) {
	for i := range len(path) {
		if path[i] == '/' {
			if n--; n == 0 {
				return path[:i], path[i+1:]
			}
		}
	}
	return path, ""
}

func matchElements(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != "*" && p[i] != q[i] {
			return false
		}
	}
	return true
}
