//go:build !unix

package pgtest

import "os"

// ours: elsewhere the temporary folder is the user's own.
func ours(os.FileInfo) bool { return true }
