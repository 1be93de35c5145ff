package transport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Fold says how to compute something about a selection set from its parts: its shape, its cost. Every
// part's value must depend on that part alone, not on where it stands, because a fragment is computed
// once and reused wherever it is spread. Nil functions pass the value below through.
type Fold[T any] struct {
	// Field gives a field's value from that of its selection set (the zero T when it has none).
	Field func(field *ast.Field, below T) T
	// Spread gives a spread's value from that of the fragment (the zero T when there is no such fragment).
	Spread func(spread *ast.FragmentSpread, fragment T) T
	// Inline gives an inline fragment's value from that of its selection set.
	Inline func(inline *ast.InlineFragment, below T) T
	// Join adds the value of one selection to that of those before it; it begins with the zero T.
	Join func(sum, next T) T
}

// Expansion computes a [Fold] over one document, looking at each selection written in it once, however
// often fragments repeat it. It is not safe for concurrent use.
type Expansion[T any] struct {
	fold      Fold[T]
	fragments map[string]*ast.FragmentDefinition
	done      map[*ast.FragmentDefinition]T
	open      []*ast.FragmentDefinition
	visits    int
}

// CycleError says that a fragment spreads itself, perhaps by way of others.
type CycleError struct {
	// Fragments on the cycle, in the order they are entered.
	Fragments []string
	// At is the spread that closes the cycle.
	At *ast.Position
}

// Error names the cycle as graphql-js does.
func (e *CycleError) Error() string {
	if len(e.Fragments) == 1 {
		return fmt.Sprintf("Cannot spread fragment %q within itself.", e.Fragments[0])
	}
	return fmt.Sprintf("Cannot spread fragment %q within itself via %q.",
		e.Fragments[0], strings.Join(e.Fragments[1:], `", "`))
}

// Expand prepares a fold over doc, which need not be valid: unknown fragments count as empty, and of two
// fragments with one name the first counts, as in validation.
func Expand[T any](doc *ast.QueryDocument, fold Fold[T]) *Expansion[T] {
	x := &Expansion[T]{
		fold:      fold,
		fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)),
		done:      make(map[*ast.FragmentDefinition]T, len(doc.Fragments)),
	}
	for _, f := range doc.Fragments {
		if _, ok := x.fragments[f.Name]; !ok {
			x.fragments[f.Name] = f
		}
	}
	return x
}

// Set returns the value of a selection set of the document, or a [*CycleError].
func (x *Expansion[T]) Set(set ast.SelectionSet) (T, error) {
	var sum T
	for _, selection := range set {
		next, err := x.selection(selection)
		if err != nil {
			return sum, err
		}
		sum = x.fold.Join(sum, next)
	}
	return sum, nil
}

// Visits is how many selections have been looked at: the work done, for tests and metrics.
func (x *Expansion[T]) Visits() int { return x.visits }

func (x *Expansion[T]) selection(selection ast.Selection) (T, error) {
	x.visits++
	var below T
	var err error
	switch s := selection.(type) {
	case *ast.Field:
		if below, err = x.Set(s.SelectionSet); err == nil && x.fold.Field != nil {
			below = x.fold.Field(s, below)
		}
	case *ast.InlineFragment:
		if below, err = x.Set(s.SelectionSet); err == nil && x.fold.Inline != nil {
			below = x.fold.Inline(s, below)
		}
	case *ast.FragmentSpread:
		if below, err = x.spread(s); err == nil && x.fold.Spread != nil {
			below = x.fold.Spread(s, below)
		}
	}
	return below, err
}

func (x *Expansion[T]) spread(spread *ast.FragmentSpread) (T, error) {
	var none T
	def := x.fragments[spread.Name]
	if def == nil {
		return none, nil
	}
	if at := slices.Index(x.open, def); at >= 0 {
		names := make([]string, 0, len(x.open)-at)
		for _, f := range x.open[at:] {
			names = append(names, f.Name)
		}
		return none, &CycleError{Fragments: names, At: spread.Position}
	}
	return x.Fragment(def)
}

// Fragment returns the value of a fragment of the document, computed at most once, or a [*CycleError].
func (x *Expansion[T]) Fragment(def *ast.FragmentDefinition) (T, error) {
	if value, ok := x.done[def]; ok {
		return value, nil
	}
	x.open = append(x.open, def)
	value, err := x.Set(def.SelectionSet)
	x.open = x.open[:len(x.open)-1]
	if err == nil {
		x.done[def] = value
	}
	return value, err
}
