// Command mkschema writes docs/schema.graphql, the schema as one file for clients: go run ./cmd/mkschema. With -check it
// writes nothing and fails when the file is out of date, when the schema breaks a convention, or when it would break
// clients of docs/schema.released.graphql and docs/schema.breaks does not say why. With -release, for whoever makes a
// release, it also makes the schema the released one, from which breaks are counted then.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/sdl"
)

const (
	current  = "docs/schema.graphql"
	released = "docs/schema.released.graphql"
	breaks   = "docs/schema.breaks"
)

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "write nothing; fail on what is out of date, unconventional or breaking")
	release := flag.Bool("release", false, "make this the released schema")
	root := flag.String("root", ".", "folder of the repository")
	flag.Parse()
	if err := run(*root, *check, *release); err != nil {
		log.Fatal("mkschema: ", err)
	}
}

func run(root string, check, release bool) error {
	schema, err := sdl.Load(filepath.Join(root, "graph/schema/*.graphql"))
	if err != nil {
		return err
	}
	text := sdl.Publish(schema)
	if !check {
		err := os.WriteFile(filepath.Join(root, current), text, 0o644)
		if err == nil && release {
			err = errors.Join(os.WriteFile(filepath.Join(root, released), sdl.Bare(schema), 0o644), forget(filepath.Join(root, breaks)))
		}
		return err
	}
	var errs []error
	if there, err := os.ReadFile(filepath.Join(root, current)); err != nil || !bytes.Equal(there, text) {
		errs = append(errs, fmt.Errorf("%s is out of date: run go run ./cmd/mkschema", current))
	}
	for _, l := range sdl.Lint(schema) {
		errs = append(errs, errors.New(l.String()))
	}
	return errors.Join(append(errs, unwanted(root, schema)...)...)
}

// forget empties the list of wanted breaks: they have been released.
func forget(path string) error {
	const head = "# Changes since docs/schema.released.graphql that break clients and are wanted: coordinate, space, reason.\n"
	return os.WriteFile(path, []byte(head), 0o644)
}

// unwanted are breaks since the release that nobody has given a reason for. Before the first release there are none.
func unwanted(root string, schema *ast.Schema) []error {
	text, err := os.ReadFile(filepath.Join(root, released))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []error{err}
	}
	before, err := sdl.Parse(&ast.Source{Name: released, Input: string(text)})
	if err != nil {
		return []error{err}
	}
	list, err := os.ReadFile(filepath.Join(root, breaks))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return []error{err}
	}
	allowed, err := sdl.Allowed(strings.NewReader(string(list)))
	if err != nil {
		return []error{fmt.Errorf("%s: %w", breaks, err)}
	}
	var errs []error
	for _, b := range sdl.Breaks(before, schema) {
		if allowed[b.At] == "" {
			errs = append(errs, fmt.Errorf("%s; add it in another form and deprecate this one, or say in %s why clients must bear it", b, breaks))
		}
	}
	return errs
}
