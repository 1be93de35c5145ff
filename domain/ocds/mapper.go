package ocds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"

	"heyue/platform/date"
)

// mapper turns one merged release into a Process. It keeps the path to the value it is at, so that every
// problem names its place.
type mapper struct {
	opt      Options
	entries  []entry
	out      Process
	path     []step
	ids      map[string]int // source ids given, and how often
	unmapped map[string]int // index of the problem about a path pattern
	parties  partySet
	alone    bool // the process has one contract
}

func newMapper(opt Options, entries []entry) *mapper {
	m := &mapper{opt: opt, entries: entries, ids: map[string]int{}, unmapped: map[string]int{}}
	m.out.Line, m.out.Element, m.out.Offset = entries[0].line, entries[0].element, entries[0].offset
	return m
}

// merge makes one tree of releases, oldest first.
func (m *mapper) merge(releases []release) *node {
	mg := merger{tell: func(path []step, at *node, reason string) {
		if stage := path[0].key; stage != "tender" && stage != "planning" { // reported as a whole
			m.place(at.src, show(path), reason, Altered)
		}
	}}
	for i := range releases {
		mg.untangle(&releases[i].root)
	}
	root := &releases[0].root
	for i := range releases[1:] {
		mg.merge(root, &releases[i+1].root)
	}
	return root
}

// place records a problem about a value of the release src.
func (m *mapper) place(src int32, path, reason string, severity Severity) {
	e := m.entries[src]
	id, _ := clip(e.ocid, m.opt.MaxID)
	m.out.Problems = append(m.out.Problems, Problem{
		Line: e.line, Element: e.element, Offset: e.offset, OCID: id,
		Path: path, Reason: reason, Severity: severity, Count: 1,
	})
}

// everywhere skips all releases of the process for one reason.
func (m *mapper) everywhere(reason string) {
	for i := range m.entries {
		m.place(int32(i), "$", reason, Skipped)
	}
}

func (m *mapper) enter(key string) { m.path = append(m.path, step{key: key}) }
func (m *mapper) item(at int)      { m.path = append(m.path, step{at: at}) }
func (m *mapper) leave()           { m.path = m.path[:len(m.path)-1] }

// show writes a path as contracts[0].value.amount.
func show(path []step) string {
	var b []byte
	for _, s := range path {
		switch {
		case s.key == "":
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.at), 10)
			b = append(b, ']')
		case len(b) > 0:
			b = append(b, '.')
			b = append(b, s.key...)
		default:
			b = append(b, s.key...)
		}
	}
	return string(b)
}

// named makes a key fit for a step, where the empty key means a position.
func named(key string) string {
	if key == "" {
		return `""`
	}
	return key
}

// pattern is show with [] for every position.
func pattern(path []step, key string) string {
	var b []byte
	for _, s := range path {
		switch {
		case s.key == "":
			b = append(b, "[]"...)
		case len(b) > 0:
			b = append(append(b, '.'), s.key...)
		default:
			b = append(b, s.key...)
		}
	}
	if len(b) > 0 {
		b = append(b, '.')
	}
	return string(append(b, key...))
}

// at records a problem about the field key of the object the mapper is in; n gives the release.
func (m *mapper) at(n *node, key string, severity Severity, format string, args ...any) {
	src := n.src
	if f := n.find(key); f != nil {
		src = f.src
	}
	path := show(m.path)
	if key != "" {
		path = join(path, key)
	}
	m.place(src, path, fmt.Sprintf(format, args...), severity)
}

// rest reports the fields of n that the mapping has no place for: one problem for all of one kind. Empty
// values are no loss.
func (m *mapper) rest(n *node, known func(string) bool) {
	for i := range n.kids {
		f := &n.kids[i]
		if known(f.key) || f.empty() {
			continue
		}
		if base, _, ok := strings.Cut(f.key, "_"); ok && translated(base) && known(base) {
			continue
		}
		p := pattern(m.path, named(f.key))
		if at, ok := m.unmapped[p]; ok {
			m.out.Problems[at].Count++
			continue
		}
		m.unmapped[p] = len(m.out.Problems)
		m.place(f.src, p, "has no place in a contract file and was left out", Field)
	}
}

