package transport

import "cmp"

// Limits bounds the shape of one document. They are checked before validation, because validating a
// document costs up to the square of its size. A zero field means the default; no limit can be turned
// off, only raised. Counts are taken after fragments are expanded, as an execution would see them.
type Limits struct {
	// Bytes of document text. Default 65,536.
	Bytes int
	// Tokens of document text, comments included. Default 4,000.
	Tokens int
	// Operations in one document. Default 10.
	Operations int
	// Fragments defined in one document. Default 100.
	Fragments int
	// Depth of fields inside fields. Default 16, which the introspection query of graphql-js needs 15 of.
	Depth int
	// Nesting of selection sets of every kind, inline fragments and spreads included. Default 40.
	Nesting int
	// Fields in all operations together. Default 2,000.
	Fields int
	// Aliases in all operations together. Default 100.
	Aliases int
	// Repeats of one response key at one place of the response. Validation compares all pairs. Default 100.
	Repeats int
	// Spreads of named fragments in all operations together. Default 500.
	Spreads int
	// Directives in all operations together. Default 100.
	Directives int
	// MutationFields is how many fields a mutation may have at its root. Default 10.
	MutationFields int
	// Once names root fields of mutations that may appear once in an operation, whatever their alias:
	// attempts to sign in must not be multiplied by aliases.
	Once []string
}

func (l Limits) withDefaults() Limits {
	l.Bytes = cmp.Or(l.Bytes, 64<<10)
	l.Tokens = cmp.Or(l.Tokens, 4000)
	l.Operations = cmp.Or(l.Operations, 10)
	l.Fragments = cmp.Or(l.Fragments, 100)
	l.Depth = cmp.Or(l.Depth, 16)
	l.Nesting = cmp.Or(l.Nesting, 40)
	l.Fields = cmp.Or(l.Fields, 2000)
	l.Aliases = cmp.Or(l.Aliases, 100)
	l.Repeats = cmp.Or(l.Repeats, 100)
	l.Spreads = cmp.Or(l.Spreads, 500)
	l.Directives = cmp.Or(l.Directives, 100)
	l.MutationFields = cmp.Or(l.MutationFields, 10)
	return l
}
