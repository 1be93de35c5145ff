package ocds

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// release is one release of a process, ready to be merged.
type release struct {
	root     node
	src      int32
	at       time.Time // zero when it has none
	id       string
	compiled bool              // the publisher's own merge of all releases up to at
	digest   [sha256.Size]byte // of the content; zero unless it was needed
}

// gathering collects the releases of one process from its entries.
type gathering struct {
	releases []release
	hash     *canonical
	tell     func(src int32, path, reason string, severity Severity)
}

// element takes a release or a record apart. linked tells whether the record points to releases elsewhere.
func (g *gathering) element(root node, src int32) {
	if root.kind != object {
		g.tell(src, "$", "is not a JSON object", Skipped)
		return
	}
	compiled, versioned, parts := root.find("compiledRelease"), root.find("versionedRelease"), root.find("releases")
	if compiled == nil && versioned == nil && parts == nil {
		g.release(root, src, "", false)
		return
	}
	if compiled != nil {
		g.release(*compiled, src, "compiledRelease", true)
	}
	whole := g.embedded(parts, src, compiled != nil || versioned != nil)
	if compiled == nil && versioned != nil && !whole {
		g.release(unversion(*versioned), src, "versionedRelease", true)
	}
}

// embedded takes the releases inside a record. A link to a release elsewhere is a problem only when nothing
// else in the record says what that release holds. It reports whether all releases were embedded.
func (g *gathering) embedded(parts *node, src int32, summarised bool) bool {
	if parts == nil || parts.kind != list {
		return false
	}
	whole := len(parts.kids) > 0
	for i := range parts.kids {
		part, path := parts.kids[i], fmt.Sprintf("releases[%d]", i)
		if part.kind == object && part.find("url") != nil && part.find("ocid") == nil && part.find("contracts") == nil {
			whole = false
			if !summarised {
				g.tell(src, path, "is a link to a release that is not in this file", Skipped)
			}
			continue
		}
		g.release(part, src, path, false)
	}
	return whole
}

func (g *gathering) release(root node, src int32, path string, compiled bool) {
	if root.kind != object {
		g.tell(src, cmp.Or(path, "$"), "is not a JSON object", Skipped)
		return
	}
	r := release{root: root, src: src, id: root.plain("id"), compiled: compiled}
	if tags := root.find("tag"); tags != nil {
		for _, t := range tags.kids {
			r.compiled = r.compiled || t.text == "compiled"
		}
		r.compiled = r.compiled || tags.text == "compiled"
	}
	if written := root.plain("date"); written != "" {
		m, why := parseMoment(written)
		if why != "" {
			g.tell(src, join(path, "date"), fmt.Sprintf("%q %s; the release was taken as the oldest", written, why), Field)
		}
		r.at = m.at
	} else if !compiled {
		g.tell(src, join(path, "date"), "is missing; the release was taken as the oldest", Field)
	}
	g.releases = append(g.releases, r)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// ordered returns the releases that make up the process, oldest first. A compiled release stands for every
// release up to its date, so older ones are left out; compiled releases of the same date complete each other.
// Releases that say the same count
// once. The order depends on nothing but content, so that it is the same however the file is arranged.
func (g *gathering) ordered() []release {
	slices.SortStableFunc(g.releases, compareReleases)
	g.settleTies()
	last := -1
	for i, r := range g.releases {
		if r.compiled {
			last = i
		}
	}
	if last < 0 {
		return g.releases
	}
	at := g.releases[last].at
	return slices.DeleteFunc(g.releases, func(r release) bool {
		return r.at.Before(at) || r.at.Equal(at) && !r.compiled
	})
}

func compareReleases(a, b release) int {
	return cmp.Or(a.at.Compare(b.at), compareBool(b.compiled, a.compiled), cmp.Compare(a.id, b.id))
}

// settleTies puts releases that nothing else puts in order into the order of their digests, and drops all but
// one of those with the same content.
func (g *gathering) settleTies() {
	for from := 0; from < len(g.releases); {
		to := from + 1
		for to < len(g.releases) && compareReleases(g.releases[from], g.releases[to]) == 0 {
			to++
		}
		if tied := g.releases[from:to]; len(tied) > 1 {
			for i := range tied {
				tied[i].digest = sha256.Sum256(g.hash.of(&tied[i].root))
			}
			slices.SortStableFunc(tied, func(a, b release) int { return bytes.Compare(a.digest[:], b.digest[:]) })
		}
		from = to
	}
	g.releases = slices.CompactFunc(g.releases, func(a, b release) bool {
		return a.digest == b.digest && a.digest != [sha256.Size]byte{}
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// unversion returns the latest value of every field of a versioned release, where a field is a list of the
// values it has had.
func unversion(n node) node {
	if n.kind == list {
		if value, ok := latest(&n); ok {
			value.key = n.key
			return value
		}
	}
	kids := make([]node, len(n.kids))
	for i := range n.kids {
		kids[i] = unversion(n.kids[i])
	}
	n.kids = kids
	return n
}

// latest returns the value with the greatest release date when l is a list of versions.
func latest(l *node) (node, bool) {
	var best *node
	var bestAt time.Time
	for i := range l.kids {
		k := &l.kids[i]
		if k.kind != object || k.find("releaseDate") == nil || field(k, "value") == nil {
			return node{}, false
		}
		m, _ := parseMoment(k.plain("releaseDate"))
		if best == nil || !m.at.Before(bestAt) {
			best, bestAt = k, m.at
		}
	}
	if best == nil {
		return node{}, false
	}
	return *field(best, "value"), true
}
