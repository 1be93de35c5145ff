//go:build !race

package archtest

// buildFlags: none, since the tests were built without any.
func buildFlags() []string { return nil }
