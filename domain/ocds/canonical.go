package ocds

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// mappingVersion goes into every SourceHash. Raise it whenever the same input maps to something else, so that
// a repeated import takes the new mapping over.
const mappingVersion = 1

// fingerprint is the SourceHash of a merged process.
func (c *canonical) fingerprint(root *node, opt Options) string {
	c.b = append(c.b[:0], mappingVersion, byte(opt.Perspective))
	if opt.Zone != nil {
		c.str(opt.Zone.String())
	}
	for _, lang := range opt.Languages {
		c.str(lang)
	}
	c.add(root)
	sum := sha256.Sum256(c.b)
	return hex.EncodeToString(sum[:])
}

// canonical writes trees in a form that does not depend on the order of keys, on white space or on escapes.
type canonical struct{ b []byte }

// of returns the canonical form of n; it is valid until the next call.
func (c *canonical) of(n *node) []byte {
	c.b = c.b[:0]
	c.add(n)
	return c.b
}

func (c *canonical) add(n *node) {
	c.b = append(c.b, "nb#\"[{"[n.kind])
	switch n.kind {
	case object:
		var room [32]int32
		for _, i := range byKey(n.kids, room[:0]) {
			if n.kids[i].kind != null {
				c.str(n.kids[i].key)
				c.add(&n.kids[i])
			}
		}
		c.b = append(c.b, '}')
	case list:
		for i := range n.kids {
			c.add(&n.kids[i])
		}
		c.b = append(c.b, ']')
	case null:
	default:
		c.str(n.text)
	}
}

// byKey returns the positions of fields in the order of their keys, in room when that is enough.
func byKey(fields []node, room []int32) []int32 {
	for i := range fields {
		room = append(room, int32(i))
	}
	slices.SortFunc(room, func(a, b int32) int { return strings.Compare(fields[a].key, fields[b].key) })
	return room
}

func (c *canonical) str(s string) {
	c.b = binary.AppendUvarint(c.b, uint64(len(s)))
	c.b = append(c.b, s...)
}

// source returns n as JSON, for values that are kept as they were published.
func (n *node) source() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case text:
		quote(b, n.text)
	case list, object:
		open, end := byte('['), byte(']')
		if n.kind == object {
			open, end = '{', '}'
		}
		b.WriteByte(open)
		for i := range n.kids {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.kind == object {
				quote(b, n.kids[i].key)
				b.WriteByte(':')
			}
			n.kids[i].write(b)
		}
		b.WriteByte(end)
	case null:
		b.WriteString("null")
	default:
		b.WriteString(n.text)
	}
}

func quote(b *strings.Builder, s string) {
	quoted, _ := json.Marshal(s) // a string always encodes
	b.Write(quoted)
}