func (n *node) empty() bool {
	switch n.kind {
	case null:
		return true
	case text:
		return strings.TrimSpace(n.text) == ""
	case list, object:
		for i := range n.kids {
			if !n.kids[i].empty() {
				return false
			}
		}
		return true
	}
	return false
}

// translated names the fields that may come in language variants.
func translated(key string) bool {
	switch key {
	case "name", "title", "description", "legalName", "rationale":
		return true
	}
	return false
}

// text returns a text of at most limit characters, without white space around it. Numbers are taken as they
// are written.
func (m *mapper) text(n *node, key string, limit int) string {
	f := n.find(key)
	if f == nil {
		return ""
	}
	if f.kind != text && f.kind != number {
		if !f.empty() {
			m.at(n, key, Field, "is %s, a text was expected", f.kind)
		}
		return ""
	}
	s := strings.TrimSpace(f.text)
	if f.flaw != 0 {
		m.at(n, key, Altered, "%s", f.flaw.reason())
	}
	cut, was := clip(s, limit)
	if was {
		m.at(n, key, Altered, "is longer than %d characters and was cut", limit)
	}
	return cut
}

func (m *mapper) title(n *node, key string) string { return m.text(n, key, m.opt.MaxTitle) }
func (m *mapper) long(n *node, key string) string  { return m.text(n, key, m.opt.MaxText) }

// id is text for identifiers. A cut one gets a hash of the whole, so that two of them stay different.
func (m *mapper) id(n *node, key string) string {
	f := n.find(key)
	if f == nil || f.kind != text || len(f.text) <= m.opt.MaxID {
		return m.text(n, key, m.opt.MaxID)
	}
	sum := sha256.Sum256([]byte(f.text))
	head, _ := clip(strings.TrimSpace(f.text), m.opt.MaxID-17)
	m.at(n, key, Altered, "is longer than %d characters; its end was replaced by a hash", m.opt.MaxID)
	return head + "~" + hex.EncodeToString(sum[:8])
}

// phrase returns a text that may have variants in other languages (title, title_en), and those variants. When
// the plain field is empty, a variant takes its place: the release's language, then Options.Languages, then
// the first by name.
func (m *mapper) phrase(n *node, key string, limit int) (string, []Translation) {
	base := m.text(n, key, limit)
	var variants []Translation
	for i := range n.kids {
		k := n.kids[i].key
		if len(k) > len(key)+1 && k[len(key)] == '_' && k[:len(key)] == key {
			if s := m.text(n, k, limit); s != "" {
				variants = append(variants, Translation{k[len(key)+1:], s})
			}
		}
	}
	if base != "" || len(variants) == 0 {
		return base, variants
	}
	for _, lang := range append([]string{m.out.Language}, m.opt.Languages...) {
		for _, v := range variants {
			if v.Lang == lang {
				return v.Text, variants
			}
		}
	}
	return variants[0].Text, variants
}

// day returns a civil date, or none.
func (m *mapper) day(n *node, key string) date.Date {
	s := n.plain(key)
	if s == "" {
		if f := n.find(key); f != nil && !f.empty() {
			m.at(n, key, Field, "is %s, a date was expected", f.kind)
		}
		return date.Date{}
	}
	at, why := parseMoment(s)
	if why != "" {
		short, _ := clip(s, 60)
		m.at(n, key, Field, "%q %s", short, why)
		return date.Date{}
	}
	return at.civil(m.opt.Zone)
}

// Numbers with more digits than this are no amounts, and could fill the memory when they are written out.
const maxDigits = 40

