package compile

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"heyue/graph/masks"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/platform/reading"
)

// query is a plan with everything that one request adds to it.
type query struct {
	catalogue *catalogue
	oc        *graphql.OperationContext
	plan      *plan
	tenant    int64
	state     []state // by the fields' places
	reached   map[string]reached
	ids       []publicid.Any
	aliases   int
}

// state is what a request says of one field.
type state struct {
	hidden bool // kept from the caller: null
	denied bool // leads to what the caller may not see: null
	where  reading.Where
	list   *listing.Statement
	seek   reading.Where
	make   func(held [][]byte) (any, error)
}

type reached struct {
	where  reading.Where
	denied bool
	err    error
}

// bind adds to a plan what the request says. args are the root field's, as gqlgen has read them.
func (q *query) bind(ctx context.Context, args map[string]any) error {
	root := q.plan.root
	switch q.plan.kind {
	case one:
		return q.lookup(ctx, root, args)
	case anyOf:
		id, _ := args["id"].(string)
		return q.anything(ctx, root, []string{id})
	case manyOf:
		ids, _ := args["ids"].([]string)
		return q.anything(ctx, root, ids)
	}
	for name, v := range args {
		if !isPaging(name) && !absent(v) {
			return &refusal{reasonArgument, root.path + "." + name}
		}
	}
	sort, _ := args["sort"].([]*listing.Sort)
	return q.paged(ctx, root, paging(args), args["filter"], sort, nil)
}

func (q *query) lookup(ctx context.Context, root *field, args map[string]any) error {
	o := root.below.object
	for name, v := range args {
		if name != "id" && !absent(v) {
			return &refusal{reasonArgument, root.path + "." + name}
		}
	}
	text, _ := args["id"].(string)
	id, err := publicid.ParseAny(text)
	if err != nil || id.Prefix != prefix(o.row) {
		return &refusal{reasonFault, root.path + ".id"}
	}
	q.ids = []publicid.Any{id}
	r := q.reach(ctx, o.object, o.found.Reach)
	if r.err != nil || r.denied {
		return &refusal{reasonDenied, root.path}
	}
	q.state[root.place].where = r.where
	return q.selection(ctx, root.below, &id.UUID)
}

// byID makes a query one for the object of this id.
func (q *query) byID(id uuid.UUID) { q.ids = []publicid.Any{{UUID: id}} }

// anything binds node and nodes.
func (q *query) anything(ctx context.Context, root *field, ids []string) error {
	for _, text := range ids {
		id, err := publicid.ParseAny(text)
		if err != nil {
			return &refusal{reasonFault, root.path}
		}
		s, o := root.types[id.Prefix], q.catalogue.ids[id.Prefix]
		if s == nil {
			return &refusal{reasonField, root.path}
		}
		if r := q.reach(ctx, o.object, o.found.Reach); r.err != nil {
			return &refusal{reasonFault, root.path}
		}
		q.ids = append(q.ids, id)
	}
	if len(q.ids) == 0 || len(q.ids) > maxIDs {
		return &refusal{reasonFault, root.path}
	}
	for prefix, s := range root.types {
		if !q.asks(prefix) {
			continue
		}
		var parent *uuid.UUID
		if q.plan.kind == anyOf {
			parent = &q.ids[0].UUID
		}
		if err := q.selection(ctx, s, parent); err != nil {
			return err
		}
	}
	return nil
}

// maxIDs is how many ids are looked up in one statement; the resolvers refuse more.
const maxIDs = 100

func (q *query) asks(prefix string) bool {
	for _, id := range q.ids {
		if id.Prefix == prefix {
			return true
		}
	}
	return false
}

// selection binds the fields of an object. Parent is the object's id where there is only one of them.
func (q *query) selection(ctx context.Context, s *selection, parent *uuid.UUID) error {
	for _, f := range s.fields {
		st := &q.state[f.place]
		if len(f.shows) > 0 && masks.Hidden(ctx, f.shows) {
			st.hidden = true
			continue
		}
		if err := q.field(ctx, f, st, parent); err != nil {
			return err
		}
	}
	return nil
}

