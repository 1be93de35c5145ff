package transport

import "github.com/vektah/gqlparser/v2/ast"

// merger counts how often each response key occurs at each place of the response, as execution would
// merge selections. Validation compares all pairs of such occurrences, so their number is what makes it
// slow. The walk writes fragments out; it must run only after the shape is known to be small.
type merger struct {
	fragments map[string]*ast.FragmentDefinition
	limit     int
	visits    int
}

// key returns the first response key that occurs too often below the selection sets taken together, or "".
func (m *merger) key(sets ...ast.SelectionSet) string {
	var order []string
	fields := map[string][]*ast.Field{}
	for _, set := range sets {
		m.collect(set, func(f *ast.Field) {
			if fields[f.Alias] == nil {
				order = append(order, f.Alias)
			}
			fields[f.Alias] = append(fields[f.Alias], f)
		})
	}
	for _, key := range order {
		if len(fields[key]) > m.limit {
			return key
		}
	}
	for _, key := range order {
		var below []ast.SelectionSet
		for _, f := range fields[key] {
			if len(f.SelectionSet) > 0 {
				below = append(below, f.SelectionSet)
			}
		}
		if len(below) == 0 {
			continue
		}
		if found := m.key(below...); found != "" {
			return found
		}
	}
	return ""
}

// collect calls yield for every field of set, those in fragments included.
func (m *merger) collect(set ast.SelectionSet, yield func(*ast.Field)) {
	for _, selection := range set {
		m.visits++
		switch s := selection.(type) {
		case *ast.Field:
			yield(s)
		case *ast.InlineFragment:
			m.collect(s.SelectionSet, yield)
		case *ast.FragmentSpread:
			if def := m.fragments[s.Name]; def != nil {
				m.collect(def.SelectionSet, yield)
			}
		}
	}
}
