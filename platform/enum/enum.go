// Package enum is what the types of fixed words have in common, which are text with a list of all their values.
package enum

// Texts returns values as plain text in the same order, as the entity schema and error messages want them. It is empty,
// never nil, for no values.
func Texts[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}
