// Package data holds the open contracting data that the demo tenants are filled with, embedded in the binary.
// ocds/README.md says whose it is.
package data

import (
	"embed"
	"io/fs"
)

//go:embed ocds/*.jsonl
var files embed.FS

// OCDS returns the files, one publisher each: colombia-compra.jsonl (services; many documents) and
// jalisco.jsonl (goods; many lines, and payments).
func OCDS() fs.FS {
	sub, err := fs.Sub(files, "ocds")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return sub
}
