// Package graph is the public API: schema, resolvers, and the one place that turns faults into GraphQL errors.
package graph

//go:generate sh -c "cd .. && go tool gqlgen generate"
//go:generate sh -c "cd .. && go run ./cmd/mkschema"
//go:generate sh -c "cd compile && go run ./gen"
