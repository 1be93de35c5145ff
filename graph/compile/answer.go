package compile

import (
	"bytes"
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"heyue/graph/masks"
	"heyue/platform/reading"
)

// answer writes what the statement gave in the form that gqlgen gives it.
type answer struct {
	*query
	ctx context.Context
	scanner
	unseal func(ctx context.Context, table, column string, row uuid.UUID, text string) (string, error)
	out    bytes.Buffer
}

// write gives the root field's value. Its error says that the resolvers must answer.
func (a *answer) write() error {
	root := a.plan.root
	switch a.plan.kind {
	case one:
		return a.object(root.below)
	case anyOf, manyOf:
		return a.byIDs(root)
	}
	return a.page(root)
}

// object writes an object, which must be there.
func (a *answer) object(sel *selection) error {
	if err := a.open(); err != nil {
		return err
	}
	for i, f := range sel.fields {
		a.key(i, f)
		if err := a.field(sel, f); err != nil {
			return err
		}
	}
	if len(sel.fields) == 0 {
		a.out.WriteByte('{')
	}
	a.out.WriteByte('}')
	return a.closed()
}

func (a *answer) key(i int, f *field) {
	if i == 0 {
		a.out.WriteByte('{')
	} else {
		a.out.WriteByte(',')
	}
	a.out.Write(f.name)
}

func (a *answer) field(sel *selection, f *field) error {
	st := &a.state[f.place]
	switch {
	case st.hidden:
		masks.Note(a.ctx, f.path)
		fallthrough
	case st.denied:
		return a.nothing(f)
	}
	switch f.kind {
	case typename:
		a.named(sel.object.object)
	case scalarOf:
		return a.scalar(f)
	case valueOf:
		return a.made(f, st)
	case one:
		if a.null() {
			return a.nothing(f)
		}
		return a.object(f.below)
	case many:
		return a.list(f.below)
	case pageOf:
		return a.page(f)
	}
	return nil
}

// nothing writes null, where that may be.
func (a *answer) nothing(f *field) error {
	if f.nonNull {
		return errShape
	}
	a.out.WriteString(null)
	return nil
}

func (a *answer) named(object string) {
	a.out.WriteByte('"')
	a.out.WriteString(object)
	a.out.WriteByte('"')
}

func (a *answer) scalar(f *field) error {
	w := &f.scalar.write
	if f.scalar.table != "" {
		return a.sealed(f)
	}
	if a.null() {
		if w.absent == "" && w.decoded != nil {
			return a.goValueAt(f.asked, reflect.Zero(w.decoded), f.path)
		}
		if w.absent == "" || w.absent == null && f.nonNull {
			return errShape
		}
		a.out.WriteString(w.absent)
		return nil
	}
	raw, err := a.value()
	if err != nil {
		return err
	}
	if w.decoded != nil {
		return a.decoded(f, w.decoded, raw)
	}
	return w.write(&a.out, raw)
}

// sealed writes a text that only the tenant's keys open.
func (a *answer) sealed(f *field) error {
	raw, err := a.value()
	if err != nil {
		return err
	}
	row, err := a.value()
	if err != nil {
		return err
	}
	id, err := uuid.ParseBytes(unquoted(row))
	if err != nil {
		return err
	}
	plain, err := a.unseal(a.ctx, f.scalar.table, f.scalar.name, id, reading.Text(raw))
	if err != nil {
		return err
	}
	graphql.MarshalString(plain).MarshalGQL(&a.out)
	return nil
}

// made writes what Go makes of columns.
func (a *answer) made(f *field, st *state) error {
	held := make([][]byte, len(f.value.Needs)+len(f.value.Exprs))
	for i := range held {
		var err error
		if held[i], err = a.value(); err != nil {
			return err
		}
	}
	v, err := st.make(held)
	if err != nil {
		return err
	}
	return a.goValue(f, v)
}

func (a *answer) list(sel *selection) error {
	if err := a.open(); err != nil {
		return err
	}
	a.out.WriteByte('[')
	for i := 0; a.more(); i++ {
		if i > 0 {
			a.out.WriteByte(',')
		}
		if err := a.object(sel); err != nil {
			return err
		}
	}
	a.out.WriteByte(']')
	return nil
}

// byIDs writes node and nodes: the objects come by type, and are wanted in the order of the ids.
func (a *answer) byIDs(root *field) error {
	found := map[uuid.UUID][]byte{}
	if err := a.open(); err != nil {
		return err
	}
	for a.more() {
		if err := a.open(); err != nil {
			return err
		}
		for a.more() {
			row, err := a.value()
			if err != nil {
				return err
			}
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
			found[id] = row[s.at:]
		}
	}
	return a.inOrder(root, found)
}

func (a *answer) inOrder(root *field, found map[uuid.UUID][]byte) error {
	if a.plan.kind == manyOf {
		a.out.WriteByte('[')
	}
	for i, id := range a.ids {
		if i > 0 {
			a.out.WriteByte(',')
		}
		row, ok := found[id.UUID]
		if !ok {
			a.out.WriteString(null)
			continue
		}
		a.scanner = scanner{text: row}
		if err := a.object(root.types[id.Prefix]); err != nil {
			return err
		}
	}
	if a.plan.kind == manyOf {
		a.out.WriteByte(']')
	}
	return nil
}
