package compile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/reading"
)

// plan is what one root field asks for, without the values of variables, the caller's reach and what is hidden from them. It is
// never changed once it is made, so that callers share it.
type plan struct {
	kind   kind
	root   *field
	fields int // how many fields there are, root and all: each has a place in a query's state
}

// kind is how a field is read.
type kind uint8

const (
	typename kind = iota
	scalarOf      // a column
	valueOf       // what Go makes of columns
	one           // another object
	many          // a list of objects
	pageOf        // a connection
	rowsOf        // nodes of a connection
	edgesOf       // edges of a connection
	totalOf       // totalCount of a connection
	infoOf        // pageInfo of a connection
	nodeOf        // an edge's node
	cursorOf      // an edge's cursor
	flagOf        // hasNextPage and hasPreviousPage
	ends          // startCursor and endCursor
	anyOf         // node: an object of any type
	manyOf        // nodes: objects of any type
)

// field is one field of an answer.
type field struct {
	kind    kind
	place   int
	name    []byte // "key":
	path    string // by response keys
	asked   graphql.CollectedField
	shows   []string // what a caller may be kept from
	nonNull bool

	scalar cell
	value  *reading.Value
	target target
	below  *selection            // of one object, or of the rows of a list
	parts  []*field              // of a connection, an edge, pageInfo
	types  map[string]*selection // by the type, of node and nodes
}

// selection is what is asked of the rows of one table.
type selection struct {
	object  *object
	fields  []*field
	columns []string // what it takes of the row
}

// refusal is why something is not compiled.
type refusal struct {
	reason string // a word for the metric
	what   string // the field, and what is missing
}

func (r *refusal) Error() string { return r.what + ": " + r.reason }

// Reasons, the labels of the metric.
const (
	reasonRoot     = "root"     // nobody has declared how the root field is read
	reasonField    = "field"    // a field is neither a column nor an edge nor a value that is declared
	reasonWide     = "wide"     // more columns of one object than one call of a function takes
	reasonArgument = "argument" // an argument that changes what is read
	reasonCursor   = "cursor"   // a cursor into the lists of several objects
	reasonDenied   = "denied"   // the caller may not: the resolvers say so
	reasonFault    = "fault"    // what was asked cannot be: the resolvers say why
	reasonAnswer   = "answer"   // what came back is not what the schema promises
)

// widest is how many values of one object are read at most; PostgreSQL's functions take 100 arguments.
const widest = 95

// planner makes plans.
type planner struct {
	catalogue *catalogue
	oc        *graphql.OperationContext
	places    int
}

// root plans a root field.
func (p *planner) root(asked graphql.CollectedField) (*plan, error) {
	f := p.field(asked, "")
	var err error
	made := &plan{root: f}
	switch o, listed := p.catalogue.ones[asked.Name], p.catalogue.pages[asked.Name]; {
	case asked.Name == "node" || asked.Name == "nodes":
		f.kind = map[string]kind{"node": anyOf, "nodes": manyOf}[asked.Name]
		err = p.anyType(f)
	case o != nil:
		f.kind = one
		f.target = target{edge: edge{asked.Name, o.object, "", "id"}}
		f.below, err = p.selection(o, asked.Selections, f.path)
	case listed != nil:
		f.target = target{edge: edge{field: asked.Name, target: listed.object}}
		err = p.page(f, listed)
	default:
		err = &refusal{reasonRoot, asked.Name}
	}
	made.kind, made.fields = f.kind, p.places
	return made, err
}

// object plans an object that was found otherwise: it is read again by its id.
func (p *planner) object(asked graphql.CollectedField, o *object, path string) (*plan, error) {
	f := p.field(asked, path)
	f.kind = one
	f.target = target{edge: edge{asked.Name, o.object, "", "id"}}
	var err error
	f.below, err = p.selection(o, asked.Selections, f.path)
	return &plan{kind: one, root: f, fields: p.places}, err
}

