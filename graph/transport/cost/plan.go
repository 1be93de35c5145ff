package cost

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Pages is how many rows a page has, when nothing is asked for and at most, as package page reads first and last.
type Pages struct{ Usual, Most int }

// Plan is one operation of a valid document with the values of its variables. It is for one goroutine at a time.
type Plan struct {
	kind      ast.Operation
	variables map[string]any
	pages     Pages
	root      *selected
	fragments map[*ast.FragmentDefinition]*selected
	merged    map[[2]*selected]*selected
	priced    map[*selected]Price
	visits    int // selections looked at: the work done
}

// Read prepares an operation. The work is within the size of the document, whatever its fragments grow to.
func Read(op *ast.OperationDefinition, variables map[string]any, p Pages) *Plan {
	l := &Plan{
		kind: op.Operation, variables: variables, pages: p,
		fragments: map[*ast.FragmentDefinition]*selected{},
		merged:    map[[2]*selected]*selected{},
		priced:    map[*selected]Price{},
	}
	root := l.read(op.SelectionSet)
	l.root = &selected{}
	for _, a := range root.fields {
		b := *a
		switch {
		case strings.HasPrefix(b.field.Name, "__"):
		case op.Operation == ast.Mutation:
			b.kind = mutation
		case op.Operation == ast.Subscription:
			b.kind = event
		}
		l.root.fields = append(l.root.fields, &b)
	}
	return l
}

// selected is a selection set as it will be executed: fragments in place, equal fields as one. Whoever holds it may
// not change it: a fragment is read once and shared by everything that spreads it, which is what keeps the work
// within the size of the text.
type selected struct {
	fields []*asked
	byKey  map[string]int // the first of each key in fields; nil while there are few
}

// asked is a field of a selection set. Fields of one response key that are not equal are of different types, of which an
// answer shows one; they follow each other.
type asked struct {
	key   string
	field *ast.Field
	kind  kind
	rows  int // of a connection or a list
	below *selected
}

type kind uint8

const (
	leaf       kind = iota
	object          // one, or a list of which nobody knows the length
	list            // of as many objects as ids are asked for
	connection      // a page
	nodes           // its rows
	edges           // its rows with their cursors
	count           // its totalCount
	info            // its pageInfo
	mutation
	event
)

// Visits is how many selections have been looked at: the work done, for tests and metrics.
func (l *Plan) Visits() int { return l.visits }

// read brings a selection set into its executed form.
func (l *Plan) read(set ast.SelectionSet) *selected {
	if len(set) == 0 {
		return nil
	}
	s := &selected{}
	l.collect(s, set)
	return s
}

