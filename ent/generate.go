// Package ent is generated from ent/schema: the only room that knows tables as Go types. Never edit it; change
// the schema and run make generate.
package ent

//go:generate go tool ent generate --feature intercept,sql/modifier,sql/lock,sql/upsert,sql/execquery ./schema
//go:generate go run ../tenancy/catalog/gen ..
