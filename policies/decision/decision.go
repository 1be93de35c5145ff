// Package decision names what the log of decisions tells of. It is a leaf, so that the table, the policies and the API can
// share the words.
package decision

// Kind says why a decision is on record.
type Kind string

// Kinds of decisions that are put on record (A3).
const (
	Denied    Kind = "DENIED"     // somebody lacked a permission, or a field was kept from them
	AdminRead Kind = "ADMIN_READ" // somebody read what is about other users: the audit record, what they may do
)

// Values lists the kinds for the table's CHECK.
func (Kind) Values() []string { return []string{string(Denied), string(AdminRead)} }