func (l *Plan) collect(into *selected, set ast.SelectionSet) {
	for _, selection := range set {
		l.visits++
		switch s := selection.(type) {
		case *ast.Field:
			if l.wanted(s.Directives) {
				l.add(into, l.ask(s))
			}
		case *ast.InlineFragment:
			if l.wanted(s.Directives) {
				l.collect(into, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if l.wanted(s.Directives) {
				l.addAll(into, l.fragment(s.Definition))
			}
		}
	}
}

// wanted tells whether @skip and @include leave a selection in.
func (l *Plan) wanted(directives ast.DirectiveList) bool {
	for _, d := range directives {
		condition := d.Arguments.ForName("if")
		if condition == nil || d.Name != "skip" && d.Name != "include" {
			continue
		}
		value, err := condition.Value.Value(l.variables)
		if yes, ok := value.(bool); err == nil && ok && yes == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func (l *Plan) fragment(def *ast.FragmentDefinition) *selected {
	s, ok := l.fragments[def]
	if !ok && def != nil {
		s = &selected{}
		l.collect(s, def.SelectionSet)
		l.fragments[def] = s
	}
	return s
}

func (l *Plan) ask(f *ast.Field) *asked {
	a := &asked{key: f.Alias, field: f, below: l.read(f.SelectionSet)}
	parent := ""
	if f.ObjectDefinition != nil {
		parent = f.ObjectDefinition.Name
	}
	page := strings.HasSuffix(parent, "Connection")
	switch {
	case page && f.Name == "totalCount":
		a.kind = count
	case a.below == nil || f.Definition == nil:
		a.kind = leaf
	case page && f.Name == "nodes":
		a.kind = nodes
	case page && f.Name == "edges":
		a.kind = edges
	case page && f.Name == "pageInfo":
		a.kind = info
	case strings.HasSuffix(f.Definition.Type.Name(), "Connection"):
		a.kind, a.rows = connection, l.rows(f)
	default:
		a.kind = object
		if n, ok := l.ids(f); ok {
			a.kind, a.rows = list, n
		}
	}
	return a
}

// rows is the size of the page that a field asks for. What is out of bounds is refused by the field itself, so it has
// no price of its own.
func (l *Plan) rows(f *ast.Field) int {
	for _, name := range []string{"first", "last"} {
		if n, ok := number(l.argument(f, name)); ok {
			return min(max(n, 0), l.pages.Most)
		}
	}
	return l.pages.Usual
}

// ids is how many objects a list by ids has.
func (l *Plan) ids(f *ast.Field) (int, bool) {
	if f.Definition.Type.Elem == nil {
		return 0, false
	}
	values, ok := l.argument(f, "ids").([]any)
	return len(values), ok
}

// argument is the value that a field's argument has, its default where it has none; nil for null.
func (l *Plan) argument(f *ast.Field, name string) any {
	value := (*ast.Value)(nil)
	if given := f.Arguments.ForName(name); given != nil {
		value = given.Value
	}
	if value == nil || value.Kind == ast.Variable && !l.has(value.Raw) {
		if declared := f.Definition.Arguments.ForName(name); declared != nil {
			value = declared.DefaultValue
		}
	}
	if value == nil {
		return nil
	}
	v, err := value.Value(l.variables)
	if err != nil {
		return nil // a variable of a wrong type has been refused before
	}
	return v
}

func (l *Plan) has(variable string) bool {
	_, ok := l.variables[variable]
	return ok
}

func number(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int32:
		return int(n), true
	case int64:
		return int(min(max(n, math.MinInt32), math.MaxInt32)), true
	case float64:
		return int(min(max(n, math.MinInt32), math.MaxInt32)), true
	case json.Number:
		whole, err := n.Int64()
		return int(min(max(whole, math.MinInt32), math.MaxInt32)), err == nil
	}
	return 0, false
}

// few is the number of fields up to which looking through them is quicker than an index.
const few = 12

func (s *selected) first(key string) int {
	if s.byKey != nil {
		if i, ok := s.byKey[key]; ok {
			return i
		}
		return -1
	}
	for i, a := range s.fields {
		if a.key == key {
			return i
		}
	}
	return -1
}

func (l *Plan) addAll(into, from *selected) {
	if from == nil {
		return
	}
	for _, a := range from.fields {
		l.visits++
		l.add(into, a)
	}
}

// add puts a field among the others, or into the one that it is equal to.
func (l *Plan) add(into *selected, a *asked) {
	i := into.first(a.key)
	if i < 0 {
		into.append(a)
		return
	}
	for ; i < len(into.fields) && into.fields[i].key == a.key; i++ {
		b := into.fields[i]
		if b == a || b.below == a.below && same(b.field, a.field) {
			return
		}
		if same(b.field, a.field) {
			c := *b
			c.below = l.merge(b.below, a.below)
			into.fields[i] = &c
			return
		}
	}
	into.insert(i, a)
}

func (s *selected) append(a *asked) {
	if s.byKey == nil && len(s.fields) >= few {
		s.index()
	}
	if _, known := s.byKey[a.key]; s.byKey != nil && !known {
		s.byKey[a.key] = len(s.fields)
	}
	s.fields = append(s.fields, a)
}

func (s *selected) insert(i int, a *asked) {
	s.fields = append(s.fields, nil)
	copy(s.fields[i+1:], s.fields[i:])
	s.fields[i] = a
	if s.byKey != nil {
		s.index()
	}
}

func (s *selected) index() {
	s.byKey = make(map[string]int, 2*len(s.fields))
	for i := len(s.fields) - 1; i >= 0; i-- {
		s.byKey[s.fields[i].key] = i
	}
}

// same tells whether two fields of one key are one field: a valid document then gives them the same arguments, unless
// they stand in different types.
func same(a, b *ast.Field) bool {
	if a == b {
		return true
	}
	if a.Name != b.Name || len(a.Arguments) != len(b.Arguments) {
		return false
	}
	for _, x := range a.Arguments {
		y := b.Arguments.ForName(x.Name)
		if y == nil || x.Value.String() != y.Value.String() {
			return false
		}
	}
	return true
}

// merge joins what two equal fields select. A pair is joined once, however many fragments lead to it.
func (l *Plan) merge(a, b *selected) *selected {
	if a == b || b == nil {
		return a
	}
	if a == nil {
		return b
	}
	pair := [2]*selected{a, b}
	if done, ok := l.merged[pair]; ok {
		return done
	}
	c := &selected{}
	l.addAll(c, a)
	l.addAll(c, b)
	l.merged[pair] = c
	return c
}
