// Package trial is the language of tests of permissions (A3): a YAML file makes up users and records and says what they may
// do and what not. The product's own roles are tested with it, and a tenant's administrator tests the tenant's with the same
// words. Here is how a file reads; package policies tries it.
package trial

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/policies/share"
)

// File is a test of permissions. Names of users, records and departments are its own; roles are named by the codes of the
// tenant that it is tried on, and so is a department that the file does not make up.
type File struct {
	Departments map[string]string `yaml:"departments"` // made up: a name, and the name above it, which may be empty
	Users       map[string]User   `yaml:"users"`
	Records     map[string]Record `yaml:"records"`
	Tests       []Test            `yaml:"tests"`
}

// User is somebody made up, with roles and perhaps a department.
type User struct {
	Roles      []string `yaml:"roles"`
	Department string   `yaml:"department"`
}

// Record is a customer, a contract or a service record made up. Whose it is are names of users and departments.
type Record struct {
	Kind       string  `yaml:"kind"`
	Owner      string  `yaml:"owner"`
	Department string  `yaml:"department"`
	Shared     []Share `yaml:"shared"`
}

// Share lends a record to a user or to a department.
type Share struct {
	User       string      `yaml:"user"`
	Department string      `yaml:"department"`
	Level      share.Level `yaml:"level"`
	Until      *date.Date  `yaml:"until"`
}

// Test is what one user may do and what not. Can and Cannot are permissions, such as "contract:create", or permissions on a
// record of the file, such as "contract:update hers". Hidden, ReadOnly and Shown are fields, such as "contract.amount".
type Test struct {
	Name     string   `yaml:"name"`
	User     string   `yaml:"user"`
	Can      []string `yaml:"can"`
	Cannot   []string `yaml:"cannot"`
	Hidden   []string `yaml:"hidden"`
	ReadOnly []string `yaml:"readOnly"`
	Shown    []string `yaml:"shown"`
}

// Report is how a file came out.
type Report struct {
	Passed, Failed int
	Results        []*Result
}

// Result is how one test came out; Problems says what was otherwise than it wants.
type Result struct {
	Name     string
	Passed   bool
	Problems []string
}

// Kinds are what records can be.
func Kinds() []string { return []string{"contract", "customer", "service_record"} }

// Parse reads a file of at most limit bytes. MALFORMED at yaml for what is not YAML of this form, with the line; every other
// fault at once, with its path in the file. Anchors are refused: a short text could unfold to one without end.
func Parse(text string, limit int) (*File, error) {
	if len(text) > limit {
		return nil, fault.New(fault.Invalid, fault.TooLong, "the file has %d bytes, at most %d are allowed", len(text), limit).At("yaml")
	}
	for _, t := range lexer.Tokenize(text) {
		if t.Type == token.AnchorType || t.Type == token.AliasType || t.Type == token.MergeKeyType {
			return nil, fault.New(fault.Invalid, fault.Malformed, "line %d: anchors and aliases are not allowed", t.Position.Line).At("yaml")
		}
	}
	var f File
	if err := yaml.UnmarshalWithOptions([]byte(text), &f, yaml.Strict()); err != nil {
		return nil, fault.New(fault.Invalid, fault.Malformed, "%.300s", yaml.FormatError(err, false, false)).At("yaml")
	}
	return &f, f.validate()
}

// validate reports every name that stands for nothing.
func (f *File) validate() error {
	var c fault.Check
	c.That(len(f.Tests) > 0, fault.Required, "yaml", "tests: there are none")
	for _, name := range slices.Sorted(maps.Keys(f.Departments)) {
		c.That(f.roots(name), fault.Inconsistent, "yaml", "departments.%s: what is above it ends nowhere", name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Records)) {
		f.record(&c, "records."+name, f.Records[name])
	}
	for i, t := range f.Tests {
		at := fmt.Sprintf("tests[%d]", i)
		c.That(t.Name != "", fault.Required, "yaml", "%s.name: is missing", at)
		f.user(&c, at+".user", t.User)
		for _, s := range slices.Concat(t.Can, t.Cannot) {
			if _, record, named := strings.Cut(s, " "); named {
				_, ok := f.Records[record]
				c.That(ok, fault.UnknownValue, "yaml", "%s: %.40q is no record of this file", at, record)
			}
		}
		c.That(len(t.Can)+len(t.Cannot)+len(t.Hidden)+len(t.ReadOnly)+len(t.Shown) > 0, fault.Required, "yaml", "%s: wants nothing", at)
	}
	return c.Err()
}

// roots reports whether the way up from a department ends.
func (f *File) roots(name string) bool {
	for range len(f.Departments) + 1 {
		above, ok := f.Departments[name]
		if !ok || above == "" {
			return true
		}
		name = above
	}
	return false
}

func (f *File) record(c *fault.Check, at string, r Record) {
	c.That(slices.Contains(Kinds(), r.Kind), fault.UnknownValue, "yaml", "%s.kind: %.40q is none of %s", at, r.Kind, strings.Join(Kinds(), ", "))
	if r.Owner != "" {
		f.user(c, at+".owner", r.Owner)
	}
	for i, s := range r.Shared {
		at := fmt.Sprintf("%s.shared[%d]", at, i)
		c.That((s.User == "") != (s.Department == ""), fault.Inconsistent, "yaml", "%s: give either user or department", at)
		if s.User != "" {
			f.user(c, at+".user", s.User)
		}
		c.That(s.Level == share.Read || s.Level == share.Write, fault.UnknownValue, "yaml", "%s.level: %.20q is neither READ nor WRITE", at, string(s.Level))
		c.That(r.Kind != "service_record", fault.Inconsistent, "yaml", "%s: service records are not shared", at)
	}
}

func (f *File) user(c *fault.Check, at, name string) {
	_, ok := f.Users[name]
	c.That(ok, fault.UnknownValue, "yaml", "%s: %.40q is no user of this file", at, name)
}
