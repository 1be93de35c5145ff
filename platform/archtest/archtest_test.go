package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// modulePackages asks the go command for the packages of the module, once for all tests.
var modulePackages = sync.OnceValues(func() ([]unit, error) {
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		return nil, err
	}
	var all []unit
	for stream := json.NewDecoder(bytes.NewReader(out)); ; {
		var u unit
		if err := stream.Decode(&u); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
})

func everything(t *testing.T) []unit {
	t.Helper()
	all, err := modulePackages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages were found; the rules would hold of nothing", len(all))
	}
	return all
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func sources(t *testing.T) []source {
	t.Helper()
	all, err := readSources(root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files were found; the rules would hold of nothing", len(all))
	}
	return all
}

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	report(t, forbiddenImports(everything(t), rules()))
}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	report(t, emptyNames(everything(t), bannedNames()))
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		report(t, s.tooLong())
	}
}

func TestSQLHasParameters(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		report(t, s.sessionVariables())
		if !matchAny(rawSQL(), s.folder()) {
			report(t, s.formattedSQL())
		}
	}
}

func TestEntitiesHaveOneWriter(t *testing.T) {
	t.Parallel()
	var clients []string
	for _, u := range everything(t) {
		name := below(u.ImportPath)
		if slices.Contains(u.Imports, entPackage) && !matchAny([]string{"ent/...", "tests/...", "bench/..."}, name) {
			clients = append(clients, u.ImportPath)
		}
	}
	found, err := writersOf(root(t), clients)
	if err != nil {
		t.Fatal(err)
	}
	report(t, strangers(owners(), found))
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"domain/*", "domain/contracts", true},
		{"domain/*", "domain/contracts/lifecycle", false},
		{"domain/*/*", "domain/contracts/lifecycle", true},
		{"ent/...", "ent", true},
		{"ent/...", "ent/contract/x", true},
		{"ent/...", "entity", false},
		{"ent/schema", "ent/schema", true},
		{"github.com/casbin/...", "github.com/casbin/casbin/v2", true},
		{"database/sql", "database/sql/driver", false},
	} {
		if got := match(c.pattern, c.path); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.path, got)
		}
	}
}

// Every rule must be able to fail: each line breaks one.
func TestForbiddenImportsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, says string }{
		{"heyue/domain/contracts/lifecycle", "heyue/ent", "may import"},
		{"heyue/domain/contracts/lifecycle", "database/sql", "business"},
		{"heyue/ent/schema", "heyue/ent", "may import"},
		{"heyue/ent/schema", "heyue/tenancy", "may import"},
		{"heyue/tenancy", "heyue/domain/contracts", "may import"},
		{"heyue/tenancy", "heyue/policies", "may import"},
		{"heyue/identity", "heyue/policies", "may import"},
		{"heyue/policies", "heyue/graph/transport", "may import"},
		{"heyue/domain/contracts", "heyue/domain/customers", "may import"},
		{"heyue/domain/contracts", "net/http", "business"},
		{"heyue/domain/contracts", "github.com/casbin/casbin/v2", "business"},
		{"heyue/domain/contracts", "github.com/99designs/gqlgen/graphql", "business"},
		{"heyue/graph/resolver", "heyue/tenancy", "may import"},
		{"heyue/graph/resolver", "database/sql", "business"},
		{"heyue/cmd/heyue", "heyue/domain/contracts", "may import"},
		{"heyue/platform/cache", "heyue/ent", "may import"},
		{"heyue/somewhere", "fmt", "no line"},
	} {
		faults := forbiddenImports([]unit{{ImportPath: c.from, Imports: []string{c.to}}}, rules())
		if len(faults) != 1 || !strings.Contains(faults[0], c.says) {
			t.Errorf("%s imports %s: got %q, want one fault that says %q", c.from, c.to, faults, c.says)
		}
	}
	allowed := []unit{
		{"heyue/domain/contracts", []string{"heyue/ent", "heyue/tenancy", "heyue/policies", "heyue/domain/alerts/due"}},
		{"heyue/graph/resolver", []string{"heyue/ent", "heyue/domain/contracts", "heyue/graph/model"}},
		{"heyue/platform/app", []string{"heyue/domain/contracts", "database/sql"}},
	}
	report(t, forbiddenImports(allowed, rules()))
}

func TestFaultsInSourcesAreFound(t *testing.T) {
	t.Parallel()
	long := "package p\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", 61) + "}\n"
	for name, c := range map[string]struct {
		text  string
		check func(source) []string
		want  int
	}{
		"long function":  {long, source.tooLong, 1},
		"function of 60": {strings.Replace(long, "\t_ = 1\n", "", 1), source.tooLong, 0},
		"long file":      {"package p\n" + strings.Repeat("// x\n", 400), source.tooLong, 1},
		"file of 400":    {"package p\n" + strings.Repeat("// x\n", 398), source.tooLong, 0},
		"formatted SQL":  {"package p\nvar q = fmt.Sprintf(`\n\tSELECT a FROM %s`, t)", source.formattedSQL, 1},
		"written SQL":    {`package p; func f() { fmt.Fprintf(w, "UPDATE t SET a = '%s'", a) }`, source.formattedSQL, 1},
		"plain text":     {`package p; var q = fmt.Sprintf("select one of %s", t) + fmt.Sprintf("update %s", t)`, source.formattedSQL, 0},
		"an error":       {`package p; var q = fmt.Errorf("delete from %s: %w", t, err)`, source.formattedSQL, 0},
		"WithVar":        {`package p; func f() { sql.WithVar(ctx, "a", "b"); sql.WithIntVar(ctx, "a", 1) }`, source.sessionVariables, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := parse("p/p.go", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.check(s); len(got) != c.want {
				t.Errorf("got %q, want %d faults", got, c.want)
			}
		})
	}
}

func TestStrangersAreFound(t *testing.T) {
	t.Parallel()
	found := map[string][]string{
		"Contract": {"domain/contracts"},
		"Customer": {"domain/customers", "domain/demo"},
		"Role":     {"policies"},
	}
	if got := strangers(map[string][]string{"Role": {"identity"}}, found); len(got) != 2 {
		t.Errorf("got %q, want one fault each for Customer and Role", got)
	}
}

func TestEmptyNamesAreFound(t *testing.T) {
	t.Parallel()
	got := emptyNames([]unit{{ImportPath: "heyue/platform/util"}, {ImportPath: "heyue/graph/model"}}, bannedNames())
	if len(got) != 1 {
		t.Errorf("got %q, want one fault", got)
	}
}
