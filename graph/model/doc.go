// Package model holds the GraphQL types that no Go type of ours stands for: mutation payloads. It is generated.
package model
