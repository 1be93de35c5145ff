package archtest

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// entPackage is where the generated client lives.
const entPackage = module + "/ent"

// writes are the client's methods that change rows.
func writes() []string {
	return []string{
		"Create", "CreateBulk", "MapCreateBulk", "Update", "UpdateOne", "UpdateOneID", "Delete", "DeleteOne", "DeleteOneID",
	}
}

// writersOf finds, for every entity, the packages that change its rows, by asking the type checker. Only
// packages that import the client are looked at.
func writersOf(root string, importPaths []string) (map[string][]string, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir:        root,
		BuildFlags: buildFlags(),
		Mode:       packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax | packages.NeedImports | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedExportFile,
	}, importPaths...)
	if err != nil {
		return nil, fmt.Errorf("load the packages that import ent: %w", err)
	}
	found := map[string]map[string]bool{}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s does not compile: %w", p.PkgPath, p.Errors[0])
		}
		for _, file := range p.Syntax {
			for _, entity := range entitiesWritten(file, p.TypesInfo) {
				if found[entity] == nil {
					found[entity] = map[string]bool{}
				}
				found[entity][below(p.PkgPath)] = true
			}
		}
	}
	all := map[string][]string{}
	for entity, in := range found {
		all[entity] = slices.Sorted(maps.Keys(in))
	}
	return all, nil
}

func entitiesWritten(file *ast.File, info *types.Info) []string {
	var entities []string
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains(writes(), selector.Sel.Name) {
			return true
		}
		if selection, ok := info.Selections[selector]; ok {
			if entity := entityOf(selection.Recv()); entity != "" {
				entities = append(entities, entity)
			}
		}
		return true
	})
	return entities
}

// entityOf names the entity of a generated client (ent.ContractClient) or row (ent.Contract).
func entityOf(t types.Type) string {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != entPackage {
		return ""
	}
	return strings.TrimSuffix(named.Obj().Name(), "Client")
}

// strangers lists writes of an entity outside of the packages that own it.
func strangers(owners map[string][]string, found map[string][]string) []string {
	var faults []string
	for _, entity := range slices.Sorted(maps.Keys(found)) {
		in := found[entity]
		allowed, listed := owners[entity]
		if !listed {
			if len(in) > 1 {
				faults = append(faults, fmt.Sprintf("%s is written in %s: one package must own it", entity, strings.Join(in, " and ")))
			}
			continue
		}
		for _, name := range in {
			if !slices.Contains(allowed, name) {
				faults = append(faults, fmt.Sprintf("%s belongs to %s but is written in %s", entity, strings.Join(allowed, " and "), name))
			}
		}
	}
	return faults
}
