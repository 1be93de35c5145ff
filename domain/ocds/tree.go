package ocds

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"null", "true or false", "a number", "a text", "a list", "an object"}[k]
}

// node is a JSON value. Numbers stay as written, so that no digit is lost. A null in a merged tree is a
// field that a later release took away.
type node struct {
	key  string // in its object
	text string // of text (unescaped), number and boolean
	kids []node // of list and object
	kind kind
	flaw textFlaw
	src  int32  // which release wrote it, for the place of a problem
	nth  uint16 // among the different objects that share one id in one list
}

// find returns the field named key, or nil when it is absent or null.
func (n *node) find(key string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	for i := range n.kids {
		if n.kids[i].key == key {
			if n.kids[i].kind == null {
				return nil
			}
			return &n.kids[i]
		}
	}
	return nil
}

// plain returns the trimmed text of a text or number field, or "".
func (n *node) plain(key string) string {
	if c := n.find(key); c != nil && (c.kind == text || c.kind == number) {
		return strings.TrimSpace(c.text)
	}
	return ""
}

// parser turns the bytes of one release into a tree. The slices it hands out belong to its arena and are
// overwritten after reset.
type parser struct {
	in       string
	pos      int
	src      int32
	maxDepth int
	stack    []node
	chunks   [][]node // memory for lists of members, filled in order
	chunk    int      // the one being filled
	repeated []string // paths of keys that stand twice in one object, of the value last parsed
}

// syntaxError says what is wrong at which byte of the release.
type syntaxError struct {
	at   int
	what string
}

// Error implements error.
func (e *syntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d of the release", e.what, e.at)
}

// reset makes the arena's memory available again. No tree of this parser may be used afterwards.
func (p *parser) reset() {
	const enough = 8 // chunks; one giant process must not hold its memory for the rest of the import
	if len(p.chunks) > enough {
		p.chunks, p.stack, p.in = nil, nil, ""
	}
	for i, c := range p.chunks {
		p.chunks[i] = c[:0]
	}
	p.chunk = 0
}

// parse reads one whole JSON value. It accepts unescaped control characters and broken encodings in texts,
// which publishers produce; everything else must be JSON (RFC 8259).
func (p *parser) parse(in string, src int32) (node, error) {
	p.in, p.pos, p.src, p.stack, p.repeated = in, 0, src, p.stack[:0], nil
	n, err := p.value(0)
	if err != nil {
		return node{}, err
	}
	p.space()
	if p.pos < len(p.in) {
		return node{}, p.fail("more follows the value")
	}
	return n, nil
}

func (p *parser) value(depth int) (node, error) {
	p.space()
	if p.pos >= len(p.in) {
		return node{}, p.fail("a value is missing")
	}
	if depth > p.maxDepth {
		return node{}, p.fail(fmt.Sprintf("values are nested deeper than %d", p.maxDepth))
	}
	switch c := p.in[p.pos]; c {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	case '"':
		s, flaw, err := p.str()
		return node{kind: text, text: s, flaw: flaw, src: p.src}, err
	case 't':
		return p.word("true", boolean)
	case 'f':
		return p.word("false", boolean)
	case 'n':
		return p.word("null", null)
	default:
		return p.number()
	}
}

func (p *parser) object(depth int) (node, error) {
	p.pos++
	from, seen := len(p.stack), uint64(0)
	for first := true; ; first = false {
		more, err := p.more('}', first)
		if err != nil {
			return node{}, err
		}
		if !more {
			return node{kind: object, kids: p.keep(from), src: p.src}, nil
		}
		if p.pos >= len(p.in) || p.in[p.pos] != '"' {
			return node{}, p.fail("a key is missing")
		}
		key, _, err := p.str()
		if err != nil {
			return node{}, err
		}
		p.space()
		if p.pos >= len(p.in) || p.in[p.pos] != ':' {
			return node{}, p.fail("a colon is missing")
		}
		p.pos++
		known := len(p.repeated)
		v, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		p.below(known, step{key: named(key)})
		v.key = key
		p.field(v, from, &seen)
	}
}

// field adds v to the object whose fields begin at from. The last of two with one key stands, as in most
// readers. seen is a small filter that spares the search nearly always.
func (p *parser) field(v node, from int, seen *uint64) {
	bit := uint64(1)
	if n := len(v.key); n > 0 {
		bit <<= (uint(n)*7 + uint(v.key[n-1]) + uint(v.key[0])*3) & 63
	}
	if *seen&bit != 0 {
		for i := from; i < len(p.stack); i++ {
			if p.stack[i].key == v.key {
				p.stack[i] = v
				p.repeated = append(p.repeated, named(v.key))
				return
			}
		}
	}
	*seen |= bit
	p.stack = append(p.stack, v)
}

