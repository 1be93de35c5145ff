// Package account names the states of a user account. It is a leaf shared by the table and package identity.
package account

// State of a user account.
type State string

// Only an active account can log in; a disabled one keeps its history (B6).
const (
	Active   State = "ACTIVE"
	Disabled State = "DISABLED"
)

// Values lists the states for the table's CHECK.
func (State) Values() []string { return []string{string(Active), string(Disabled)} }