func (p *planner) field(asked graphql.CollectedField, path string) *field {
	f := &field{asked: asked, place: p.places, name: append(strconv.AppendQuote(nil, asked.Alias), ':'), path: asked.Alias}
	if path != "" {
		f.path = path + "." + asked.Alias
	}
	p.places++
	if asked.Definition != nil {
		f.nonNull = asked.Definition.Type.NonNull
		f.shows = shown(asked.Definition.Directives)
	}
	return f
}

// anyType plans node and nodes: what is asked of each type that the id may be of.
func (p *planner) anyType(f *field) error {
	f.types = map[string]*selection{}
	for prefix, o := range p.catalogue.ids {
		if !slices.Contains(o.satisfies, "Node") {
			continue
		}
		s, err := p.selection(o, f.asked.Selections, f.path)
		if err != nil {
			continue // an object of this type is left to the resolvers; others need not be
		}
		f.types[prefix] = s
	}
	return nil
}

func (p *planner) selection(o *object, set ast.SelectionSet, path string) (*selection, error) {
	s := &selection{object: o}
	slots := 0
	for _, asked := range graphql.CollectFields(p.oc, set, o.satisfies) {
		f := p.field(asked, path)
		n, err := p.resolve(s, f)
		if err != nil {
			return nil, err
		}
		s.fields = append(s.fields, f)
		slots += n
	}
	if slots > widest {
		return nil, &refusal{reasonWide, o.object}
	}
	slices.Sort(s.columns)
	s.columns = slices.Compact(s.columns)
	return s, nil
}

// resolve finds out how a field is read, and returns how many values it takes.
func (p *planner) resolve(s *selection, f *field) (int, error) {
	name := f.asked.Name
	if name == "__typename" {
		f.kind = typename
		return 0, nil
	}
	if c, ok := s.object.scalars[name]; ok {
		if c.write.decoded != nil && !p.plain(f.asked.Definition.Type, f.asked.Selections) {
			return 0, &refusal{reasonField, s.object.object + "." + name}
		}
		f.kind, f.scalar = scalarOf, c
		s.columns = append(s.columns, c.name)
		if c.table != "" {
			s.columns = append(s.columns, "id")
			return 2, nil
		}
		return 1, nil
	}
	if v, ok := s.object.values[name]; ok {
		if !p.plain(f.asked.Definition.Type, f.asked.Selections) {
			return 0, &refusal{reasonField, s.object.object + "." + name}
		}
		f.kind, f.value = valueOf, &v
		s.columns = append(s.columns, v.Needs...)
		return len(v.Needs) + len(v.Exprs), nil
	}
	to, ok := s.object.targets[name]
	if !ok {
		return 0, &refusal{reasonField, s.object.object + "." + name}
	}
	return 1, p.edge(s, f, to)
}

func (p *planner) edge(s *selection, f *field, to target) error {
	where := s.object.object + "." + f.asked.Name
	o := p.catalogue.objects[to.target]
	if o == nil || !s.object.declared || to.declared != nil && to.declared.Resolved {
		return &refusal{reasonField, where}
	}
	s.columns = append(s.columns, to.own)
	f.target = to
	var err error
	switch t := f.asked.Definition.Type; {
	case t.Elem != nil && to.declared != nil && to.declared.Order != nil:
		f.kind = many
		f.below, err = p.selection(o, f.asked.Selections, f.path)
	case t.Elem == nil && strings.HasSuffix(t.Name(), "Connection") && o.found != nil && o.found.List != nil:
		err = p.page(f, o)
	case t.Elem == nil && t.Name() == o.object && (o.found != nil || to.declared != nil && to.declared.Reach != nil):
		f.kind = one
		f.below, err = p.selection(o, f.asked.Selections, f.path)
	default:
		err = &refusal{reasonField, where}
	}
	return err
}

