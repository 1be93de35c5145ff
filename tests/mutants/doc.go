// Package mutants takes the guards that are written in Go away, one at a time, and holds that the tests notice: a guard
// nobody tests is no guard. Each mutant is one file of the product with one text in it replaced, built beside the real one.
//
// make test tries the guards between tenants and the heart of the permissions; make mutants tries all.
package mutants