// decimal reads a number exactly. Publishers also write numbers as texts; those must be plain JSON numbers.
func (m *mapper) decimal(n *node, key string) (decimal.Decimal, bool) {
	f := n.find(key)
	if f == nil || f.kind == text && strings.TrimSpace(f.text) == "" {
		return decimal.Decimal{}, false
	}
	if f.kind != number && f.kind != text {
		m.at(n, key, Field, "is %s, a number was expected", f.kind)
		return decimal.Decimal{}, false
	}
	s := strings.TrimSpace(f.text)
	d, err := decimal.NewFromString(s)
	short, _ := clip(s, 60)
	if f.kind == text && (err != nil || strings.ContainsAny(s, "_+")) {
		m.at(n, key, Field, "%q is not a number with only one meaning", short)
		return decimal.Decimal{}, false
	}
	if err != nil || len(s) > 2*maxDigits || d.NumDigits()+int(max(d.Exponent(), 0)) > maxDigits || d.Exponent() < -maxDigits {
		m.at(n, key, Field, "%q has more than %d digits", short, maxDigits)
		return decimal.Decimal{}, false
	}
	return d, true
}

// money reads a value object (amount and currency). fallback is the currency taken when there is none; empty
// means that an amount without currency is left out.
func (m *mapper) money(n *node, key, fallback string) *Money {
	v := n.find(key)
	if v == nil || v.empty() {
		return nil
	}
	if v.kind != object {
		m.at(n, key, Field, "is %s, an amount with a currency was expected", v.kind)
		return nil
	}
	m.enter(key)
	defer m.leave()
	m.rest(v, func(k string) bool { return k == "amount" || k == "currency" })
	amount, ok := m.decimal(v, "amount")
	code := strings.ToUpper(v.plain("currency"))
	switch {
	case !ok:
		if v.find("amount") == nil {
			m.at(v, "amount", Field, "is missing")
		}
		return nil
	case code == "" && fallback != "":
		m.at(v, "currency", Altered, "is missing; the contract's %s was taken", fallback)
		code = fallback
	case code == "":
		m.at(v, "currency", Field, "is missing, so the amount %s was left out", amount)
		return nil
	case !currency.IsValid(code):
		short, _ := clip(code, 20)
		m.at(v, "currency", Field, "%q is not an ISO 4217 currency, so the amount %s was left out", short, amount)
		return nil
	}
	return &Money{Amount: amount, Currency: code}
}

// objects calls each for every object of a list field, with the path set to it. Anything else in the list is
// reported as skipped. A single object in place of the list, as some publishers write, counts as one element.
func (m *mapper) objects(n *node, key string, each func(*node)) {
	l := n.find(key)
	if l == nil || l.empty() {
		return
	}
	m.enter(key)
	defer m.leave()
	switch l.kind {
	case object:
		each(l)
		return
	case list:
	default:
		m.at(l, "", Skipped, "is %s, a list of objects was expected", l.kind)
		return
	}
	for i := range l.kids {
		e := &l.kids[i]
		m.item(i)
		switch {
		case e.kind == object && !e.empty():
			each(e)
		case e.kind != object && !e.empty():
			m.at(e, "", Skipped, "is %s, an object was expected", e.kind)
		}
		m.leave()
	}
}

// sourceID names an object below parent for good: by its own id, or by its content when it has none. Repeats
// are numbered in the order of the merged process.
func (m *mapper) sourceID(parent, kind, id string, n *node) string {
	if id == "" {
		var c canonical
		sum := sha256.Sum256(c.of(n))
		id = "~" + hex.EncodeToString(sum[:6])
	}
	if strings.ContainsAny(id, "/#%") {
		id = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(id, "%", "%25"), "/", "%2F"), "#", "%23")
	}
	full := parent + "/" + kind + "/" + id
	m.ids[full]++
	if again := m.ids[full]; again > 1 {
		full += "#" + strconv.Itoa(again)
	}
	return full
}