func (p *parser) list(depth int) (node, error) {
	p.pos++
	from := len(p.stack)
	for first := true; ; first = false {
		known := len(p.repeated)
		more, err := p.more(']', first)
		if err != nil {
			return node{}, err
		}
		if !more {
			return node{kind: list, kids: p.keep(from), src: p.src}, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		p.below(known, step{at: len(p.stack) - from})
		p.stack = append(p.stack, v)
	}
}

// below completes the paths of repeated keys found since there were known of them by the step above.
func (p *parser) below(known int, above step) {
	for i := known; i < len(p.repeated); i++ {
		sep := "."
		if strings.HasPrefix(p.repeated[i], "[") {
			sep = ""
		}
		p.repeated[i] = show([]step{above}) + sep + p.repeated[i]
	}
}

// more steps over the comma before the next member, or over the closing bracket.
func (p *parser) more(end byte, first bool) (bool, error) {
	p.space()
	switch {
	case p.pos >= len(p.in):
		return false, p.fail("the value is not closed")
	case p.in[p.pos] == end:
		p.pos++
		return false, nil
	case first:
		return true, nil
	case p.in[p.pos] != ',':
		return false, p.fail("a comma is missing")
	}
	p.pos++
	p.space()
	if p.pos < len(p.in) && p.in[p.pos] == end {
		return false, p.fail("a comma stands before the closing bracket")
	}
	return true, nil
}

// keep moves the members above from off the stack into the arena.
func (p *parser) keep(from int) []node {
	members := p.stack[from:]
	p.stack = p.stack[:from]
	if len(members) == 0 {
		return nil
	}
	for p.chunk < len(p.chunks) && cap(p.chunks[p.chunk])-len(p.chunks[p.chunk]) < len(members) {
		p.chunk++
	}
	if p.chunk == len(p.chunks) {
		p.chunks = append(p.chunks, make([]node, 0, max(len(members), 2048)))
	}
	c := &p.chunks[p.chunk]
	at := len(*c)
	*c = append(*c, members...)
	return (*c)[at:len(*c):len(*c)]
}

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) word(w string, k kind) (node, error) {
	if !strings.HasPrefix(p.in[p.pos:], w) {
		return node{}, p.fail("an unknown word")
	}
	p.pos += len(w)
	return node{kind: k, text: w, src: p.src}, nil
}

func (p *parser) number() (node, error) {
	from := p.pos
	p.accept("-")
	switch {
	case p.accept("0"):
	case p.digits():
	default:
		return node{}, p.fail("an unexpected character")
	}
	if p.accept(".") && !p.digits() {
		return node{}, p.fail("a number without digits after its point")
	}
	if p.accept("eE") {
		p.accept("+-")
		if !p.digits() {
			return node{}, p.fail("a number without digits in its exponent")
		}
	}
	return node{kind: number, text: p.in[from:p.pos], src: p.src}, nil
}

func (p *parser) accept(any string) bool {
	if p.pos < len(p.in) && strings.IndexByte(any, p.in[p.pos]) >= 0 {
		p.pos++
		return true
	}
	return false
}

func (p *parser) digits() bool {
	from := p.pos
	for p.pos < len(p.in) && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > from
}

// str reads a string. Without escapes and with valid UTF-8 the result shares memory with the input.
func (p *parser) str() (string, textFlaw, error) {
	p.pos++
	from, odd, high := p.pos, false, false
	for p.pos < len(p.in) {
		p.pos += plainRun(p.in[p.pos:])
		if p.pos >= len(p.in) {
			break
		}
		switch c := p.in[p.pos]; {
		case c == '"':
			s := p.in[from:p.pos]
			p.pos++
			if !odd && (!high || utf8.ValidString(s)) {
				return s, 0, nil
			}
			clean, flaw := repair(s)
			return clean, flaw, nil
		case c == '\\':
			odd = true
			p.pos++
		case c == 0:
			odd = true
		case c >= utf8.RuneSelf:
			high = true
		}
		p.pos++
	}
	return "", 0, p.fail("a text is not closed")
}

func (p *parser) fail(what string) error { return &syntaxError{at: p.pos, what: what} }
