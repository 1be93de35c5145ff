package text

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Draw is what a contract adds to a content.
type Draw struct {
	Language   Language
	Slots      Values        // what stands in slots; those of live sources are taken from Live
	Live       Values        // the contract's own values, by source
	Optional   []string      // keys of the optional clauses that are in
	Exceptions []Replacement // accepted ones, in the order in which they were accepted
	Parties    []*Signatory
}

// Replacement is an accepted exception: in its contract the clause has the new words where it had the old ones.
type Replacement struct {
	ID     string
	Clause string
	Old    string
	New    string
}

// blank is what an empty slot looks like.
const blank = "________"

// Render makes the document. It is a pure function: the same content and the same draw give the same document, byte for
// byte. A clause's own words come from the content or from an accepted exception, and from nowhere else; what a slot
// holds stands beside them in runs of its own and is never read as a place of a slot.
func (c Content) Render(d Draw) Document {
	r := renderer{Content: c, draw: d, live: c.live(d.Live)}
	doc := Document{Language: d.Language, Title: c.Title.In(d.Language), Parties: d.Parties, Signatures: d.Parties, Clauses: []*Passage{}}
	missing := map[string]bool{}
	for _, cl := range c.Clauses {
		if !r.in(cl) {
			continue
		}
		p := r.passage(cl)
		if cl.Heading.In(d.Language) != "" {
			r.number++
			p.Number = r.number
			p.Label = clauseLabel(d.Language, r.number)
		}
		r.paragraphs(p)
		doc.Clauses = append(doc.Clauses, p)
		for _, key := range r.empty {
			missing[key] = true
		}
	}
	for _, s := range c.Slots { // in the order of the slots, each once
		if missing[s.Key] && s.Required {
			doc.Missing = append(doc.Missing, &Blank{s.Key, s.Label.In(d.Language)})
		}
	}
	return doc
}

// Wording returns the clause's words as they are in a contract now: the template's, or those of the last accepted
// exception, and which one that is.
func (c Content) Wording(clause string, l Language, exceptions []Replacement) (words, exception string) {
	cl := c.Clause(clause)
	if cl == nil {
		return "", ""
	}
	words = cl.Text.In(l)
	for _, x := range exceptions {
		if x.Clause == clause && x.Old == words {
			words, exception = x.New, x.ID
		}
	}
	return words, exception
}

type renderer struct {
	Content
	draw   Draw
	live   Values
	number int
	empty  []string
}

// in reports whether a clause is part of the contract.
func (r *renderer) in(cl *Clause) bool {
	if cl.Optional && !slices.Contains(r.draw.Optional, cl.Key) {
		return false
	}
	if cl.When == nil {
		return true
	}
	v := r.draw.Slots[cl.When.Slot]
	return v != nil && v.Choice != nil && *v.Choice == cl.When.Choice
}

func (r *renderer) passage(cl *Clause) *Passage {
	words, exception := r.Wording(cl.Key, r.draw.Language, r.draw.Exceptions)
	p := &Passage{Key: cl.Key, Heading: cl.Heading.In(r.draw.Language), Standing: Locked, Optional: cl.Optional, Changed: exception}
	parsed, err := parse(words)
	if err != nil { // was checked when it was written; words that cannot be read stand as they are
		parsed = []paragraph{{piece{words: words}}}
	}
	for _, line := range parsed {
		out := r.line(line)
		if len(out.Runs) != 1 || out.Runs[0].Kind != Fixed {
			p.Standing = Filled
		}
		p.Paragraphs = append(p.Paragraphs, out)
	}
	if exception != "" {
		p.Standing = Exception
	}
	p.Seal = seal(p.Heading, words)
	return p
}

// Seal is the fingerprint of a clause's own words in a language, as a document shows it.
func (cl *Clause) Seal(l Language) string { return seal(cl.Heading.In(l), cl.Text.In(l)) }

func seal(heading, words string) string {
	h := sha256.Sum256([]byte(strconv.Itoa(len(heading)) + ":" + heading + "\n" + words))
	return hex.EncodeToString(h[:])
}

// paragraphs numbers the paragraphs of a clause that has several.
func (r *renderer) paragraphs(p *Passage) {
	if p.Number == 0 || len(p.Paragraphs) < 2 {
		return
	}
	n := 0
	for _, line := range p.Paragraphs {
		if line.Table == nil {
			n++
			line.Label = fmt.Sprintf("%d.%d", p.Number, n)
		}
	}
}

func (r *renderer) line(line paragraph) *Lines {
	out := &Lines{Runs: []*Run{}}
	for _, piece := range line {
		if piece.slot == "" {
			out.Runs = append(out.Runs, &Run{Kind: Fixed, Text: piece.words})
			continue
		}
		s := r.slot(piece.slot)
		if s == nil { // an exception from before; its slot is gone with an older content
			out.Runs = append(out.Runs, &Run{Kind: Empty, Text: blank, Slot: piece.slot})
			continue
		}
		v := r.value(s)
		switch {
		case v == nil:
			r.empty = append(r.empty, s.Key)
			out.Runs = append(out.Runs, &Run{Kind: Empty, Text: blank, Slot: s.Key})
		case s.Type == Table:
			out.Table = r.grid(s, v)
		default:
			out.Runs = append(out.Runs, &Run{Kind: Said, Text: s.print(r.draw.Language, v, piece.capitals), Slot: s.Key})
		}
	}
	return out
}

func (r *renderer) value(s *Slot) *Value {
	if s.Source.Live() {
		return r.live[s.Key]
	}
	return r.draw.Slots[s.Key]
}

// live gives slots of live sources their values, by the slot's key.
func (c Content) live(bySource Values) Values {
	out := Values{}
	for _, s := range c.Slots {
		if v := bySource[string(s.Source)]; s.Source.Live() && v != nil {
			out[s.Key] = v
		}
	}
	return out
}

func (r *renderer) grid(s *Slot, v *Value) *Grid {
	g := &Grid{Slot: s.Key, Columns: liveColumns(s.Source, r.draw.Language), Rows: v.Rows}
	for _, col := range s.Columns {
		g.Columns = append(g.Columns, col.Label.In(r.draw.Language))
	}
	return g
}

// liveColumns are the headings of the tables that are the contract's own.
func liveColumns(s Source, l Language) []string {
	headings := map[Source]Words{
		ContractLines: {"名称|型号|规格|数量|单位|单价|金额|交付日期", "Description|Model|Specification|Quantity|Unit|Unit price|Amount|Delivery"},
		ContractPlan:  {"期次|应付日期|金额|款项用途", "No.|Due|Amount|Purpose"},
	}
	w, ok := headings[s]
	if !ok {
		return nil
	}
	return strings.Split(w.In(l), "|")
}
