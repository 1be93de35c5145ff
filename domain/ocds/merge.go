package ocds

import "fmt"

// notice tells of something that merging decided, about the value at path.
type notice func(path []step, at *node, reason string)

// merger applies releases on one another by the merge rules of OCDS 1.1: fields are overwritten by later
// ones, null takes a field away, objects in lists are matched by id, other lists are replaced as a whole.
// https://standard.open-contracting.org/1.1/en/schema/merging/
type merger struct {
	path []step
	tell notice
}

// step is one part of a path: a key, or a position in a list when key is empty.
type step struct {
	key string
	at  int
}

// merge applies the later release b on a.
func (m *merger) merge(a, b *node) { m.object(a, b) }

func (m *merger) object(a, b *node) {
	a.src = b.src
	for i := range b.kids {
		f := &b.kids[i]
		old := field(a, f.key)
		if old == nil {
			a.kids = append(a.kids, *f)
			continue
		}
		m.path = append(m.path, step{key: named(f.key)})
		m.value(old, f)
		m.path = m.path[:len(m.path)-1]
	}
}

func (m *merger) value(a, b *node) {
	switch {
	case a.kind == object && b.kind == object:
		m.object(a, b)
	case a.kind == list && b.kind == list && !replacedWhole(b.key) && hasIDs(a, b):
		m.list(a, b)
	default:
		nth := a.nth
		*a = *b
		a.nth = nth
	}
}

// field is find without hiding nulls.
func field(n *node, key string) *node {
	for i := range n.kids {
		if n.kids[i].key == key {
			return &n.kids[i]
		}
	}
	return nil
}

// replacedWhole names the lists whose objects have ids that are not unique in them (wholeListMerge in the
// release schema).
func replacedWhole(key string) bool {
	switch key {
	case "additionalIdentifiers", "additionalClassifications", "changes":
		return true
	}
	return false
}

// hasIDs reports whether two lists are to be matched by id: both hold objects only, and one at least holds
// an object with an id. A list of objects without ids is replaced, also by an empty one; a list with ids
// never shrinks.
func hasIDs(a, b *node) bool {
	found := false
	for _, l := range []*node{a, b} {
		for i := range l.kids {
			if l.kids[i].kind != object {
				return false
			}
			found = found || l.kids[i].plain("id") != ""
		}
	}
	return found
}

// identity is what matches objects of two lists: the id, and which of several different objects with that id.
type identity struct {
	id  string
	nth uint16
}

func identify(n *node) identity { return identity{n.plain("id"), n.nth} }

func (m *merger) list(a, b *node) {
	known := make(map[identity]int, len(a.kids))
	for i := range a.kids {
		known[identify(&a.kids[i])] = i
	}
	incoming := make(map[identity]bool, len(b.kids))
	for i := range b.kids {
		incoming[identify(&b.kids[i])] = true
	}
	before := len(a.kids)
	adopted := map[int]bool{}
	for i := range b.kids {
		e := &b.kids[i]
		id := identify(e)
		at, ok := known[id]
		if !ok || id.id == "" {
			at, ok = m.adopt(a, before, e, incoming, adopted)
		}
		if !ok {
			known[id] = len(a.kids)
			a.kids = append(a.kids, *e)
			continue
		}
		m.path = append(m.path, step{at: at})
		m.object(&a.kids[at], e)
		m.path = m.path[:len(m.path)-1]
	}
}

// adopt finds the object of an earlier release that e repeats under a new id. Some publishers mint ids anew
// with every publication; counted twice, such lines and payments would double a contract.
func (m *merger) adopt(a *node, before int, e *node, incoming map[identity]bool, adopted map[int]bool) (int, bool) {
	for i := 0; i < before; i++ {
		old := &a.kids[i]
		id := identify(old)
		if adopted[i] || id.id != "" && incoming[id] || !sameButID(old, e) {
			continue
		}
		adopted[i] = true
		if newID := e.plain("id"); newID != "" && id.id != "" {
			m.path = append(m.path, step{at: i})
			m.tell(m.path, e, fmt.Sprintf("a later release repeats this under the id %q; it was counted once", newID))
			m.path = m.path[:len(m.path)-1]
			setText(e, "id", field(old, "id"))
		}
		return i, true
	}
	return 0, false
}

func setText(n *node, key string, to *node) {
	if f := field(n, key); f != nil {
		*f = *to
	}
}

