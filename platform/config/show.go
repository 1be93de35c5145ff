package config

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Setting is one setting as people see it. Secrets are masked.
type Setting struct {
	Name    string
	Group   string // Server, Storage, Database …
	Help    string
	Allowed string
	Default string // empty when there is none
	Value   string
	Source  string // default, environment, or "file" and its path
	Secret  bool   // can also be given as NAME_FILE
}

// Settings lists every setting in the order of the struct.
func (c Config) Settings() []Setting {
	var list []Setting
	for _, f := range fields(&c) {
		def := f.tag.Get("envDefault")
		if auto, ok := f.tag.Lookup("auto"); ok {
			def = auto
		}
		list = append(list, Setting{
			Name: f.name, Group: f.group, Help: f.tag.Get("help"), Allowed: f.allowed(), Default: def,
			Value: text(f.value), Source: c.sources[f.name], Secret: f.secret,
		})
	}
	return list
}

// Print writes every setting with its value and source, in columns, and then the variables it does not know.
func (c Config) Print(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range c.Settings() {
		value := s.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\n", s.Name, value, s.Source)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, name := range c.unknown {
		if _, err := fmt.Fprintf(w, "%s is set but is not a setting; is it misspelt?\n", name); err != nil {
			return err
		}
	}
	return nil
}

// Markdown is the table of docs/ops.md.
func Markdown() string {
	var b strings.Builder
	group := ""
	for _, s := range (Config{}).Settings() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n### %s\n\n| variable | default | allowed | what it does |\n| --- | --- | --- | --- |\n", group)
		}
		name := "`" + s.Name + "`"
		if s.Secret {
			name += " or `" + s.Name + "_FILE`"
		}
		def := s.Default
		if def == "" {
			def = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, def, s.Allowed, s.Help)
	}
	return b.String()
}

// Begin and End mark the generated part of docs/ops.md.
const (
	Begin = "<!-- settings: written by go generate ./platform/config -->"
	End   = "<!-- end of settings -->"
)

// Rewrite puts the table between the marks of a document. It fails when the marks are missing.
func Rewrite(doc string) (string, error) {
	before, rest, ok := strings.Cut(doc, Begin)
	_, after, ok2 := strings.Cut(rest, End)
	if !ok || !ok2 {
		return "", fmt.Errorf("the document lacks the lines %q and %q", Begin, End)
	}
	return before + Begin + "\n" + Markdown() + "\n" + End + after, nil
}
