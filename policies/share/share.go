// Package share names what sharing a record means. It is a leaf, so that the table and the policies can share the words.
package share

// Level is what somebody may do with a record that is shared with them.
type Level string

// Levels. A share never gives a permission, it only lets one that the user holds reach the record (A3): READ those that
// read, WRITE also those that change it.
const (
	Read  Level = "READ"
	Write Level = "WRITE"
)

// Values lists the levels for the table's CHECK.
func (Level) Values() []string { return []string{string(Read), string(Write)} }