func (q *query) field(ctx context.Context, f *field, st *state, parent *uuid.UUID) (err error) {
	switch f.kind {
	case valueOf:
		if st.make, err = f.value.Make(ctx); err != nil {
			return &refusal{reasonFault, f.path}
		}
	case one, many:
		return q.edge(ctx, f, st)
	case pageOf:
		args, filter, sort, err := q.arguments(ctx, f)
		if err != nil {
			return err
		}
		return q.paged(ctx, f, args, filter, sort, parent)
	}
	return nil
}

func (q *query) edge(ctx context.Context, f *field, st *state) error {
	reach, name := f.below.object.reach(), f.below.object.object
	if d := f.target.declared; d != nil && d.Reach != nil {
		reach, name = d.Reach, d.Type+"."+d.Field
	} else if f.kind == many {
		reach = nil
	}
	if reach != nil {
		r := q.reach(ctx, name, reach)
		if r.err != nil {
			return &refusal{reasonFault, f.path}
		}
		if st.denied = r.denied; r.denied {
			if f.kind == many || f.nonNull {
				return &refusal{reasonDenied, f.path}
			}
			return nil
		}
		st.where = r.where
	}
	return q.selection(ctx, f.below, nil)
}

func (o *object) reach() func(context.Context) (reading.Where, error) {
	if o.found == nil {
		return nil
	}
	return o.found.Reach
}

func (q *query) paged(ctx context.Context, f *field, args page.Args, filter any, sort []*listing.Sort, parent *uuid.UUID) error {
	st := &q.state[f.place]
	var err error
	if st.list, err = q.catalogue.objects[f.target.target].found.List.Statement(ctx, args, filter, sort); err != nil {
		return &refusal{reasonFault, f.path}
	}
	if nested := f.target.own != ""; nested && st.list.Window.Cursor != "" && parent == nil {
		return &refusal{reasonCursor, f.path}
	} else if !nested {
		parent = nil
	}
	if st.seek, err = st.list.Seek(parent); err != nil {
		return &refusal{reasonFault, f.path}
	}
	for _, rows := range f.takes() {
		if err := q.selection(ctx, rows, nil); err != nil {
			return err
		}
	}
	return nil
}

// reach asks once for what the caller may see of a type.
func (q *query) reach(ctx context.Context, name string, ask func(context.Context) (reading.Where, error)) reached {
	r, ok := q.reached[name]
	if !ok {
		r.where, r.err = ask(ctx)
		if fault.KindOf(r.err) == fault.Denied {
			r.denied, r.err = true, nil
		}
		q.reached[name] = r
	}
	return r
}

// arguments reads the arguments of a nested connection as gqlgen does.
func (q *query) arguments(ctx context.Context, f *field) (args page.Args, filter any, sort []*listing.Sort, err error) {
	raw := f.asked.ArgumentMap(q.oc.Variables)
	list := q.catalogue.objects[f.target.target].found.List
	bad := func(err error) error {
		if err == nil {
			return nil
		}
		return &refusal{reasonFault, f.path}
	}
	args, err = rawPaging(raw)
	if err != nil {
		return args, nil, nil, bad(err)
	}
	for name, v := range raw {
		if v == nil || isPaging(name) && name != "filter" && name != "sort" {
			continue
		}
		input := f.asked.Definition.Arguments.ForName(name).Type.Name()
		switch name {
		case "filter":
			into := list.Filter()
			err = errors.Join(err, graphql.UnmarshalNamedInputFromContext(ctx, input, v, into))
			filter = deref(into)
		case "sort":
			for _, key := range graphql.CoerceList(v) {
				s := new(listing.Sort)
				err = errors.Join(err, graphql.UnmarshalNamedInputFromContext(ctx, input, key, s))
				sort = append(sort, s)
			}
		default:
			return args, nil, nil, &refusal{reasonArgument, f.path + "." + name}
		}
	}
	return args, filter, sort, bad(err)
}
