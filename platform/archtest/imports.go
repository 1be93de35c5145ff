package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the import path of the whole product.
const module = "heyue"

// unit is a package of ours and what its non-test files import.
type unit struct {
	ImportPath string
	Imports    []string
}

// forbiddenImports lists every import that the table does not allow, and every package it does not know.
func forbiddenImports(units []unit, table []rule) []string {
	var faults []string
	for _, u := range units {
		name := below(u.ImportPath)
		r := find(table, name)
		if r == nil {
			faults = append(faults, fmt.Sprintf("%s: the import table in platform/archtest has no line for this package", name))
			continue
		}
		for _, imported := range u.Imports {
			if why := r.refuses(imported); why != "" {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s", name, imported, why))
			}
		}
	}
	return faults
}

func (r *rule) refuses(imported string) string {
	if imported == module || strings.HasPrefix(imported, module+"/") {
		ours := below(imported)
		if r.may != nil && !matchAny(r.may, ours) {
			return "of ours it may import " + strings.Join(r.may, ", ")
		}
		return ""
	}
	if matchAny(r.never, imported) {
		return "not this layer's business"
	}
	return ""
}

func find(table []rule, name string) *rule {
	for i := range table {
		if matchAny(table[i].packages, name) {
			return &table[i]
		}
	}
	return nil
}

// below is an import path without the module, "." for the module's own folder.
func below(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// emptyNames lists packages whose names say nothing.
func emptyNames(units []unit, banned []string) []string {
	var faults []string
	for _, u := range units {
		if slices.Contains(banned, path.Base(u.ImportPath)) {
			faults = append(faults, below(u.ImportPath)+": name the package for what it is about")
		}
	}
	return faults
}
