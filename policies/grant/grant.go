// Package grant names what a permission is made of: an object, an action, how far it reaches and whether it
// gives or takes. It is a leaf, so that the tables and the policies can share the words.
package grant

// Scope says which rows of an object a grant reaches. Wider scopes contain narrower ones.
type Scope string

// Scopes from narrow to wide (tenancy.md 4.3). Their values are what the database and the API show.
const (
	Own        Scope = "OWN"        // rows whose owner is the caller
	Department Scope = "DEPARTMENT" // rows of the caller's department
	Subtree    Scope = "SUBTREE"    // rows of the caller's department and all below it
	Tenant     Scope = "TENANT"     // every row of the tenant
)

// Values lists the scopes for the table's CHECK.
func (Scope) Values() []string {
	return []string{string(Own), string(Department), string(Subtree), string(Tenant)}
}

// Rank orders scopes: a wider one has the higher rank; an unknown one has rank 0.
func (s Scope) Rank() int {
	switch s {
	case Own:
		return 1
	case Department:
		return 2
	case Subtree:
		return 3
	case Tenant:
		return 4
	}
	return 0
}

// Effect says whether a grant gives or takes. A denial wins over every allowance (A3).
type Effect string

// The two effects.
const (
	Allow Effect = "ALLOW"
	Deny  Effect = "DENY"
)

// Values lists the effects for the table's CHECK.
func (Effect) Values() []string { return []string{string(Allow), string(Deny)} }
