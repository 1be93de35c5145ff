package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"

	"heyue/platform/config"
)

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	c, err := config.Read(machine(map[string]string{
		"DATABASE_URL":        "postgres://app:hunter2@db:5432/heyue?sslmode=require",
		"DATABASE_SYSTEM_URL": "postgres://db/heyue?user=s&password=hunter2&sslpassword=hunter2",
		"REDIS_URL":           "redis://:hunter2@cache:6379/1",
		"HEYUE_SECRET_KEY":    goodKey,
	}))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"postgres://app:***@db:5432/heyue?sslmode=require", "redis://:***@cache:6379/1", "password=***", "environment"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
	fmt.Fprintf(&out, "%v %+v %#v %s", c, c, c, c.Login.SecretKey)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "c", c, "u", c.Database.URL, "k", c.Login.SecretKey)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "c", c, "d", c.Database, "r", c.Redis.URL)
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"hunter2", goodKey, goodKey[:12]} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q leaked:\n%s", leak, out.String())
		}
	}
}

func TestPrintNamesUnknownVariables(t *testing.T) {
	t.Parallel()
	c, err := config.Read(machine(map[string]string{"HEYUE_ADRR": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "HEYUE_ADRR is set but is not a setting; is it misspelt?\n") {
		t.Errorf("output:\n%s", out.String())
	}
}

// TestDocumentIsCurrent keeps docs/ops.md equal to the struct.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/ops.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Rewrite(string(doc))
	if err != nil {
		t.Fatal(err)
	}
	if want != string(doc) {
		t.Error("docs/ops.md differs from the settings: run go generate ./platform/config")
	}
	if _, err := config.Rewrite("no marks"); err == nil {
		t.Error("a document without marks was taken")
	}
}

// TestSettingsAreComplete wants a name, help and allowed values of every field; settings are told apart by their
// names, and a default must itself be allowed.
func TestSettingsAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range (config.Config{}).Settings() {
		if s.Name == "" || s.Help == "" || s.Allowed == "" || seen[s.Name] || strings.ContainsAny(s.Help+s.Allowed+s.Default, "|\n") {
			t.Errorf("setting %+v is incomplete, twice there, or breaks the table", s)
		}
		seen[s.Name] = true
	}
	for f := range fieldsOf(reflect.TypeFor[config.Config]()) {
		def, ok := f.Tag.Lookup("envDefault")
		if !ok {
			continue
		}
		if _, err := config.Read(machine(map[string]string{f.Tag.Get("env"): def})); err != nil {
			t.Errorf("the default of %s is refused: %v", f.Name, err)
		}
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !t.Field(i).IsExported() {
				continue
			}
			for j := range t.Field(i).Type.NumField() {
				if !yield(t.Field(i).Type.Field(j)) {
					return
				}
			}
		}
	}
}
