package compile

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"
)

// connection is a page as it came: its parts are written in the order in which they are asked for.
type connection struct {
	*field
	state  *state
	total  []byte
	parent *uuid.UUID
	rows   [][]byte
	more   bool
}

func (a *answer) page(f *field) error {
	c, err := a.connection(f)
	if err != nil {
		return err
	}
	for i, part := range f.parts {
		a.key(i, part)
		if err := a.part(c, part); err != nil {
			return err
		}
	}
	if len(f.parts) == 0 {
		a.out.WriteByte('{')
	}
	a.out.WriteByte('}')
	return nil
}

func (a *answer) connection(f *field) (*connection, error) {
	c := &connection{field: f, state: &a.state[f.place]}
	if err := a.open(); err != nil {
		return nil, err
	}
	var err error
	if c.total, err = a.value(); err != nil {
		return nil, err
	}
	if !a.null() {
		raw, err := a.value()
		if err != nil {
			return nil, err
		}
		id, err := uuid.ParseBytes(unquoted(raw))
		if err != nil {
			return nil, err
		}
		c.parent = &id
	}
	if a.null() {
		return c, a.closed()
	}
	if err := a.open(); err != nil {
		return nil, err
	}
	for a.more() {
		row, err := a.value()
		if err != nil {
			return nil, err
		}
		c.rows = append(c.rows, row)
	}
	w := c.state.list.Window
	c.more = len(c.rows) > w.Size
	c.rows = c.rows[:min(len(c.rows), w.Size)]
	if w.Backward {
		slices.Reverse(c.rows)
	}
	return c, a.closed()
}

func (a *answer) part(c *connection, part *field) error {
	switch part.kind {
	case typename:
		a.named(c.asked.Definition.Type.Name())
	case totalOf:
		a.out.Write(c.total)
	case rowsOf, edgesOf:
		return a.rows(c, part)
	case infoOf:
		return a.info(c, part)
	}
	return nil
}

// rows writes nodes or edges.
func (a *answer) rows(c *connection, part *field) error {
	a.out.WriteByte('[')
	for i, row := range c.rows {
		if i > 0 {
			a.out.WriteByte(',')
		}
		if err := a.each(c, part, row); err != nil {
			return err
		}
	}
	a.out.WriteByte(']')
	return nil
}

func (a *answer) each(c *connection, part *field, row []byte) error {
	outer := a.scanner
	a.scanner = scanner{text: row}
	defer func() { a.scanner = outer }()
	if part.kind == rowsOf {
		if c.bare() {
			return a.object(part.below)
		}
		return a.taken(c, part.below)
	}
	for i, p := range part.parts {
		a.key(i, p)
		a.at = 0
		switch p.kind {
		case typename:
			a.named(part.asked.Definition.Type.Name())
		case nodeOf:
			if err := a.taken(c, p.below); err != nil {
				return err
			}
		case cursorOf:
			if err := a.cursor(c, row); err != nil {
				return err
			}
		}
	}
	if len(part.parts) == 0 {
		a.out.WriteByte('{')
	}
	a.out.WriteByte('}')
	return nil
}

// taken writes what was taken of a row for one part of the connection.
func (a *answer) taken(c *connection, sel *selection) error {
	if err := a.open(); err != nil {
		return err
	}
	skip := 0
	if c.seals() {
		skip = 1 + len(c.state.list.Columns)
	}
	for _, other := range c.takes() {
		if other == sel {
			break
		}
		skip++
	}
	for range skip {
		if _, err := a.value(); err != nil {
			return err
		}
	}
	return a.object(sel)
}

// cursor writes the cursor of a row.
func (a *answer) cursor(c *connection, row []byte) error {
	s := scanner{text: row}
	if err := s.open(); err != nil {
		return err
	}
	raw, err := s.value()
	if err != nil {
		return err
	}
	id, err := uuid.ParseBytes(unquoted(raw))
	if err != nil {
		return err
	}
	held := make([]json.RawMessage, len(c.state.list.Columns))
	for i := range held {
		if held[i], err = s.value(); err != nil {
			return err
		}
	}
	sealed, err := c.state.list.Cursor(c.parent, held, id)
	if err != nil {
		return err
	}
	a.named(sealed)
	return nil
}

func (a *answer) info(c *connection, part *field) error {
	w := c.state.list.Window
	next, previous := c.more, w.Cursor != ""
	if w.Backward {
		next, previous = previous, next
	}
	for i, p := range part.parts {
		a.key(i, p)
		switch p.asked.Name {
		case "__typename":
			a.named("PageInfo")
		case "hasNextPage":
			a.flag(next)
		case "hasPreviousPage":
			a.flag(previous)
		default:
			if err := a.end(c, p.asked.Name == "startCursor"); err != nil {
				return err
			}
		}
	}
	if len(part.parts) == 0 {
		a.out.WriteByte('{')
	}
	a.out.WriteByte('}')
	return nil
}

func (a *answer) flag(b bool) {
	if b {
		a.out.WriteString("true")
	} else {
		a.out.WriteString("false")
	}
}

func (a *answer) end(c *connection, start bool) error {
	if len(c.rows) == 0 {
		a.out.WriteString(null)
		return nil
	}
	if start {
		return a.cursor(c, c.rows[0])
	}
	return a.cursor(c, c.rows[len(c.rows)-1])
}
