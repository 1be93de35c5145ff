// Package mask names what fields roles may be kept from: which fields of which objects there are to mask, and what a
// rule does to one. It is a leaf, so that the tables, the policies, the lists and the API can share the words. The
// decision record is docs/adr/0008-field-masks.md.
package mask

// Effect is what a rule does to a field for whoever has the role. Rules only take away: a field that no role of a user
// names is free, and one role is enough to hide it, whatever the others say (A3).
type Effect string

// The two effects. Their values are what the database and the API show.
const (
	Hide     Effect = "HIDE"      // neither read nor written
	ReadOnly Effect = "READ_ONLY" // read, and not written
)

// Values lists the effects for the table's CHECK.
func (Effect) Values() []string { return []string{string(Hide), string(ReadOnly)} }

// Rank orders effects: the stronger one has the higher rank; none has rank 0.
func (e Effect) Rank() int {
	switch e {
	case ReadOnly:
		return 1
	case Hide:
		return 2
	}
	return 0
}