// sameButID reports whether two objects agree in everything except their ids.
func sameButID(a, b *node) bool {
	compared := 0
	for i := range a.kids {
		f := &a.kids[i]
		if f.key == "id" {
			continue
		}
		other := field(b, f.key)
		if other == nil || !equal(f, other) {
			return false
		}
		compared++
	}
	own := 0
	for i := range b.kids {
		if b.kids[i].key != "id" {
			own++
		}
	}
	return compared > 0 && own == compared
}

func equal(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || len(a.kids) != len(b.kids) {
		return false
	}
	for i := range a.kids {
		other := &b.kids[i]
		if a.kind == object && other.key != a.kids[i].key {
			if other = field(b, a.kids[i].key); other == nil {
				return false
			}
		}
		if !equal(&a.kids[i], other) {
			return false
		}
	}
	return true
}

// untangle prepares one release: objects of one list that share an id are the same one when they do not
// contradict each other in what makes them one, and are numbered apart when they do.
func (m *merger) untangle(n *node) {
	switch n.kind {
	case object:
		for i := range n.kids {
			if f := &n.kids[i]; f.kind == object || f.kind == list {
				m.path = append(m.path, step{key: named(f.key)})
				m.untangle(f)
				m.path = m.path[:len(m.path)-1]
			}
		}
	case list:
		for i := range n.kids {
			m.path = append(m.path, step{at: i})
			m.untangle(&n.kids[i])
			m.path = m.path[:len(m.path)-1]
		}
		if len(n.kids) > 1 && !replacedWhole(n.key) && repeatsID(n) {
			m.join(n)
		}
	}
}

// repeatsID reports whether two objects of a list share an id. Nearly none does, so short lists are searched
// without a map.
func repeatsID(l *node) bool {
	if len(l.kids) > 12 {
		seen := make(map[string]bool, len(l.kids))
		for i := range l.kids {
			if id := l.kids[i].plain("id"); id != "" {
				if seen[id] {
					return true
				}
				seen[id] = true
			}
		}
		return false
	}
	for i := range l.kids {
		id := l.kids[i].plain("id")
		for j := 0; j < i && id != ""; j++ {
			if l.kids[j].plain("id") == id {
				return true
			}
		}
	}
	return false
}

func (m *merger) join(l *node) {
	byID := map[string][]int{}
	kept := l.kids[:0]
next:
	for i := range l.kids {
		e := l.kids[i]
		id := e.plain("id")
		if e.kind != object || id == "" {
			kept = append(kept, e)
			continue
		}
		for _, at := range byID[id] {
			if first := &kept[at]; !contradicts(l.key, first, &e) {
				m.path = append(m.path, step{at: at})
				m.overwritten(first, &e)
				m.object(first, &e)
				m.path = m.path[:len(m.path)-1]
				continue next
			}
		}
		e.nth = uint16(min(len(byID[id]), 1<<16-1))
		byID[id] = append(byID[id], len(kept))
		kept = append(kept, e)
	}
	clear(l.kids[len(kept):])
	l.kids = kept
}

// contradicts reports whether two objects with one id are different things. Contracts and awards are told
// apart by what is fixed when they are made; parties never; anything else by every plain field.
func contradicts(key string, a, b *node) bool {
	for i := range a.kids {
		f := &a.kids[i]
		switch key {
		case "parties", "suppliers", "tenderers":
			return false
		case "contracts", "awards":
			if f.key != "awardID" && f.key != "value" && f.key != "dateSigned" && f.key != "title" && f.key != "date" && f.key != "suppliers" {
				continue
			}
		default:
			if f.kind == list || f.kind == object && f.key != "value" && f.key != "unit" && f.key != "classification" {
				continue
			}
		}
		other := field(b, f.key)
		if other != nil && f.kind != null && other.kind != null && !equal(f, other) {
			return true
		}
	}
	return false
}

// overwritten tells of plain fields whose value is about to be lost to a repetition in the same release.
func (m *merger) overwritten(a, b *node) {
	for i := range a.kids {
		f := &a.kids[i]
		if f.kind == list || f.kind == object || f.kind == null {
			continue
		}
		if other := field(b, f.key); other != nil && !equal(f, other) {
			m.path = append(m.path, step{key: named(f.key)})
			short, _ := clip(f.text, 80)
			m.tell(m.path, f, fmt.Sprintf("the release holds this id twice; the later value stands and %q was left out", short))
			m.path = m.path[:len(m.path)-1]
		}
	}
}
