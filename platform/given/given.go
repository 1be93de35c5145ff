// Package given is for inputs whose values may be left out: nil means that the value stays as it is.
package given

import "strings"

// Set hands a value that was given to setter.
func Set[T any](v *T, setter func(T)) {
	if v != nil {
		setter(*v)
	}
}

// Text is Set without the white space that people type around a value.
func Text(v *string, setter func(string)) {
	if v != nil {
		setter(strings.TrimSpace(*v))
	}
}

// Or is the first value that was given; the zero value for none.
func Or[T any](values ...*T) T {
	for _, v := range values {
		if v != nil {
			return *v
		}
	}
	var zero T
	return zero
}

// Trimmed is a text without the white space around it; "" when it was left out.
func Trimmed(v *string) string { return strings.TrimSpace(Or(v)) }
