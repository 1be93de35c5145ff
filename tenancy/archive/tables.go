package archive

import (
	"slices"

	"heyue/tenancy/catalog"
)

// groups lists all tables of tenants so that each comes after those it refers to; tables that refer to each other, and so
// to themselves, stand together. It follows from the catalogue, so a new table is part of it by itself.
func groups() [][]catalog.Table {
	all := catalog.Tables()
	refers := map[string][]string{}
	for _, t := range all {
		refers[t.Name] = t.Refers
	}
	reach := map[string]map[string]bool{}
	for _, t := range all {
		reach[t.Name] = map[string]bool{}
		walk(refers, t.Name, reach[t.Name])
	}
	var out [][]catalog.Table
	done := map[string]bool{}
	for len(done) < len(all) {
		for _, t := range all {
			if done[t.Name] {
				continue
			}
			if group, ready := together(all, reach, done, t.Name); ready {
				out = append(out, group)
				for _, member := range group {
					done[member.Name] = true
				}
			}
		}
	}
	return out
}

// together is a table with those that it refers to and that refer to it; ready when all others that it refers to are done.
func together(all []catalog.Table, reach map[string]map[string]bool, done map[string]bool, name string) (group []catalog.Table, ready bool) {
	for _, other := range all {
		switch {
		case other.Name == name || reach[name][other.Name] && reach[other.Name][name]:
			group = append(group, other)
		case reach[name][other.Name] && !done[other.Name]:
			return nil, false
		}
	}
	return group, true
}

// walk collects what a table refers to, directly or not.
func walk(refers map[string][]string, from string, seen map[string]bool) {
	for _, to := range refers[from] {
		if !seen[to] {
			seen[to] = true
			walk(refers, to, seen)
		}
	}
}

// moved are the groups of what an archive holds.
func moved() [][]catalog.Table {
	var out [][]catalog.Table
	for _, group := range groups() {
		group = slices.DeleteFunc(slices.Clone(group), func(t catalog.Table) bool { return !t.Class.Moves() })
		if len(group) > 0 {
			out = append(out, group)
		}
	}
	return out
}

func names(group []catalog.Table) []string {
	out := make([]string, len(group))
	for i, t := range group {
		out[i] = t.Name
	}
	return out
}
