package policies

import (
	"strings"
	"sync"

	"heyue/policies/grant"
)

// shelf is what the shipped templates say and come to, once for all tenants. Most roles follow a template and add nothing, so
// that a tenant's snapshot holds little beyond who has which role.
type shelf struct {
	lines map[string][]line
	sets  sync.Map // names of templates, joined → map[Permission]grant.Scope
}

func newShelf() *shelf {
	f := &shelf{lines: map[string][]line{}}
	for _, t := range Templates() {
		f.lines[t.Name] = templateLines(t.Name)
	}
	return f
}

// named tells whose lines these are: the very ones of a template, with nothing added.
func (f *shelf) named(lines []line) (string, bool) {
	for name, l := range f.lines {
		if len(l) > 0 && len(l) == len(lines) && &l[0] == &lines[0] {
			return name, true
		}
	}
	return "", false
}

// together is what the named templates give somebody who has them all.
func (f *shelf) together(names []string) (map[Permission]grant.Scope, error) {
	key := strings.Join(names, ",")
	if known, ok := f.sets.Load(key); ok {
		return known.(map[Permission]grant.Scope), nil
	}
	roles := make([]roleRules, len(names))
	for i, name := range names {
		roles[i].Lines = f.lines[name]
	}
	scopes, err := decide(roles)
	if err != nil {
		return nil, err
	}
	actual, _ := f.sets.LoadOrStore(key, scopes)
	return actual.(map[Permission]grant.Scope), nil
}
