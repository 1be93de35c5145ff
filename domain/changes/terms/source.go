package terms

import "heyue/platform/enum"

// Source says how a version of a contract came to be.
type Source string

// Where versions come from.
const (
	FromContract   Source = "CONTRACT"   // the first one: what was agreed
	FromOrder      Source = "CHANGE"     // an approved change order
	FromCorrection Source = "CORRECTION" // the contract was written anew without one: a mistake was mended, its term went on
)

// Sources returns all sources.
func Sources() []Source { return []Source{FromContract, FromOrder, FromCorrection} }

// Values returns all sources as text, for the entity schema.
func (Source) Values() []string { return enum.Texts(Sources()) }
