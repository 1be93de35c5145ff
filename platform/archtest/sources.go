package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Limits of a hand-written file and of a function's body, in lines.
const (
	maxFile     = 400
	maxFunction = 60
)

// source is a hand-written file outside of tests.
type source struct {
	name string // below the module's folder, with slashes
	set  *token.FileSet
	tree *ast.File
}

// readSources parses every hand-written, non-test Go file below root.
func readSources(root string) ([]source, error) {
	var all []source
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if file != root && skipped(file, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(name), text)
		if err == nil && !ast.IsGenerated(s.tree) {
			all = append(all, s)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the module's files: %w", err)
	}
	return all, nil
}

// skipped folders hold no source of this module.
func skipped(dir, name string) bool {
	if strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func parse(name string, text []byte) (source, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parse: %w", err)
	}
	return source{name: name, set: set, tree: tree}, nil
}

func (s source) line(p token.Pos) int { return s.set.Position(p).Line }

// tooLong lists the file if it is too long, and its functions that are.
func (s source) tooLong() []string {
	var faults []string
	if n := s.set.File(s.tree.Pos()).LineCount(); n > maxFile {
		faults = append(faults, fmt.Sprintf("%s has %d lines, more than %d: split it by use case", s.name, n, maxFile))
	}
	for _, d := range s.tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if n := s.line(f.Body.Rbrace) - s.line(f.Body.Lbrace) - 1; n > maxFunction {
			faults = append(faults, fmt.Sprintf("%s:%d: %s has %d lines, more than %d", s.name, s.line(f.Pos()), f.Name.Name, n, maxFunction))
		}
	}
	return faults
}

var sqlText = regexp.MustCompile(`(?is)^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\S+\s+as\s|` +
	`(create|alter|drop)\s+(table|index|role|database|schema|policy|function|view|unique)\s|(grant|revoke)\s+.*\s(on|to)\s|set\s+local\s|truncate\s)`)

// formattedSQL lists calls that put SQL together with a format string; values belong in parameters.
func (s source) formattedSQL() []string {
	var faults []string
	ast.Inspect(s.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !isFormatting(call.Fun) {
			return true
		}
		for _, argument := range call.Args {
			if literal, ok := argument.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && sqlText.MatchString(text) {
					faults = append(faults, fmt.Sprintf("%s:%d: SQL from a format string; pass values as parameters", s.name, s.line(call.Pos())))
				}
				break // the first string is the format
			}
		}
		return true
	})
	return faults
}

func isFormatting(f ast.Expr) bool {
	selector, ok := f.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	if !ok || pkg.Name != "fmt" {
		return false
	}
	switch selector.Sel.Name {
	case "Sprintf", "Fprintf", "Appendf":
		return true
	}
	return false
}

// sessionVariables lists uses of ent's WithVar, which puts values into SQL unescaped and leaves them on the
// connection for the next tenant.
func (s source) sessionVariables() []string {
	var faults []string
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && (selector.Sel.Name == "WithVar" || selector.Sel.Name == "WithIntVar") {
			faults = append(faults, fmt.Sprintf("%s:%d: ent's WithVar; package tenancy binds the tenant", s.name, s.line(selector.Pos())))
		}
		return true
	})
	return faults
}

func (s source) folder() string { return path.Dir(s.name) }