// page plans a connection of objects.
func (p *planner) page(f *field, o *object) error {
	f.kind = pageOf
	name := f.asked.Definition.Type.Name()
	for _, asked := range graphql.CollectFields(p.oc, f.asked.Selections, []string{name}) {
		part := p.field(asked, f.path)
		var err error
		switch asked.Name {
		case "__typename":
			part.kind = typename
		case "totalCount":
			part.kind = totalOf
		case "nodes":
			part.kind = rowsOf
			part.below, err = p.selection(o, asked.Selections, part.path)
		case "edges":
			part.kind = edgesOf
			part.parts, err = p.edgeParts(asked, o, part.path)
		case "pageInfo":
			part.kind = infoOf
			part.parts, err = p.infoParts(asked, part.path)
		default:
			err = &refusal{reasonField, name + "." + asked.Name}
		}
		if err != nil {
			return err
		}
		f.parts = append(f.parts, part)
	}
	return nil
}

func (p *planner) edgeParts(asked graphql.CollectedField, o *object, path string) (parts []*field, err error) {
	for _, asked := range graphql.CollectFields(p.oc, asked.Selections, []string{asked.Definition.Type.Name()}) {
		part := p.field(asked, path)
		switch asked.Name {
		case "__typename":
			part.kind = typename
		case "cursor":
			part.kind = cursorOf
		case "node":
			part.kind = nodeOf
			part.below, err = p.selection(o, asked.Selections, part.path)
		default:
			err = &refusal{reasonField, o.object + "Edge." + asked.Name}
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func (p *planner) infoParts(asked graphql.CollectedField, path string) (parts []*field, err error) {
	for _, asked := range graphql.CollectFields(p.oc, asked.Selections, []string{"PageInfo"}) {
		part := p.field(asked, path)
		switch asked.Name {
		case "__typename":
			part.kind = typename
		case "hasNextPage", "hasPreviousPage":
			part.kind = flagOf
		case "startCursor", "endCursor":
			part.kind = ends
		default:
			return nil, &refusal{reasonField, "PageInfo." + asked.Name}
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// shown names the fields that an element of the SDL shows.
func shown(directives ast.DirectiveList) []string {
	d := directives.ForName("shows")
	if d == nil {
		return nil
	}
	var out []string
	for _, c := range d.Arguments.ForName("fields").Value.Children {
		out = append(out, c.Value.Raw)
	}
	return out
}

// needsRows reports whether anything of a connection is about its rows, and needsMore whether anything tells if there are more.
func (f *field) needsRows() bool {
	return slices.ContainsFunc(f.parts, func(p *field) bool { return p.kind == rowsOf || p.kind == edgesOf || p.kind == infoOf })
}

func (f *field) needsMore() bool {
	return slices.ContainsFunc(f.parts, func(p *field) bool { return p.kind == infoOf })
}

// counts reports whether a connection's totalCount is asked for.
func (f *field) counts() bool {
	return slices.ContainsFunc(f.parts, func(p *field) bool { return p.kind == totalOf })
}

// seals reports whether any cursor of a connection is asked for.
func (f *field) seals() bool {
	return slices.ContainsFunc(f.parts, func(p *field) bool {
		return (p.kind == edgesOf || p.kind == infoOf) && slices.ContainsFunc(p.parts, func(q *field) bool { return q.kind == cursorOf || q.kind == ends })
	})
}

// bare reports whether a connection's rows are asked for once and as they are, so that they are written as they come.
func (f *field) bare() bool {
	rows := 0
	for _, p := range f.parts {
		switch p.kind {
		case rowsOf:
			rows++
		case edgesOf, infoOf:
			return false
		}
	}
	return rows == 1
}

// takes are the parts of a connection that are made of what is asked of each row.
func (f *field) takes() (rows []*selection) {
	for _, p := range f.parts {
		switch p.kind {
		case rowsOf:
			rows = append(rows, p.below)
		case edgesOf:
			for _, q := range p.parts {
				if q.kind == nodeOf {
					rows = append(rows, q.below)
				}
			}
		}
	}
	return rows
}
