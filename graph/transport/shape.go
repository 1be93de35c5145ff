package transport

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// many is where counts stop growing. Twenty-six doubling fragments are 2^26 fields and thirty more would
// overflow; a saturated count is over every limit all the same.
const many = 1 << 30

// shape is what a selection set would grow to when its fragments are written out.
type shape struct {
	fields, aliases, spreads, directives int
	depth, nesting                       int
	introspects                          bool
}

func shapes() Fold[shape] {
	return Fold[shape]{Field: fieldShape, Spread: spreadShape, Inline: inlineShape, Join: joinShapes}
}

func fieldShape(field *ast.Field, below shape) shape {
	below.fields = min(many, below.fields+1)
	below.directives = min(many, below.directives+len(field.Directives))
	below.depth = min(many, below.depth+1)
	if len(field.SelectionSet) > 0 {
		below.nesting = min(many, below.nesting+1)
	}
	if field.Alias != field.Name {
		below.aliases = min(many, below.aliases+1)
	}
	if strings.HasPrefix(field.Name, "__") && field.Name != "__typename" {
		below.introspects = true
	}
	return below
}

func spreadShape(spread *ast.FragmentSpread, fragment shape) shape {
	fragment.spreads = min(many, fragment.spreads+1)
	fragment.directives = min(many, fragment.directives+len(spread.Directives))
	fragment.nesting = min(many, fragment.nesting+1)
	return fragment
}

func inlineShape(inline *ast.InlineFragment, below shape) shape {
	below.directives = min(many, below.directives+len(inline.Directives))
	below.nesting = min(many, below.nesting+1)
	return below
}

// joinShapes puts two selections side by side: counts add up, depths do not.
func joinShapes(a, b shape) shape {
	return shape{
		fields:      min(many, a.fields+b.fields),
		aliases:     min(many, a.aliases+b.aliases),
		spreads:     min(many, a.spreads+b.spreads),
		directives:  min(many, a.directives+b.directives),
		depth:       max(a.depth, b.depth),
		nesting:     max(a.nesting, b.nesting),
		introspects: a.introspects || b.introspects,
	}
}
