// Package walls tests each of the two walls between tenants, the guard in Go and row security in the database, with the
// other taken away.
package walls
