//go:build race

package archtest

// buildFlags make the type checker read what the tests were built from, instead of building everything once more without the
// race detector.
func buildFlags() []string { return []string{"-race"} }
