package text

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
)

// Document is a contract's text as it is read, printed and signed: made of a content and what a contract adds, never
// edited. The API, printing and the content fingerprint read this model.
type Document struct {
	Language   Language     `json:"language"`
	Title      string       `json:"title"`
	Parties    []*Signatory `json:"parties"`
	Clauses    []*Passage   `json:"clauses"`
	Signatures []*Signatory `json:"signatures"`
	// Missing are the labels of required slots that are still empty, by key; a complete text has none.
	Missing []*Blank `json:"-"`
}

// Standing says what became of a clause of the template in a contract.
type Standing string

// What can become of a clause.
const (
	Locked    Standing = "LOCKED"    // word for word the template's
	Filled    Standing = "FILLED"    // the template's words around the values of slots
	Exception Standing = "EXCEPTION" // worded otherwise by an accepted exception
)

// Values returns all standings as text.
func (Standing) Values() []string {
	return []string{string(Locked), string(Filled), string(Exception)}
}

// Passage is a clause in its place.
type Passage struct {
	Key        string   `json:"key"`
	Number     int      `json:"number"` // 1, 2, 3 … among clauses with a heading; 0 without one
	Label      string   `json:"label"`  // the number as it is printed: 第一条, 1.
	Heading    string   `json:"heading"`
	Standing   Standing `json:"standing"`
	Optional   bool     `json:"optional"`
	Paragraphs []*Lines `json:"paragraphs"`
	// Seal is the SHA-256 of the clause's own words, slots as places, in hex. It is that of the template's clause unless
	// an exception was accepted, whatever the slots hold.
	Seal string `json:"seal"`
	// Changed is the exception that gave the clause its words.
	Changed string `json:"-"`
}

// Lines is a paragraph: runs of text, or a table.
type Lines struct {
	Label string `json:"label"` // 1.1; "" for the only paragraph of a clause
	Runs  []*Run `json:"runs"`
	Table *Grid  `json:"table"`
}

// RunKind tells a clause's own words from what was filled in.
type RunKind string

// Kinds of runs.
const (
	Fixed RunKind = "FIXED" // the clause's own words
	Said  RunKind = "SLOT"  // the value of a slot
	Empty RunKind = "BLANK" // a slot without a value
)

// Values returns all kinds as text.
func (RunKind) Values() []string { return []string{string(Fixed), string(Said), string(Empty)} }

// Run is a piece of text of one kind.
type Run struct {
	Kind RunKind `json:"kind"`
	Text string  `json:"text"`
	Slot string  `json:"slot"` // "" for fixed words
}

// Grid is a table with its heading row.
type Grid struct {
	Slot    string     `json:"slot"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Signatory is a party of the contract as it is named and signs.
type Signatory struct {
	Role           string `json:"role"`
	Name           string `json:"name"`
	CreditCode     string `json:"creditCode"`
	Representative string `json:"representative"`
}

// Blank is a required slot without a value.
type Blank struct{ Slot, Label string }

// form begins the canonical form, so that the fingerprint of another form is another one.
const form = "heyue-text/1\n"

// Canonical is the one way in which a document is written for its fingerprint: equal documents give equal bytes, and
// documents that read differently give different ones.
func (d Document) Canonical() []byte { return canonical(d) }

// Hash is the SHA-256 of the canonical form.
func (d Document) Hash() [sha256.Size]byte { return sha256.Sum256(d.Canonical()) }

// Hash is the SHA-256 of the content's canonical form: what a published version is known by.
func (c Content) Hash() [sha256.Size]byte { return sha256.Sum256(canonical(c)) }

// canonical writes structs, whose fields stand in the order of their declaration; there are no maps below them.
func canonical(v any) []byte {
	var b bytes.Buffer
	b.WriteString(form)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // structs of text and numbers always encode
		panic(err)
	}
	return b.Bytes()
}

// Plain is the document as plain text, a paragraph a line, for reading and searching.
func (d Document) Plain() string {
	var b bytes.Buffer
	b.WriteString(d.Title + "\n")
	for _, p := range d.Parties {
		b.WriteString(p.Role + ": " + p.Name + "\n")
	}
	for _, c := range d.Clauses {
		if c.Heading != "" {
			b.WriteString("\n" + c.Label + " " + c.Heading + "\n")
		}
		for _, p := range c.Paragraphs {
			b.WriteString(p.plain() + "\n")
		}
	}
	return b.String()
}

func (p *Lines) plain() string {
	var b bytes.Buffer
	if p.Label != "" {
		b.WriteString(p.Label + " ")
	}
	for _, r := range p.Runs {
		b.WriteString(r.Text)
	}
	if p.Table != nil {
		for i, row := range append([][]string{p.Table.Columns}, p.Table.Rows...) {
			if i > 0 {
				b.WriteByte('\n')
			}
			for j, cell := range row {
				if j > 0 {
					b.WriteString(" | ")
				}
				b.WriteString(cell)
			}
		}
	}
	return b.String()
}
