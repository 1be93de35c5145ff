// Package bound tells how gqlgen has bound the schema to Go.
package bound

import (
	"reflect"
	"strings"

	"heyue/graph/generated"
)

// Resolved reports whether a field of an object has a resolver of its own. One that has none is a field or a method of the Go type
// that the object is bound to.
func Resolved(object, field string) bool {
	method, ok := reflect.TypeFor[generated.ResolverRoot]().MethodByName(object)
	if !ok {
		return false
	}
	resolvers := method.Type.Out(0)
	for i := range resolvers.NumMethod() {
		if strings.EqualFold(resolvers.Method(i).Name, field) {
			return true
		}
	}
	return false
}
