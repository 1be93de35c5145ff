// Package probe is a small GraphQL schema with one of everything the transports must carry: a tree of any
// depth, failures of each kind, a counter, streams that end, fail or go on. Tests of the transports and
// the conformance suites run against it; no binary links it.
package probe

//go:generate go tool gqlgen generate
